/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/guest.h"

#include <errno.h>

#include "test/test.h"

/* Takes the reference. */
static char *text_of(json_t *j)
{
	char *s = jtext(j);

	json_decref(j);
	return s;
}

static json_t *parse(const char *text)
{
	return jparse(text, strlen(text), NULL);
}

static void test_commands(void)
{
	const char *const argv[] = {"ip", "addr", NULL}, *const env[] = {"A=b", NULL};
	_cleanup_free_ char *ping = text_of(guest_cmd("guest-ping", NULL));
	_cleanup_free_ char *plain = text_of(guest_exec(argv, NULL, NULL, 0));
	_cleanup_free_ char *full = text_of(guest_exec(argv, env, "in", 2));
	_cleanup_free_ char *status = text_of(guest_exec_status(7));
	_cleanup_free_ char *open = text_of(guest_file_open("/tmp/x", "w"));
	_cleanup_free_ char *put = text_of(guest_file_write(3, "\0a", 2));
	_cleanup_free_ char *shut = text_of(guest_file_close(3));

	TEST_STR(ping, "{\"execute\":\"guest-ping\"}");
	TEST_STR(plain,
		 "{\"arguments\":{\"arg\":[\"addr\"],\"capture-output\":true,\"path\":\"ip\"},"
		 "\"execute\":\"guest-exec\"}");
	TEST_STR(full,
		 "{\"arguments\":{\"arg\":[\"addr\"],\"capture-output\":true,\"env\":[\"A=b\"],"
		 "\"input-data\":\"aW4=\",\"path\":\"ip\"},\"execute\":\"guest-exec\"}");
	TEST_STR(status, "{\"arguments\":{\"pid\":7},\"execute\":\"guest-exec-status\"}");
	TEST_STR(open, "{\"arguments\":{\"mode\":\"w\",\"path\":\"/tmp/x\"},"
		       "\"execute\":\"guest-file-open\"}");
	TEST_STR(put, "{\"arguments\":{\"buf-b64\":\"AGE=\",\"handle\":3},"
		      "\"execute\":\"guest-file-write\"}");
	TEST_STR(shut, "{\"arguments\":{\"handle\":3},\"execute\":\"guest-file-close\"}");
}

static void test_numbers(void)
{
	_cleanup_json_ json_t *pid = parse("{\"pid\":42}"), *handle = parse("1000");
	_cleanup_json_ json_t *count = parse("{\"count\":5,\"eof\":false}"), *none = json_object();

	CU_ASSERT_EQUAL(guest_exec_pid(pid, NULL), 42);
	CU_ASSERT_EQUAL(guest_exec_pid(none, NULL), -EPROTO);
	CU_ASSERT_EQUAL(guest_file_handle(handle, NULL), 1000);
	CU_ASSERT_EQUAL(guest_file_handle(none, NULL), -EPROTO);
	CU_ASSERT_EQUAL(guest_file_written(count, NULL), 5);
	CU_ASSERT_EQUAL(guest_file_written(none, NULL), -EPROTO);
	CU_ASSERT_EQUAL(guest_exec_pid(NULL, NULL), -EPROTO);
}

static void test_result(void)
{
	static const struct {
		const char *answer;
		int r;
		bool exited;
		int code, signal;
		const char *out;
		bool truncated;
	} rows[] = {
		{"{\"exited\":false}", 0, false, -1, 0, NULL, false},
		{"{\"exited\":true,\"exitcode\":3,\"out-data\":\"aGk=\"}", 0, true, 3, 0, "hi",
		 false},
		{"{\"exited\":true,\"signal\":9,\"err-truncated\":true}", 0, true, -1, 9, "", true},
		{"{\"exited\":true,\"exitcode\":0,\"out-data\":\"*\"}", -EPROTO, false, 0, 0, NULL,
		 false},
		{"{}", -EPROTO, false, 0, 0, NULL, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *j = parse(rows[i].answer);
		_cleanup_guest_result_ struct guest_result g = {0};
		_cleanup_err_ struct err e = ERR_INIT;
		int r = guest_exec_result(j, &g, &e);

		TEST_ROW(r == rows[i].r &&
				 (r < 0 ||
				  (g.exited == rows[i].exited && g.code == rows[i].code &&
				   g.signal == rows[i].signal && g.truncated == rows[i].truncated &&
				   streq0(g.out, rows[i].out))),
			 rows[i].answer, "got %d, code %d, signal %d, out %s", r, g.code, g.signal,
			 g.out ? g.out : "(null)");
	}
}

TEST_SUITE(virt_guest, {"commands", test_commands}, {"numbers", test_numbers},
	   {"result", test_result})
