/* SPDX-License-Identifier: Apache-2.0 */
/* Which daemon lines are tolerated, which fail a run. */
#include "scenario/logs.h"

#include <stdlib.h>
#include <unistd.h>

#include "lab/paths.h"
#include "test/test.h"

#define AT "2026-11-24T10:00:00.000Z|00042|"

static void test_known(void)
{
	static const struct {
		const char *line;
		bool known;
	} rows[] = {
		{"2026-01-01T00:00:00.000Z|00001|dpif(revalidator4)|WARN|netdev@ovs-netdev: failed "
		 "to put[modify] (No such file or directory) ufid:c1aad1cf in_port(4)",
		 true},
		{"2026-01-01T00:00:00.000Z|00001|dpif(revalidator4)|WARN|netdev@ovs-netdev: failed "
		 "to put[create] (No such device) ufid:c1aad1cf in_port(4)",
		 false},
		{AT
		 "ofproto_dpif_upcall(revalidator5)|WARN|Failed to acquire udpif_key corresponding "
		 "to unexpected flow (No such file or directory): ufid:07208cf9",
		 true},
		{"2026-01-01T00:00:00.000Z|00055|dpif_netdev|ERR|error receiving data from p3: "
		 "Network is down",
		 true},
		{AT "timeval|WARN|Unreasonably long 2012ms poll interval", true},
		{AT "poll_loop|INFO|wakeup due to [POLLIN] on fd 20", true},
		{AT "ovn_dbctl|WARN|Dropped 3 log messages in last 12 seconds", true},
		{AT "rconn|WARN|unix:br-int.mgmt: connection dropped by peer", true},
		{AT "vif_plug|ERR|failed to initialize representor VIF plug provider", true},
		{AT "util|EMER|../lib/conntrack.c:1063: assertion conn->conn_type failed", false},
		{AT "netdev_linux|WARN|p1: Message too long", false},
		{AT "ovsdb_idl|WARN|transaction error: constraint violation", false},
		{AT "backtrace|WARN|SIGSEGV detected, backtrace:", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		TEST_ROW((logs_known(rows[i].line) != NULL) == rows[i].known, rows[i].line,
			 "expected %s", rows[i].known ? "known" : "unknown");
}

/* ---- files ---- */

static char *log_path(const char *state, const char *dir)
{
	return xasprintf("%s/n/worker-a/log/%s/x.log", state, dir);
}

static void add(const char *state, const char *dir, const char *text)
{
	_cleanup_free_ char *path = log_path(state, dir);
	_cleanup_fclose_ FILE *f = fopen(path, "ae");

	CU_ASSERT(f && fputs(text, f) >= 0);
}

static void set_up(char *state)
{
	static const char *const dirs[] = {"openvswitch", "ovn"};

	CU_ASSERT(mkdtemp(state) != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *d = xasprintf("%s/n/worker-a/log/%s", state, dirs[i]);

		CU_ASSERT(path_mkdirs(d, NULL) >= 0);
	}
}

static void tear_down(const char *state)
{
	static const char *const paths[] = {
		"/n/worker-a/log/openvswitch/x.log",
		"/n/worker-a/log/ovn/x.log",
		"/n/worker-a/log/openvswitch",
		"/n/worker-a/log/ovn",
		"/n/worker-a/log",
		"/n/worker-a",
		"/n",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *p = xasprintf("%s%s", state, paths[i]);

		remove(p);
	}
}

static size_t unexpected(struct logs *l, const json_t *expected)
{
	_cleanup_json_ json_t *lines = logs_unexpected(l, expected, NULL);

	return json_array_size(lines);
}

static void test_files(void)
{
	char state[] = "/tmp/ovnbed-logs-XXXXXX";
	_cleanup_json_ json_t *expected = json_pack("[s]", "Message too long"), *lines = NULL;
	struct logs *l, *late;

	set_up(state);
	add(state, "ovn", AT "main|INFO|fine\n" AT "main|WARN|odd\n");
	l = logs_new(state, false);
	late = logs_new(state, true);
	lines = logs_unexpected(l, NULL, NULL);
	CU_ASSERT_EQUAL(json_array_size(lines), 1);
	TEST_STR(jstr(json_array_get(lines, 0), "node", NULL), "worker-a");
	TEST_STR(jstr(json_array_get(lines, 0), "program", NULL), "x");
	TEST_STR(jstr(json_array_get(lines, 0), "level", NULL), "WARN");
	TEST_STR(jstr(json_array_get(lines, 0), "line", NULL), AT "main|WARN|odd");
	CU_ASSERT_EQUAL(unexpected(l, NULL), 0); /* read once */
	add(state, "openvswitch", AT "netdev|WARN|p: Message too long\n" AT "x|ERR|bad\n");
	CU_ASSERT_EQUAL(unexpected(l, expected), 1);
	CU_ASSERT_EQUAL(unexpected(late, NULL), 2); /* not what was there before */
	logs_free(l);
	logs_free(late);
	tear_down(state);
}

static void test_many(void)
{
	char state[] = "/tmp/ovnbed-logs-XXXXXX";
	_cleanup_json_ json_t *lines = NULL;
	struct logs *l;

	set_up(state);
	for (int i = 0; i < 60; i++)
		add(state, "ovn", AT "x|ERR|bad\n");
	l = logs_new(state, false);
	lines = logs_unexpected(l, NULL, NULL);
	CU_ASSERT_EQUAL(json_array_size(lines), 51);
	CU_ASSERT_EQUAL(jint(json_array_get(lines, 50), "more", 0), 10);
	logs_free(l);
	tear_down(state);
}

TEST_SUITE(logs, {"known", test_known}, {"files", test_files}, {"many", test_many})
