/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/cloudinit.h"

#include <errno.h>

#include "kubevirt/testing.h"

static const char secrets[] =
	"{\"keys\":{\"metadata\":{\"name\":\"keys\"},\"data\":{\"k1\":\"c3NoLWVkMjU1MTkgQUFBCg==\","
	"\"k2\":\"c3NoLXJzYSBCQkI=\"}},"
	"\"ci\":{\"metadata\":{\"name\":\"ci\"},\"data\":{\"userdata\":\"I2Nsb3VkLWNvbmZpZw==\","
	"\"networkData\":\"dmVyc2lvbjogMg==\"}},"
	"\"plain\":{\"metadata\":{\"name\":\"plain\"},\"stringData\":{\"userData\":\"u\"}},"
	"\"bad\":{\"metadata\":{\"name\":\"bad\"},\"data\":{\"userData\":\"!\"}},"
	"\"binary\":{\"metadata\":{\"name\":\"binary\"},\"data\":{\"userData\":\"/wA=\"}}}";

static const json_t *find(void *arg, const char *ns, const char *name)
{
	return streq(ns, "n") ? json_object_get(arg, name) : NULL;
}

#define META "\"meta-data\":\"{\\\"instance-id\\\":\\\"v.n\\\",\\\"local-hostname\\\":\\\"v\\\"}\""

static void test_seed(void)
{
	_cleanup_json_ json_t *store = parse(secrets);
	static const struct {
		const char *ci, *want; /* text of the files, or the error */
	} rows[] = {
		{"{\"userData\":\"#cloud-config\"}", "{" META ",\"user-data\":\"#cloud-config\"}"},
		{"{\"userDataBase64\":\"dQ==\",\"networkData\":\"version: 2\\n\"}",
		 "{" META ",\"network-config\":\"version: 2\\n\",\"user-data\":\"u\"}"},
		{"{\"networkDataBase64\":\"bg==\"}",
		 "{" META ",\"network-config\":\"n\",\"user-data\":\"\"}"},
		{"{\"secretRef\":{\"name\":\"ci\"},\"networkDataSecretRef\":{\"name\":\"ci\"}}",
		 "{" META ",\"network-config\":\"version: 2\",\"user-data\":\"#cloud-config\"}"},
		{"{\"secretRef\":{\"name\":\"plain\"}}", "{" META ",\"user-data\":\"u\"}"},
		{"{\"secretRef\":{\"name\":\"none\"}}", "secret n/none does not exist"},
		{"{\"secretRef\":{\"name\":\"keys\"}}", "secret n/keys has no key userData"},
		{"{\"secretRef\":{\"name\":\"bad\"}}", "secret bad: data.userData is not base64"},
		{"{\"secretRef\":{\"name\":\"binary\"}}", "cloud-init user-data is not UTF-8 text"},
		{"{\"userDataBase64\":\"*\"}", "userDataBase64 is not base64"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vmi =
			parse("{\"metadata\":{\"name\":\"v\",\"namespace\":\"n\"}}");
		_cleanup_json_ json_t *files = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_free_ char *got = NULL;
		int r;

		jset(vmi, "spec.volumes",
		     json_pack("[{s:s, s:o}]", "name", "c",
			       i % 2 ? "cloudInitNoCloud" : "cloudInitConfigDrive",
			       parse(rows[i].ci)));
		r = kubevirt_seed(vmi, find, store, &files, &e);
		got = r < 0 ? xstrdup(err_msg(&e)) : jtext(files);
		TEST_ROW(streq(got, rows[i].want), rows[i].ci, "got %s", got);
	}
}

static void test_no_seed(void)
{
	_cleanup_json_ json_t *vmi = parse("{\"spec\":{\"volumes\":[{\"name\":\"a\"}]}}");
	json_t *files = vmi; /* must be overwritten */

	CU_ASSERT_EQUAL(kubevirt_seed(vmi, NULL, NULL, &files, NULL), 0);
	CU_ASSERT_PTR_NULL(files);
}

static void test_keys(void)
{
	_cleanup_json_ json_t *store = parse(secrets), *files = NULL, *meta = NULL;
	_cleanup_json_ json_t *vmi = parse(
		"{\"metadata\":{\"name\":\"v\",\"namespace\":\"n\"},\"spec\":{\"hostname\":\"h\","
		"\"volumes\":[{\"name\":\"c\",\"cloudInitNoCloud\":{\"userData\":\"u\"}}],"
		"\"accessCredentials\":[{\"sshPublicKey\":{\"source\":{\"secret\":{\"secretName\":"
		"\"keys\"}},\"propagationMethod\":{\"noCloud\":{}}}},{\"sshPublicKey\":{\"source\":"
		"{\"secret\":{\"secretName\":\"absent\"}},\"propagationMethod\":{"
		"\"qemuGuestAgent\":"
		"{\"users\":[\"a\"]}}}}]}}");
	const char *text;

	CU_ASSERT_EQUAL(kubevirt_seed(vmi, find, store, &files, NULL), 0);
	text = jstr(files, "meta-data", "{}");
	meta = parse(text);
	TEST_STR(jstr(meta, "local-hostname", NULL), "h");
	TEST_STR(jstr(meta, "public-keys.0", NULL), "ssh-ed25519 AAA");
	TEST_STR(jstr(meta, "public-keys.1", NULL), "ssh-rsa BBB");
	CU_ASSERT_EQUAL(json_object_size(jget(meta, "public-keys")), 2);
}

TEST_SUITE(kubevirt_cloudinit, {"seed", test_seed}, {"no_seed", test_no_seed}, {"keys", test_keys})
