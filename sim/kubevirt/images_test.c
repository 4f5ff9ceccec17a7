/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/images.h"

#include "kubevirt/testing.h"

static const char file[] =
	"{\"images\":[{\"name\":\"tiny\",\"kernel\":\"tiny/vmlinuz\",\"initrd\":\"/abs/initrd\","
	"\"agent\":true,\"probe\":true},{\"name\":\"fedora\",\"disk\":\"fedora.qcow2\","
	"\"cloud_init\":false,\"probe\":\"upload\"}],\"references\":[{\"match\":\"*fedora*\","
	"\"image\":\"fedora\"},"
	"{\"match\":\"*tiny:*\",\"image\":\"tiny\"}],\"fallback\":\"tiny\"}";

static void test_choice(void)
{
	_cleanup_json_ json_t *root = parse(file);
	_cleanup_kubevirt_images_ struct kubevirt_images im = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	static const struct {
		const char *volumes, *disks, *image, *message; /* part of it, NULL: none */
	} rows[] = {
		{"[{\"name\":\"a\",\"containerDisk\":{\"image\":\"q.io/x/fedora:40\"}}]", "[]",
		 "fedora", NULL},
		{"[{\"name\":\"a\",\"containerDisk\":{\"image\":\"tiny:1\"}}]", "[]", "tiny", NULL},
		{"[{\"name\":\"a\",\"containerDisk\":{\"image\":\"tinyx\"}}]", "[]", "tiny",
		 "containerDisk tinyx is not mapped"},
		{"[{\"name\":\"a\",\"dataVolume\":{\"name\":\"x\"}}]", "[]", "tiny",
		 "volume a is no containerDisk"},
		{"[]", "[]", "tiny", "no disk to boot from"},
		{"[{\"name\":\"a\",\"containerDisk\":{\"image\":\"tiny:1\"}},"
		 "{\"name\":\"b\",\"containerDisk\":{\"image\":\"fedora\"}}]",
		 "[{\"name\":\"a\",\"bootOrder\":2},{\"name\":\"b\",\"bootOrder\":1}]", "fedora",
		 NULL},
		{"[{\"name\":\"a\",\"emptyDisk\":{}},{\"name\":\"b\",\"containerDisk\":{\"image\":"
		 "\"fedora\"}}]",
		 "[{\"name\":\"a\"},{\"name\":\"b\"}]", "fedora", NULL},
	};

	if (!TEST_ROW(kubevirt_images_parse(root, "/d", &im, &d) == 0, "parse", "refused"))
		return;
	TEST_STR(im.v[0].kernel, "/d/tiny/vmlinuz");
	TEST_STR(im.v[0].initrd, "/abs/initrd");
	CU_ASSERT(im.v[0].agent && im.v[0].probe && im.v[0].cloud_init && !im.v[1].cloud_init);
	CU_ASSERT(im.v[1].probe_upload && !im.v[1].probe && !im.v[0].probe_upload);
	TEST_STR(im.v[1].format, "qcow2");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vmi = json_object();
		_cleanup_free_ char *message = NULL;
		const struct kubevirt_image *got;

		jset(vmi, "spec.volumes", parse(rows[i].volumes));
		jset(vmi, "spec.domain.devices.disks", parse(rows[i].disks));
		got = kubevirt_image_for(&im, vmi, &message, NULL);
		TEST_ROW(got && streq(got->name, rows[i].image), rows[i].volumes, "got %s",
			 got ? got->name : "(none)");
		TEST_ROW(rows[i].message ? message && strstr(message, rows[i].message) : !message,
			 rows[i].volumes, "message %s", message ? message : "(none)");
	}
}

static void test_bad_files(void)
{
	static const char *const rows[][2] = {
		{"{}", "images"},
		{"{\"images\":[{\"kernel\":\"k\"}]}", "images.0"},
		{"{\"images\":[{\"name\":\"a\"}]}", "images.0"},
		{"{\"images\":[{\"name\":\"a\",\"disk\":\"d\",\"format\":\"vmdk\"}]}", "images.0"},
		{"{\"images\":[{\"name\":\"a\",\"disk\":\"d\"},{\"name\":\"a\",\"disk\":\"d\"}]}",
		 "images.1"},
		{"{\"images\":[],\"references\":[{\"match\":\"x\",\"image\":\"y\"}]}",
		 "references.0"},
		{"{\"images\":[],\"references\":[{\"match\":\"x\"}]}", "references.0"},
		{"{\"images\":[],\"fallback\":\"x\"}", "fallback"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *root = parse(rows[i][0]);
		_cleanup_kubevirt_images_ struct kubevirt_images im = {0};
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		TEST_ROW(kubevirt_images_parse(root, "/d", &im, &d) < 0 && d.n == 1 &&
				 streq0(d.v[0].path, rows[i][1]),
			 rows[i][0], "%zu findings, the first at %s", d.n, d.n ? d.v[0].path : "-");
	}
}

static void test_no_fallback(void)
{
	_cleanup_json_ json_t *root = parse("{\"images\":[]}"), *vmi = json_object();
	_cleanup_kubevirt_images_ struct kubevirt_images im = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *message = NULL;

	CU_ASSERT_EQUAL(kubevirt_images_parse(root, "/d", &im, &d), 0);
	CU_ASSERT_PTR_NULL(kubevirt_image_for(&im, vmi, &message, &e));
	CU_ASSERT(e.code != 0);
}

/* The file that is shipped. */
static void test_shipped(void)
{
	_cleanup_json_ json_t *root = load("vmimages/images.yaml");
	_cleanup_kubevirt_images_ struct kubevirt_images im = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	CU_ASSERT_EQUAL(kubevirt_images_parse(root, "/d", &im, &d), 0);
	CU_ASSERT_EQUAL(d.n, 0);
	CU_ASSERT(im.fallback < im.n);
}

TEST_SUITE(kubevirt_images, {"choice", test_choice}, {"bad_files", test_bad_files},
	   {"no_fallback", test_no_fallback}, {"shipped", test_shipped})
