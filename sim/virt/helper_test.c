/* SPDX-License-Identifier: Apache-2.0 */
/* The helper on libvirt's own test driver, which lives in the helper's process: no daemon, no QEMU. */
#include "virt/helper_priv.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "virt/testing.h"

#define UID "11111111-2222-4333-8444-555555555555"
#define WAIT_US (10 * USEC_PER_SEC)

struct rig {
	sd_event *ev;
	struct jrpc *rpc;
	pid_t pid;
	json_t *notes; /* ["ready", "event started booted", …] */
	char *answer;  /* text of the last reply; NULL: none yet */
	bool closed;
	const char *wanted;
};

static void on_request(void *arg, struct jrpc *j UNUSED, const char *method, const json_t *params,
		       const json_t *id UNUSED)
{
	const json_t *p = json_array_get(params, 0);
	struct rig *r = arg;

	json_array_append_new(r->notes, jstringf("%s %s %s", method, jstr(p, "event", "-"),
						 jstr(p, "reason", "-")));
}

static void on_closed(void *arg, struct jrpc *j UNUSED, const char *why UNUSED)
{
	((struct rig *)arg)->closed = true;
}

static void rig_start(struct rig *r)
{
	static const struct jrpc_ops ops = {.request = on_request, .closed = on_closed};
	int sp[2] = {-1, -1};

	*r = (struct rig){.notes = json_array()};
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp), 0);
	fflush(stdout);
	r->pid = fork();
	if (r->pid == 0) {
		close(sp[0]);
		_exit(helper_run(sp[1], "test:///default"));
	}
	close(sp[1]);
	sd_event_new(&r->ev);
	r->rpc = jrpc_new(r->ev, sp[0], &ops, r);
}

/* Ends the helper by closing its socket; its exit status. */
static int rig_stop(struct rig *r)
{
	int status = 0;

	jrpc_free(r->rpc);
	sd_event_unref(r->ev);
	json_decref(r->notes);
	free(r->answer);
	alarm(20);
	waitpid(r->pid, &status, 0);
	alarm(0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int noted(void *arg)
{
	struct rig *r = arg;

	return r->closed ? -EPIPE : jhas_str(r->notes, r->wanted);
}

static bool wait_note(struct rig *r, const char *note)
{
	_cleanup_err_ struct err e = ERR_INIT;

	r->wanted = note;
	return TEST_ROW(loop_wait(r->ev, WAIT_US, noted, r, note, &e) == 0, note, "%s",
			err_msg(&e));
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct rig *r = arg;

	free(r->answer);
	r->answer = result ? jtext(result) : xasprintf("error: %s", json_string_value(error));
}

static int answered(void *arg)
{
	return ((struct rig *)arg)->answer != NULL;
}

/* One request; its answer as text, owned by the rig. args are stolen. */
static const char *ask(struct rig *r, const char *method, json_t *args)
{
	free(r->answer);
	r->answer = NULL;
	jrpc_call(r->rpc, method, json_pack("[o]", args), WAIT_US, on_reply, r);
	loop_wait(r->ev, WAIT_US, answered, r, method, NULL);
	return r->answer ? r->answer : "(nothing)";
}

static json_t *uid_args(void)
{
	return json_pack("{s:s}", "uid", UID);
}

static json_t *start_args(const char *dir, const char *type)
{
	return json_pack("{s:s, s:s, s:o, s:[{s:o, s:s, s:i}], s:{s:s}, s:o}", "uid", UID, "name",
			 "n_v", "xml",
			 jstringf("<domain type='%s'><name>n_v</name><uuid>" UID
				  "</uuid><memory>4096</memory>"
				  "<os><type>hvm</type></os></domain>",
				  type),
			 "files", "path", jstringf("%s/disk.raw", dir), "kind", "raw", "size", 4096,
			 "seed", "meta-data", "{}", "seed_path", jstringf("%s/seed.iso", dir));
}

static bool there(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

static void test_life(void)
{
	_cleanup_dir_ char *dir = test_dir();
	struct rig r;

	rig_start(&r);
	if (wait_note(&r, "ready - -")) {
		TEST_STR(ask(&r, "start", start_args(dir, "test")), "{}");
		wait_note(&r, "event started booted");
		CU_ASSERT(there(dir, "disk.raw") && there(dir, "seed.iso"));
		CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "list", json_object()),
					      "{\"agent_connected\":false,\"name\":\"n_v\","
					      "\"state\":\"running\",\"uid\":\"" UID "\"}"));
		TEST_STR(ask(&r, "suspend", uid_args()), "{}");
		wait_note(&r, "event suspended paused");
		CU_ASSERT_PTR_NOT_NULL(
			strstr(ask(&r, "list", json_object()), "\"state\":\"paused\""));
		TEST_STR(ask(&r, "resume", uid_args()), "{}");
		wait_note(&r, "event resumed unpaused");
		CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "xml", uid_args()), "<name>n_v</name>"));
		TEST_STR(ask(&r, "destroy", uid_args()), "{}");
		wait_note(&r, "event stopped destroyed");
		/* what was made for the domain goes with it */
		ask(&r, "list", json_object());
		CU_ASSERT(!there(dir, "disk.raw") && !there(dir, "seed.iso"));
	}
	CU_ASSERT_EQUAL(rig_stop(&r), 0);
}

static void test_refusals(void)
{
	_cleanup_dir_ char *dir = test_dir();
	struct rig r;

	rig_start(&r);
	if (wait_note(&r, "ready - -")) {
		json_t *bad = start_args(dir, "test");

		CU_ASSERT_PTR_NOT_NULL(
			strstr(ask(&r, "start", start_args(dir, "nothing")), "error: start the"));
		CU_ASSERT(!there(dir, "disk.raw") && !there(dir, "seed.iso"));
		jset(bad, "seed.meta-data", json_integer(1));
		TEST_STR(ask(&r, "start", bad), "error: seed file meta-data is not text");
		CU_ASSERT(!there(dir, "disk.raw"));
		TEST_STR(ask(&r, "start", uid_args()), "error: start without xml");
		TEST_STR(ask(&r, "shutdown", uid_args()), "error: there is no domain " UID);
		TEST_STR(ask(&r, "destroy", uid_args()), "{}");
		TEST_STR(ask(&r, "dance", json_object()), "error: unknown method \"dance\"");
		CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "version", json_object()), "\"libvirt\":"));
	}
	CU_ASSERT_EQUAL(rig_stop(&r), 0);
}

/* A second start of the same domain is refused, and leaves the first one's files alone. */
static void test_twice(void)
{
	_cleanup_dir_ char *dir = test_dir();
	struct rig r;

	rig_start(&r);
	if (wait_note(&r, "ready - -")) {
		TEST_STR(ask(&r, "start", start_args(dir, "test")), "{}");
		TEST_STR(ask(&r, "start", start_args(dir, "test")),
			 "error: domain " UID " runs already");
		CU_ASSERT(there(dir, "disk.raw"));
		CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "set-link",
						  json_pack("{s:s, s:s, s:b}", "uid", UID, "mac",
							    "02:00:00:00:00:01", "up", 0)),
					      "error: the domain has no interface with MAC"));
		CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "agent",
						  json_pack("{s:s, s:{s:s}}", "uid", UID, "cmd",
							    "execute", "guest-ping")),
					      "error: guest agent: "));
	}
	CU_ASSERT_EQUAL(rig_stop(&r), 0);
}

/* More calls at once than there are threads: each gets its answer. */
static void count_reply(void *arg, const json_t *result, const json_t *error UNUSED)
{
	*(unsigned *)arg += result == NULL; /* no agent: an error each */
}

static int all_in(void *arg)
{
	return *(unsigned *)arg == 200;
}

static void test_many(void)
{
	unsigned n = 0;
	struct rig r;

	rig_start(&r);
	if (wait_note(&r, "ready - -")) {
		for (int i = 0; i < 200; i++)
			jrpc_call(r.rpc, "guest", json_pack("[o]", uid_args()), 0, count_reply, &n);
		CU_ASSERT_EQUAL(loop_wait(r.ev, WAIT_US, all_in, &n, "200 answers", NULL), 0);
	}
	CU_ASSERT_EQUAL(rig_stop(&r), 0);
}

TEST_SUITE(virt_helper, {"life", test_life}, {"refusals", test_refusals}, {"twice", test_twice},
	   {"many", test_many})
