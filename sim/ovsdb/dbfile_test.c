/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "ovsdb/dbfile.h"
#include "ovsdb/fake.h"

static char *slurp(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	struct buf b = BUF_INIT;
	char tmp[4096];
	size_t n;

	while (f && (n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_add(&b, tmp, n);
	return buf_take(&b);
}

/* The JSON of the n-th record, with its length checked. */
static json_t *record(const char *text, int n)
{
	size_t len;
	int used;

	for (;; n--, text += len) {
		if (sscanf(text, "OVSDB JSON %zu %*40[0-9a-f]\n%n", &len, &used) != 1)
			return NULL;
		text += used;
		if (strlen(text) < len || text[len - 1] != '\n')
			return NULL;
		if (n == 0)
			return jparse(text, len, NULL);
	}
}

static void test_write(void)
{
	char dir[] = "/tmp/ovnbed-db-XXXXXX";
	_cleanup_json_ json_t *schema = jload_file(FAKE_SCHEMA, NULL);
	_cleanup_json_ json_t *deviations = json_array(), *first = NULL, *second = NULL;
	_cleanup_json_ json_t *desired = fake_json(
		"[{'table':'Switch','key':'s','row':{'name':'s','nope':1,'external_ids':{'a':'b'},"
		"'ports':[{'$ref':'Port/p'}]}},{'table':'Port','key':'p','row':{'name':'p'}}]");
	_cleanup_free_ char *path = NULL, *text = NULL, *port = ovsdb_row_uuid("Port", "p");
	_cleanup_free_ char *sw = ovsdb_row_uuid("Switch", "s");
	_cleanup_err_ struct err e = ERR_INIT;
	struct stat st;

	if (!mkdtemp(dir)) {
		CU_FAIL("no directory");
		return;
	}
	path = xasprintf("%s/x.db", dir);
	CU_ASSERT_EQUAL(ovsdb_write_db(path, schema, desired, deviations, &e), 0);
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	text = slurp(path);
	first = record(text, 0);
	second = record(text, 1);
	CU_ASSERT(json_equal(first, schema));
	CU_ASSERT_PTR_NULL(record(text, 2));
	CU_ASSERT_PTR_NULL(json_object_get(second, "_date"));
	TEST_STR(jstr(json_object_get(json_object_get(second, "Port"), port), "name", NULL), "p");
	TEST_STR(jstr(json_object_get(json_object_get(second, "Switch"), sw), "ports.1.0.1", NULL),
		 port);
	TEST_STR(jstr(deviations, "0", NULL), "Switch.nope");
	/* over an existing file, and without rows: one record */
	CU_ASSERT_EQUAL(ovsdb_write_db(path, schema, NULL, NULL, &e), 0);
	free(text);
	text = slurp(path);
	CU_ASSERT_PTR_NULL(record(text, 1));
	unlink(path);
	rmdir(dir);
}

static void test_refusals(void)
{
	_cleanup_json_ json_t *schema = jload_file(FAKE_SCHEMA, NULL), *bad = json_object();
	_cleanup_json_ json_t *lone = fake_json("[{'table':'Port','key':'p','row':{}}]");
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_EQUAL(ovsdb_write_db("/nonexistent/x.db", schema, NULL, NULL, &e), -ENOENT);
	TEST_STR(err_msg(&e), "create /nonexistent/x.db.new: No such file or directory");
	CU_ASSERT_EQUAL(ovsdb_write_db("/nonexistent/x.db", bad, NULL, NULL, &e), -EINVAL);
	TEST_STR(err_msg(&e), "database /nonexistent/x.db: not a database schema");
	CU_ASSERT_EQUAL(ovsdb_write_db("/nonexistent/x.db", schema, lone, NULL, &e), -EINVAL);
	TEST_STR(err_msg(&e), "database /nonexistent/x.db: Port p: no row refers to it, so it "
			      "would vanish at once");
}

static void test_uuid(void)
{
	_cleanup_free_ char *a = ovsdb_row_uuid("Port", "p"), *b = ovsdb_row_uuid("Port", "q");

	TEST_STR(a, "b397372a-0314-54ee-9f62-72217e0452c7");
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
}

TEST_SUITE(ovsdb_dbfile, {"write", test_write}, {"refusals", test_refusals}, {"uuid", test_uuid})
