/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU: qga/qapi-schema.json. */
#include "virt/guest.h"

#include <errno.h>

#include "base/base64.h"

json_t *guest_cmd(const char *execute, json_t *arguments)
{
	json_t *cmd = json_pack("{s:s}", "execute", execute);

	if (arguments)
		json_object_set_new(cmd, "arguments", arguments);
	return cmd;
}

char *guest_base64(const void *data, size_t len)
{
	return base64_encode(data, len);
}

char *guest_unbase64(const char *text, size_t *ret_len)
{
	struct buf b = BUF_INIT;

	if (base64_decode(text, strlen(text), &b) < 0)
		return NULL;
	*ret_len = b.len;
	return b.data ? buf_take(&b) : xstrdup("");
}

/* ---- exec ---- */

static json_t *strings(const char *const *v)
{
	json_t *a = json_array();

	for (; v && *v; v++)
		json_array_append_new(a, jstring(*v));
	return a;
}

json_t *guest_exec(const char *const *argv, const char *const *env, const void *input, size_t len)
{
	json_t *args = json_pack("{s:o, s:o, s:b}", "path", jstring(argv[0]), "arg",
				 strings(argv + 1), "capture-output", true);

	if (env)
		json_object_set_new(args, "env", strings(env));
	if (input) {
		_cleanup_free_ char *coded = base64_encode(input, len);

		json_object_set_new(args, "input-data", jstring(coded));
	}
	return guest_cmd("guest-exec", args);
}

long long guest_exec_pid(const json_t *ret, struct err *e)
{
	long long pid = jint(ret, "pid", -1);

	return pid > 0 ? pid : err_set(e, EPROTO, "guest-exec answered without a pid");
}

json_t *guest_exec_status(long long pid)
{
	return guest_cmd("guest-exec-status", json_pack("{s:I}", "pid", (json_int_t)pid));
}

static int output(const json_t *ret, const char *key, char **data, size_t *len, struct err *e)
{
	*data = guest_unbase64(jstr(ret, key, ""), len);
	return *data ? 0 : err_set(e, EPROTO, "guest-exec-status: %s is not base64", key);
}

int guest_exec_result(const json_t *ret, struct guest_result *res, struct err *e)
{
	_cleanup_guest_result_ struct guest_result g = {.code = -1};
	int r;

	if (!json_is_boolean(json_object_get(ret, "exited")))
		return err_set(e, EPROTO, "guest-exec-status answered without \"exited\"");
	g.exited = jbool(ret, "exited", false);
	if (g.exited) {
		g.code = (int)jint(ret, "exitcode", -1);
		g.signal = (int)jint(ret, "signal", 0);
		g.truncated =
			jbool(ret, "out-truncated", false) || jbool(ret, "err-truncated", false);
		r = output(ret, "out-data", &g.out, &g.out_len, e);
		if (r >= 0)
			r = output(ret, "err-data", &g.err, &g.err_len, e);
		if (r < 0)
			return r;
	}
	*res = g;
	g = (struct guest_result){0};
	return 0;
}

void guest_result_free(struct guest_result *res)
{
	free(res->out);
	free(res->err);
	*res = (struct guest_result){0};
}

/* ---- files ---- */

json_t *guest_file_open(const char *path, const char *mode)
{
	return guest_cmd("guest-file-open",
			 json_pack("{s:o, s:s}", "path", jstring(path), "mode", mode));
}

long long guest_file_handle(const json_t *ret, struct err *e)
{
	long long h = json_is_integer(ret) ? json_integer_value(ret) : -1;

	return h >= 0 ? h : err_set(e, EPROTO, "guest-file-open answered without a handle");
}

json_t *guest_file_write(long long handle, const void *data, size_t len)
{
	_cleanup_free_ char *coded = base64_encode(data, len);

	return guest_cmd("guest-file-write", json_pack("{s:I, s:o}", "handle", (json_int_t)handle,
						       "buf-b64", jstring(coded)));
}

long long guest_file_written(const json_t *ret, struct err *e)
{
	long long n = jint(ret, "count", -1);

	return n >= 0 ? n : err_set(e, EPROTO, "guest-file-write answered without a count");
}

json_t *guest_file_close(long long handle)
{
	return guest_cmd("guest-file-close", json_pack("{s:I}", "handle", (json_int_t)handle));
}
