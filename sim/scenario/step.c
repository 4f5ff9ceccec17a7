/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/step.h"

#include <errno.h>
#include <regex.h>
#include <sys/stat.h>

#include "lab/client.h"
#include "scenario/ref.h"
#include "scenario/step_verbs.h"

#define OWN "/apis/ovnbed.io/v1alpha1/"

/*
 * A client or a device is gone, or a port of it; a link's queue is full; a VLAN that a port has no
 * more; tunnelled packets between a switch's start and its controller's return; interfaces that a
 * node had before it was switched off.
 */
#define FAULT_LINES                                                              \
	"send error: Broken pipe|connection failed .Connection refused.|"        \
	"receiving data from .*: Network is down|"                               \
	"cannot get R?STP (status|stats) on nonexistent port|"                   \
	"error sending Ethernet packet on .*: Resource temporarily unavailable|" \
	"not configured for trunking VLAN|Invalid Geneve tunnel metadata|"       \
	"Trying to release unknown interface"

const struct step_verb step_verbs[] = {
	{"daemon", step_check_daemon, step_run_daemon, false, NULL},
	{"link", step_check_link, step_run_link, false, NULL},
	{"heal", step_check_heal, step_run_heal, false, FAULT_LINES},
	{"fault", step_check_fault, step_run_fault, false, FAULT_LINES},
	{"mutate", step_check_mutate, step_run_mutate, false, NULL},
	{"profile", step_check_profile, step_run_profile, false, NULL},
	{"delete", step_check_delete, step_run_delete, false, NULL},
	{"apply", step_check_apply, step_run_apply, false, NULL},
	{"refused", step_check_refused, step_run_refused, true, NULL},
	{"failed", step_check_failed, step_run_failed, false, NULL},
	{"start", step_check_power, step_run_start, false, NULL},
	{"stop", step_check_power, step_run_stop, false, NULL},
	{"restart", step_check_power, step_run_restart, false, NULL},
	{"reconcile", step_check_reconcile, step_run_reconcile, false, NULL},
	{"wait", step_check_wait, step_run_wait, false, NULL},
	{"configure", step_check_configure, step_run_configure, false, NULL},
	{"exec", step_check_exec, step_run_exec, false, NULL},
	{"assert", step_check_assert, step_run_assert, false, NULL},
	{"capture", step_check_capture, step_run_capture, false, NULL},
	{"transition", step_check_transition, step_run_transition, false, FAULT_LINES},
	{"probe", step_check_probe, step_run_probe, false, NULL},
	{"mtu", step_check_mtu, step_run_mtu, false, "Message too long|Too big"},
	{"matrix", step_check_matrix, step_run_matrix, false, NULL},
	{"generated", step_check_generated, step_run_generated, false, NULL},
	{"isolate", step_check_isolate, step_run_isolate, false, NULL},
	{"soak", step_check_soak, step_run_soak, false, NULL},
	{"healthy", step_check_healthy, step_run_healthy, false, NULL},
	{"unsupported", step_check_unsupported, step_run_unsupported, false, NULL},
	{0},
};

const struct step_verb *step_verb_find(const char *name)
{
	for (const struct step_verb *v = step_verbs; v->name; v++)
		if (streq(v->name, name))
			return v;
	return NULL;
}

enum outcome step_say(struct step_ctx *c, enum outcome o, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	buf_printf(&c->why, "%s%s", c->why.len ? "\n" : "", text);
	return o;
}

int step_duration(const char *text, uint64_t *ret)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0 && v <= 1e6))
		return -EINVAL;
	if (streq(end, "s") || !*end)
		*ret = (uint64_t)(v * 1e6);
	else if (streq(end, "ms"))
		*ret = (uint64_t)(v * 1e3);
	else if (streq(end, "m"))
		*ret = (uint64_t)(v * 60e6);
	else
		return -EINVAL;
	return 0;
}

json_t *step_as_list(const json_t *v)
{
	return json_is_array(v) ? json_incref((json_t *)v) : v ? json_pack("[O]", v) : json_array();
}

/* ---- API ---- */

int step_post(struct step_ctx *c, const char *verb, json_t *body, json_t **ret, struct err *e)
{
	_cleanup_free_ char *path = xasprintf(OWN "%s", verb);
	_cleanup_json_ json_t *own = body;
	int status = 0, r = client_request(c->client, "POST", path, own, NULL, &status, ret, e);

	return r < 0 ? r : status;
}

int step_get(struct client *client, const char *path, json_t **ret, struct err *e)
{
	int status = 0, r = client_request(client, "GET", path, NULL, NULL, &status, ret, e);

	return r < 0 ? r : status;
}

enum outcome step_simple(struct step_ctx *c, const char *verb, json_t *body)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(c, verb, body, &reply, &e);

	if (code == 200) {
		json_array_append(c->details, reply);
		return OUTCOME_PASS;
	}
	return step_say(c, OUTCOME_ERROR, "%s: %s", verb,
			code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
}

const json_t *step_earlier(const struct step_ctx *c, const char *id, const char *part)
{
	json_t *check, *detail;
	size_t i, k;

	json_array_foreach(c->checks, i, check) {
		if (!streq(jstr(check, "id", ""), id))
			continue;
		json_array_foreach(json_object_get(check, "details"), k, detail)
			if (json_object_get(detail, part))
				return json_object_get(detail, part);
	}
	return NULL;
}

/* ---- checks of parameters ---- */

static void bad(struct diags *d, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void bad(struct diags *d, const char *path, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(d, DIAG_ERROR, "scenario", path, "%s", msg);
}

void step_check_regex(const json_t *v, const char *path, struct diags *d)
{
	const char *text = json_string_value(v);
	char why[128];
	regex_t re;
	int r;

	if (!text) {
		bad(d, path, "expected a regular expression");
		return;
	}
	r = regcomp(&re, text, REG_EXTENDED | REG_NOSUB);
	if (!r) {
		regfree(&re);
		return;
	}
	regerror(r, &re, why, sizeof(why));
	bad(d, path, "\"%s\": %s", text, why);
}

void step_check_files(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	json_t *f;
	size_t i;

	if (!json_is_array(v) || !json_array_size(v))
		bad(d, path, "expected a list of manifest files");
	json_array_foreach(v, i, f) {
		_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);
		_cleanup_free_ char *file =
			json_is_string(f) ? scenario_path(s, json_string_value(f)) : NULL;
		struct stat st;

		if (!file)
			bad(d, p, "expected a file name");
		else if (stat(file, &st) < 0)
			bad(d, p, "%s: %s", file, strerror(errno));
	}
}

void step_check_refs(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *f;
	size_t i;

	(void)s;
	if (!json_array_size(list))
		bad(d, path, "expected KIND/NAME or a list of them");
	json_array_foreach(list, i, f) {
		_cleanup_free_ char *p =
			json_is_array(v) ? xasprintf("%s.%zu", path, i) : xstrdup(path);
		struct ref r;

		if (!json_is_string(f) || !strchr(json_string_value(f), '/'))
			bad(d, p, "expected KIND/NAME or KIND/NS/NAME");
		else if (!ref_parse(json_string_value(f), &r))
			bad(d, p, "\"%s\": unknown kind", json_string_value(f));
		else
			ref_free(&r);
	}
}

static bool key_known(const char *key, const char *const *keys)
{
	for (size_t i = 0; keys[i]; i++) {
		size_t n = strcspn(keys[i], "!");

		if (strlen(key) == n && strncmp(key, keys[i], n) == 0)
			return true;
	}
	return false;
}

void step_check_keys(const json_t *v, const char *path, const char *const *keys, struct diags *d)
{
	const char *key;
	json_t *x;

	if (!json_is_object(v)) {
		bad(d, path, "expected a mapping");
		return;
	}
	json_object_foreach((json_t *)v, key, x) {
		_cleanup_free_ char *p = xasprintf("%s.%s", path, key);

		if (!key_known(key, keys))
			bad(d, p, "unknown field");
	}
	for (size_t i = 0; keys[i]; i++) {
		_cleanup_free_ char *name = xstrndup(keys[i], strcspn(keys[i], "!"));

		if (strchr(keys[i], '!') && !json_object_get(v, name))
			bad(d, path, "%s is missing", name);
	}
}
