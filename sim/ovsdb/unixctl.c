/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/unixctl.h"

#include <errno.h>

#define DEFAULT_TIMEOUT (10 * USEC_PER_SEC)

struct unixctl {
	struct jrpc *j;
	char *path, *cmd;
	unixctl_fn done;
	void *arg;
};

static void unixctl_free(struct unixctl *u)
{
	free(u->path);
	free(u->cmd);
	free(u);
}

static void fail(struct unixctl *u, const json_t *error)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *text =
		json_is_string(error) ? xstrdup(json_string_value(error)) : jtext(error);
	const char *rest;

	text[strcspn(text, "\n")] = '\0';
	/* base/jrpc.h names the command itself, daemons do not */
	rest = str_after(text, u->cmd);
	rest = rest ? str_after(rest, ": ") : NULL;
	err_set(&e, EIO, "%s: %s: %s", u->path, u->cmd, rest ? rest : text);
	u->done(u->arg, NULL, &e);
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct unixctl *u = arg;

	if (u->j) { /* else cancelled */
		struct jrpc *j = TAKE_PTR(u->j);

		if (error) {
			fail(u, error);
		} else {
			_cleanup_free_ char *raw = jtext(result);
			const char *s = json_string_value(result);

			u->done(u->arg, s ? s : raw, NULL);
		}
		jrpc_free(j);
	}
	unixctl_free(u);
}

struct unixctl *unixctl_call(sd_event *ev, const char *path, const char *cmd, json_t *argv,
			     uint64_t timeout_us, unixctl_fn done, void *arg, struct err *e)
{
	_cleanup_json_ json_t *params = argv ? argv : json_array();
	struct unixctl *u;
	int fd = unix_connect(path, e);

	if (fd < 0)
		return NULL;
	u = xcalloc(1, sizeof(*u));
	*u = (struct unixctl){jrpc_new(ev, fd, NULL, NULL), xstrdup(path), xstrdup(cmd), done, arg};
	if (jrpc_call(u->j, cmd, TAKE_PTR(params), timeout_us ? timeout_us : DEFAULT_TIMEOUT,
		      on_reply, u) > 0)
		return u;
	err_set(e, EINVAL, "%s: %s: cannot be sent", path, cmd);
	jrpc_free(u->j);
	unixctl_free(u);
	return NULL;
}

void unixctl_cancel(struct unixctl *u)
{
	if (u && u->j)
		jrpc_free(TAKE_PTR(u->j)); /* ends in on_reply() */
}
