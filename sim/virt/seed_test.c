/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/seed.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>

#include "virt/testing.h"

/* Reads the image back: {NAME: text}. */
static json_t *read_iso(const char *path)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	json_t *files = json_object();

	archive_read_support_format_iso9660(a);
	if (archive_read_open_filename(a, path, 10240) == ARCHIVE_OK)
		while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
			char buf[8192];
			la_ssize_t n;

			if (archive_entry_filetype(entry) != AE_IFREG)
				continue;
			n = archive_read_data(a, buf, sizeof(buf));
			json_object_set_new(files, archive_entry_pathname(entry),
					    n < 0 ? json_null() : json_stringn(buf, (size_t)n));
		}
	archive_read_free(a);
	return files;
}

static void test_iso(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *path = xasprintf("%s/seed.iso", dir);
	_cleanup_free_ char *tmp = xasprintf("%s.tmp", path);
	_cleanup_json_ json_t *files =
		json_pack("{s:s, s:s, s:s}", "meta-data", "{\"instance-id\":\"v.n\"}", "user-data",
			  "#cloud-config\n", "network-config", "");
	_cleanup_json_ json_t *back = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_close_ int fd = -1;
	char volume[33] = "";

	/* an older, longer file in the way is replaced */
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_EQUAL(ftruncate(fd, 1 << 22), 0);
	close_fd(TAKE_FD(fd));
	TEST_ROW(seed_write(path, "cidata", files, &e) == 0, "write", "%s", err_msg(&e));
	back = read_iso(path);
	CU_ASSERT(json_equal(back, files));
	/* ECMA-119 §8.4: the primary descriptor is sector 16, the volume identifier at byte 40 */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(pread(fd, volume, 32, 16 * 2048 + 40), 32);
	CU_ASSERT(str_after(volume, "cidata ") || str_after(volume, "CIDATA "));
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END) % 2048, 0);
	CU_ASSERT(access(tmp, F_OK) < 0);
}

static void test_iso_refused(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *path = xasprintf("%s/seed.iso", dir);
	_cleanup_json_ json_t *bad = json_pack("{s:i}", "meta-data", 1), *good = json_object();
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_EQUAL(seed_write(path, "cidata", bad, &e), -EINVAL);
	CU_ASSERT(access(path, F_OK) < 0);
	CU_ASSERT_EQUAL(seed_write("/nonexistent/seed.iso", "cidata", good, NULL), -ENOENT);
}

/* ---- disk files ---- */

static void make_file(const char *path, const void *data, size_t len, off_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_EQUAL(write(fd, data, len), (ssize_t)len);
	CU_ASSERT_EQUAL(ftruncate(fd, size), 0);
}

static uint64_t be(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* Fields of the header by the offsets of docs/interop/qcow2.txt. */
static void check_overlay(const char *path, const char *backing, uint64_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char h[512] = {0}, t[16] = {0};

	CU_ASSERT_EQUAL(pread(fd, h, sizeof(h), 0), sizeof(h));
	CU_ASSERT_EQUAL(be(h, 4), 0x514649fb);
	CU_ASSERT_EQUAL(be(h + 4, 4), 3);
	CU_ASSERT_EQUAL(be(h + 16, 4), strlen(backing));
	CU_ASSERT_EQUAL(memcmp(h + be(h + 8, 8), backing, strlen(backing)), 0);
	CU_ASSERT_EQUAL(be(h + 24, 8), size);
	CU_ASSERT_EQUAL(be(h + 100, 4), 104);
	CU_ASSERT_EQUAL(be(h + 104, 4), 0xe2792aca);
	CU_ASSERT_EQUAL(be(h + 36, 4), (size + (1ull << 29) - 1) >> 29); /* L1 entries */
	/* refcount table -> block -> one for each of the four clusters */
	CU_ASSERT_EQUAL(pread(fd, t, 8, (off_t)be(h + 48, 8)), 8);
	CU_ASSERT_EQUAL(pread(fd, t, 10, (off_t)be(t, 8)), 10);
	CU_ASSERT_EQUAL(be(t, 8), 0x0001000100010001);
	CU_ASSERT_EQUAL(be(t + 8, 2), 0);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), 4 << 16);
}

static void test_overlay(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *raw = xasprintf("%s/base.raw", dir), *top = xasprintf("%s/a", dir);
	_cleanup_free_ char *next = xasprintf("%s/b", dir);
	_cleanup_json_ json_t *a = json_pack("{s:s, s:s, s:s, s:s}", "path", top, "kind", "overlay",
					     "backing", raw, "format", "raw");
	_cleanup_json_ json_t *b = json_pack("{s:s, s:s, s:s, s:s}", "path", next, "kind",
					     "overlay", "backing", top, "format", "qcow2");
	_cleanup_err_ struct err e = ERR_INIT;

	make_file(raw, "x", 1, (3ll << 30) + 1);
	TEST_ROW(disk_create(a, &e) == 0, "raw", "%s", err_msg(&e));
	check_overlay(top, raw, (3ull << 30) + 512);
	TEST_ROW(disk_create(b, &e) == 0, "qcow2", "%s", err_msg(&e));
	check_overlay(next, top, (3ull << 30) + 512);
}

static void test_raw(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *path = xasprintf("%s/r", dir);
	_cleanup_json_ json_t *f = json_pack("{s:s, s:s, s:I}", "path", path, "kind", "raw", "size",
					     (json_int_t)1 << 32);
	struct stat st;

	CU_ASSERT_EQUAL(disk_create(f, NULL), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 1ll << 32);
	CU_ASSERT_EQUAL(st.st_blocks, 0);
}

static void test_disk_refused(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *path = xasprintf("%s/r", dir), *junk = xasprintf("%s/junk", dir);
	const struct {
		const char *name;
		json_t *file;
		int want;
	} rows[] = {
		{"no kind", json_pack("{s:s}", "path", path), -EINVAL},
		{"no size", json_pack("{s:s, s:s}", "path", path, "kind", "raw"), -EINVAL},
		{"no backing",
		 json_pack("{s:s, s:s, s:s}", "path", path, "kind", "overlay", "backing", "/none"),
		 -ENOENT},
		{"not qcow2",
		 json_pack("{s:s, s:s, s:s}", "path", path, "kind", "overlay", "backing", junk),
		 -EINVAL},
		{"format",
		 json_pack("{s:s, s:s, s:s, s:s}", "path", path, "kind", "overlay", "backing", junk,
			   "format", "vmdk"),
		 -EINVAL},
	};

	make_file(junk, "MZ", 2, 1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = disk_create(rows[i].file, NULL);

		TEST_ROW(r == rows[i].want && access(path, F_OK) < 0, rows[i].name, "got %d", r);
		json_decref(rows[i].file);
	}
}

TEST_SUITE(virt_seed, {"iso", test_iso}, {"iso_refused", test_iso_refused},
	   {"overlay", test_overlay}, {"raw", test_raw}, {"disk_refused", test_disk_refused})
