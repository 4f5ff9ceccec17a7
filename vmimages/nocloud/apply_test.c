/* SPDX-License-Identifier: Apache-2.0 */
/* What the client does to a machine, against directories instead of the real one. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include <crypt.h>

#include "accounts.h"
#include "config.h"
#include "file.h"
#include "nic.h"
#include "seed.h"

#include "test/test.h"

static int remove_one(const char *path, const struct stat *st UNUSED, int type UNUSED,
		      struct FTW *f UNUSED)
{
	return remove(path);
}

static char *make_root(void)
{
	char *dir = xstrdup("/tmp/nocloud-test.XXXXXX");

	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	return dir;
}

static void remove_root(char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

static void put(const char *root, const char *path, const char *text)
{
	struct nc_file f = {.path = path, .data = text, .len = strlen(text), .mode = 0644};

	CU_ASSERT_EQUAL(nc_file_write(root, &f, NULL), 0);
}

static char *get(const char *root, const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path);
	_cleanup_close_ int fd = open(full, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return n < 0 ? NULL : xstrndup(text, (size_t)n);
}

static json_t *parse(const char *text)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	json_t *user = nc_user_parse(text, strlen(text), &d);

	CU_ASSERT_EQUAL(d.n, 0);
	return user;
}

static void check_shadow(const char *shadow, const char *name, const char *password)
{
	_cleanup_free_ char *prefix = xasprintf("%s:", name);
	const char *line = strstr(shadow, prefix);
	_cleanup_free_ char *hash = NULL;
	struct crypt_data data = {0};

	if (!TEST_ROW(line != NULL, name, "no line"))
		return;
	hash = xstrndup(line + strlen(prefix), strcspn(line + strlen(prefix), ":"));
	TEST_STR(crypt_r(password, hash, &data), hash);
}

static void test_accounts(void)
{
	char *root = make_root();
	_cleanup_json_ json_t *keys = json_pack("[s]", "key-of-meta-data"), *user = NULL;
	_cleanup_free_ char *passwd = NULL, *shadow = NULL, *ssh = NULL, *group = NULL;
	struct nc_report r;

	user = parse("#cloud-config\nuser: fedora\npassword: pw1\nssh_authorized_keys: [k1]\n"
		     "chpasswd: {list: [\"root:pw2\", \"nobody:x\"]}\n"
		     "users: [{name: u, plain_text_passwd: p3}, {name: v, lock_passwd: no, "
		     "passwd: '$1$a$b', gecos: 'a:b'}]\n");
	put(root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	put(root, "/etc/shadow", "root::0::::::\n");
	put(root, "/etc/group", "root:x:0:\n");
	nc_report_open(&r, NULL);
	nc_accounts_apply(root, user, keys, &r);
	passwd = get(root, "/etc/passwd");
	TEST_STR(passwd, "root:x:0:0:root:/root:/bin/sh\n"
			 "fedora:x:1000:1000::/home/fedora:/bin/sh\n"
			 "u:x:1001:1001::/home/u:/bin/sh\nv:x:1002:1002::/home/v:/bin/sh\n");
	group = get(root, "/etc/group");
	TEST_STR(group, "root:x:0:\nfedora:x:1000:\nu:x:1001:\nv:x:1002:\n");
	shadow = get(root, "/etc/shadow");
	check_shadow(shadow, "fedora", "pw1");
	check_shadow(shadow, "root", "pw2");
	CU_ASSERT_PTR_NOT_NULL(strstr(shadow, "u:!:0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(shadow, "v:$1$a$b:0"));
	ssh = get(root, "/home/fedora/.ssh/authorized_keys");
	TEST_STR(ssh, "key-of-meta-data\nk1\n");
	/* The unknown user alone is an error. */
	CU_ASSERT_EQUAL(json_array_size(json_object_get(r.root, "errors")), 1);
	json_decref(r.root);
	remove_root(root);
}

static void test_files(void)
{
	char *root = make_root();
	_cleanup_json_ json_t *user = parse("#cloud-config\nwrite_files:\n"
					    "- {path: /x/y/z, content: ab, permissions: '0640'}\n"
					    "- {path: /x/y/z, content: Yw==, encoding: b64, "
					    "append: true, permissions: '0640'}\n"
					    "- {path: /x/y, content: is a directory}\n"
					    "- {path: /w, content: kept}\n");
	_cleanup_free_ char *z = NULL, *w = NULL, *path = xasprintf("%s/x/y/z", root);
	struct nc_report r;
	struct stat st;

	nc_report_open(&r, NULL);
	nc_file_write_all(root, user, &r);
	z = get(root, "/x/y/z");
	w = get(root, "/w");
	TEST_STR(z, "abc");
	TEST_STR(w, "kept");
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(r.root, "errors")), 1);
	json_decref(r.root);
	remove_root(root);
}

static void nic(const char *root, const char *name, const char *index, const char *mac,
		const char *pci)
{
	_cleanup_free_ char *base = xasprintf("/net/%s", name), *link = NULL, *target = NULL;
	_cleanup_free_ char *a = xasprintf("%s/ifindex", base), *b = xasprintf("%s/address", base);
	_cleanup_free_ char *c = xasprintf("%s/type", base);
	_cleanup_free_ char *dir = xasprintf("%s/devices/%s/virtio%s", root, pci, index);

	put(root, a, index);
	put(root, b, mac);
	put(root, c, "1\n");
	nc_file_mkdirs(dir);
	link = xasprintf("%s%s/device", root, base);
	target = xasprintf("../../devices/%s/virtio%s", pci, index);
	CU_ASSERT_EQUAL(symlink(target, link), 0);
}

static void test_nics(void)
{
	static const struct {
		const char *row, *itf, *want;
	} rows[] = {
		{"name", "{\"name\":\"eth1\"}", "eth1"},
		{"predictable name", "{\"name\":\"enp2s0\"}", "eth1"},
		{"MAC", "{\"name\":\"x\",\"match\":{\"mac\":\"02:00:00:00:00:0A\"}}", "eth0"},
		{"glob", "{\"name\":\"x\",\"match\":{\"name\":\"enp2*\"}}", "eth1"},
		{"both must hold",
		 "{\"name\":\"x\",\"match\":{\"name\":\"eth1\",\"mac\":\"02:00:00:00:00:0a\"}}",
		 NULL},
		{"a match that says nothing", "{\"name\":\"eth0\",\"match\":{}}", NULL},
		{"none", "{\"name\":\"eth7\"}", NULL},
	};
	char *root = make_root();
	_cleanup_free_ char *net = xasprintf("%s/net", root);
	_cleanup_json_ json_t *nics = NULL;

	nic(root, "eth1", "3", "02:00:00:00:00:0b\n", "0000:02:00.0");
	nic(root, "eth0", "2", "02:00:00:00:00:0a\n", "0000:01:00.0");
	put(root, "/net/lo/type", "772\n");
	nics = nc_nics(net);
	CU_ASSERT_EQUAL(json_array_size(nics), 2);
	TEST_STR(jstr(nics, "0.name", NULL), "eth0");
	TEST_STR(jstr(nics, "0.path", NULL), "enp1s0");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *itf = jparse(rows[i].itf, strlen(rows[i].itf), NULL);
		const char *got = jstr(nc_nic_find(nics, itf), "name", NULL);

		TEST_ROW(streq0(got, rows[i].want), rows[i].row, "got %s", got ? got : "none");
	}
	remove_root(root);
}

static void test_path_names(void)
{
	static const struct {
		const char *pci, *want;
	} rows[] = {
		{"0000:01:00.0", "enp1s0"},   {"0000:0a:1f.2", "enp10s31f2"},
		{"0001:02:03.0", "enP1p2s3"}, {"virtio0", NULL},
		{"0000:01:00.0x", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = nc_nic_path_name(rows[i].pci);

		TEST_ROW(streq0(got, rows[i].want), rows[i].pci, "got %s", got ? got : "none");
	}
}

static void test_seed(void)
{
	_cleanup_free_ uint8_t *v = xcalloc(1, NC_SEED_PROBE_BYTES);

	TEST_STR(nc_seed_probe(v, NC_SEED_PROBE_BYTES), NULL);
	memcpy(v + 0x8000, "\1CD001", 6);
	memcpy(v + 0x8028, "cidata                          ", 32);
	TEST_STR(nc_seed_probe(v, NC_SEED_PROBE_BYTES), "iso9660");
	memcpy(v + 0x8028, "CIDATA", 6);
	TEST_STR(nc_seed_probe(v, NC_SEED_PROBE_BYTES), "iso9660");
	memcpy(v + 0x8028, "cidata2", 7);
	TEST_STR(nc_seed_probe(v, NC_SEED_PROBE_BYTES), NULL);
	v[0x8000] = 0;
	v[510] = 0x55;
	v[511] = 0xaa;
	v[0x26] = 0x29;
	memcpy(v + 0x2b, "CIDATA     FAT16   ", 19);
	TEST_STR(nc_seed_probe(v, 512), "vfat");
	TEST_STR(nc_seed_probe(v, 511), NULL);
	memcpy(v + 0x2b, "OTHER      ", 11);
	TEST_STR(nc_seed_probe(v, 512), NULL);
}

TEST_SUITE(nocloud_apply, {"accounts", test_accounts}, {"files", test_files}, {"NICs", test_nics},
	   {"path names", test_path_names}, {"seed label", test_seed})
