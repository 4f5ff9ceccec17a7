/* SPDX-License-Identifier: Apache-2.0 */
/* exec, configure, daemon, link, reconcile: verbs that reach into the lab. */
#include "scenario/step_verbs.h"

#include <errno.h>
#include <regex.h>

#include "lab/client.h"
#include "lab/exec.h"
#include "lab/paths.h"
#include "sys/prefix.h"
#include "virt/guest.h"

/* ---- exec ---- */

static const char *const streams[] = {"stdout", "stderr"};

static void check_argv(const json_t *v, const char *path, struct diags *d)
{
	_cleanup_free_ char *p = xasprintf("%s.argv", path);
	json_t *a;
	size_t i;

	if (!json_array_size(v))
		diags_add(d, DIAG_ERROR, "scenario", p, "expected a list of at least one argument");
	json_array_foreach(v, i, a)
		if (!json_is_string(a))
			diag_hint(diags_add(d, DIAG_ERROR, "scenario", p,
					    "argument %zu is not text", i),
				  "quote it");
}

void step_check_exec(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"in!", "argv!", "code", "stdout", "stderr", NULL};
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	json_array_foreach(list, i, one) {
		_cleanup_free_ char *p =
			json_is_array(v) ? xasprintf("%s.%zu", path, i) : xstrdup(path);

		step_check_keys(one, p, keys, d);
		check_argv(json_object_get(one, "argv"), p, d);
		for (size_t k = 0; k < ARRAY_SIZE(streams); k++) {
			_cleanup_free_ char *ps = xasprintf("%s.%s", p, streams[k]);

			if (json_object_get(one, streams[k]))
				step_check_regex(json_object_get(one, streams[k]), ps, d);
		}
	}
}

static const char **argv_of(const json_t *list)
{
	const char **argv = xcalloc(json_array_size(list) + 1, sizeof(*argv));
	json_t *a;
	size_t i;

	json_array_foreach(list, i, a)
		argv[i] = json_is_string(a) ? json_string_value(a) : "";
	return argv;
}

static int exec_vm(struct step_ctx *c, const char *vm, const json_t *argv, json_t **ret,
		   struct err *e)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_free_ char *out = NULL, *err = NULL;
	size_t n;
	int code = step_post(c, "exec", json_pack("{s:s, s:O}", "vm", vm, "argv", argv), &reply, e);

	if (code < 0)
		return code;
	if (code != 200)
		return err_set(e, EIO, "%s", jstr(reply, "message", "refused"));
	out = guest_unbase64(jstr(reply, "out64", ""), &n);
	err = guest_unbase64(jstr(reply, "err64", ""), &n);
	*ret = json_pack("{s:I, s:o, s:o}", "code", (json_int_t)jint(reply, "code", -1), "out",
			 jstring(out), "err", jstring(err));
	return 0;
}

static int exec_local(struct step_ctx *c, const char *where, const json_t *list, json_t **ret,
		      struct err *e)
{
	_cleanup_free_ char *prefix = prefix_dir(c->paths->cache);
	_cleanup_free_ const char **argv = argv_of(list);
	pid_t chain[8];
	struct exec_spec s = {.chain = chain, .argv = argv};
	int n = exec_chain(c->client, c->paths, where, chain, ARRAY_SIZE(chain), e), r;
	char **env;

	if (n < 0)
		return n;
	env = prefix_env(prefix, NULL);
	s.n = (size_t)n;
	s.envp = env;
	r = exec_capture(&s, c->timeout, ret, e);
	prefix_env_free(env);
	return r;
}

static bool text_matches(const char *regex, const char *text)
{
	regex_t re;
	bool hit;

	if (regcomp(&re, regex, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return false;
	hit = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return hit;
}

static enum outcome judge_exec(struct step_ctx *c, const char *where, const json_t *v,
			       const json_t *res)
{
	static const char *const keys[] = {"out", "err"};
	long long want = jint(v, "code", 0), code = jint(res, "code", -1);

	json_array_append(c->details, (json_t *)res);
	if (code != want)
		return step_say(c, OUTCOME_FAIL,
				"%s: %s: expected exit code %lld, found %lld: %s%s", where,
				jstr(v, "argv.0", "?"), want, code, jstr(res, "out", ""),
				jstr(res, "err", ""));
	for (int i = 0; i < 2; i++) {
		const char *re = jstr(v, streams[i], NULL);

		if (re && !text_matches(re, jstr(res, keys[i], "")))
			return step_say(c, OUTCOME_FAIL, "%s: %s: %s does not match \"%s\": %s",
					where, jstr(v, "argv.0", "?"), streams[i], re,
					jstr(res, keys[i], ""));
	}
	return OUTCOME_PASS;
}

static enum outcome exec_in(struct step_ctx *c, const char *where, const json_t *v)
{
	const json_t *argv = json_object_get(v, "argv");
	_cleanup_json_ json_t *res = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int r = str_after(where, "vm/") ? exec_vm(c, where, argv, &res, &e)
					: exec_local(c, where, argv, &res, &e);

	if (r < 0)
		return step_say(c, OUTCOME_ERROR, "%s: %s: %s", where, jstr(v, "argv.0", "?"),
				err_msg(&e));
	return judge_exec(c, where, v, res);
}

/* "zones": the machine of every zone's databases. */
static enum outcome exec_zones(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *st = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome worst = OUTCOME_PASS;
	json_t *n;
	size_t i;

	if (streq(c->zones, "central"))
		return exec_in(c, "node/control-plane", v);
	if (step_get(c->client, "/apis/ovnbed.io/v1alpha1/status", &st, &e) != 200)
		return step_say(c, OUTCOME_ERROR, "status: %s", err_msg(&e));
	json_array_foreach(json_object_get(st, "nodes"), i, n) {
		_cleanup_free_ char *where = xasprintf("node/%s", jstr(n, "name", ""));
		enum outcome o = exec_in(c, where, v);

		worst = MAX(worst, o);
	}
	return worst;
}

static enum outcome exec_one(struct step_ctx *c, const json_t *v)
{
	const char *where = jstr(v, "in", "");

	return streq(where, "zones") ? exec_zones(c, v) : exec_in(c, where, v);
}

enum outcome step_run_exec(struct step_ctx *c, const json_t *v)
{
	enum outcome worst = OUTCOME_PASS, o;
	json_t *one;
	size_t i;

	if (!json_is_array(v))
		return exec_one(c, v);
	json_array_foreach(v, i, one) {
		o = exec_one(c, one);
		worst = MAX(worst, o);
	}
	return worst;
}

/* ---- configure: addresses, MACs, MTUs and offloads inside an endpoint ---- */

void step_check_configure(const struct scenario *s, const json_t *v, const char *path,
			  struct diags *d)
{
	static const char *const keys[] = {"in!",    "interface!", "mac",   "mtu",
					   "up",     "addresses",  "flush", "txChecksum",
					   "routes", "groups",	   NULL};
	json_t *one;
	size_t i;

	(void)s;
	if (!json_is_array(v)) {
		step_check_keys(v, path, keys, d);
		return;
	}
	json_array_foreach(v, i, one) {
		_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);

		step_check_keys(one, p, keys, d);
	}
}

static enum outcome agent_call(struct step_ctx *c, const char *where, const char *method,
			       json_t *params)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(
		c, "agent",
		json_pack("{s:s, s:s, s:o}", "endpoint", where, "method", method, "params", params),
		&reply, &e);

	if (code == 200)
		return OUTCOME_PASS;
	return step_say(c, OUTCOME_ERROR, "%s: %s: %s", where, method,
			code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
}

static enum outcome configure_one(struct step_ctx *c, const json_t *v)
{
	static const char *const link_keys[] = {"mac", "mtu", "up"};
	const char *where = jstr(v, "in", ""), *name = jstr(v, "interface", "");
	json_t *set = json_pack("{s:s}", "name", name), *a;
	enum outcome worst = OUTCOME_PASS, o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(link_keys); i++)
		if (json_object_get(v, link_keys[i]))
			json_object_set(set, link_keys[i], json_object_get(v, link_keys[i]));
	if (json_object_size(set) > 1)
		worst = agent_call(c, where, "link-set", set);
	else
		json_decref(set);
	if (jbool(v, "flush", false)) {
		o = agent_call(c, where, "addr-flush", json_pack("{s:s}", "name", name));
		worst = MAX(worst, o);
	}
	json_array_foreach(json_object_get(v, "addresses"), i, a) {
		o = agent_call(c, where, "addr-add",
			       json_pack("{s:s, s:O}", "name", name, "address", a));
		worst = MAX(worst, o);
	}
	json_array_foreach(json_object_get(v, "routes"), i, a) {
		json_t *route = json_pack("{s:s}", "dev", name);

		jset_str(route, "dst", jstr(a, "to", "default"));
		jset_str(route, "via", jstr(a, "via", NULL));
		o = agent_call(c, where, "route-add", route);
		worst = MAX(worst, o);
	}
	json_array_foreach(json_object_get(v, "groups"), i, a) {
		o = agent_call(c, where, "group-join",
			       json_pack("{s:s, s:O}", "ifname", name, "group", a));
		worst = MAX(worst, o);
	}
	if (json_object_get(v, "txChecksum")) {
		o = agent_call(c, where, "offload",
			       json_pack("{s:s, s:O}", "name", name, "txChecksum",
					 json_object_get(v, "txChecksum")));
		worst = MAX(worst, o);
	}
	return worst;
}

enum outcome step_run_configure(struct step_ctx *c, const json_t *v)
{
	enum outcome worst = OUTCOME_PASS, o;
	json_t *one;
	size_t i;

	if (!json_is_array(v))
		return configure_one(c, v);
	json_array_foreach(v, i, one) {
		o = configure_one(c, one);
		worst = MAX(worst, o);
	}
	return worst;
}

/* ---- daemon, link, reconcile ---- */

void step_check_daemon(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"node!", "name!", "action!", "signal", NULL};

	(void)s;
	step_check_keys(v, path, keys, d);
}

enum outcome step_run_daemon(struct step_ctx *c, const json_t *v)
{
	return step_simple(c, "daemon", json_deep_copy(v));
}

void step_check_link(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"node!", "up!", "nic", NULL};

	(void)s;
	step_check_keys(v, path, keys, d);
}

enum outcome step_run_link(struct step_ctx *c, const json_t *v)
{
	return step_simple(c, "link", json_deep_copy(v));
}

void step_check_reconcile(const struct scenario *s, const json_t *v, const char *path,
			  struct diags *d)
{
	static const char *const keys[] = {"changed", "repaired", NULL};

	(void)s;
	step_check_keys(v, path, keys, d);
}

enum outcome step_run_reconcile(struct step_ctx *c, const json_t *v)
{
	static const char *const keys[] = {"changed", "repaired"};
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(c, "reconcile", json_object(), &reply, &e);

	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "reconcile: %s",
				code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	if (jstr(json_object_get(reply, "problems"), "0", NULL))
		return step_say(c, OUTCOME_ERROR, "%s",
				jstr(json_object_get(reply, "problems"), "0", NULL));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *want = json_object_get(v, keys[i]);

		if (want && !json_equal(want, json_object_get(reply, keys[i])))
			return step_say(c, OUTCOME_FAIL, "expected %lld rows %s, found %lld",
					(long long)json_integer_value(want), keys[i],
					jint(reply, keys[i], -1));
	}
	return OUTCOME_PASS;
}
