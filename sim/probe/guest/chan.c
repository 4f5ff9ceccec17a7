/* SPDX-License-Identifier: Apache-2.0 */
/* Channels to the engine: a unix listener's clients, standard input and output, virtio-serial. */
#include "probe/guest/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe/guest/framer.h"

#define READ_CHUNK 65536
/* A peer that does not read this much is gone. */
#define MAX_BACKLOG (64u << 20)
#define PORT_RETRY_US (200 * USEC_PER_MSEC)

struct chan {
	struct chan *next;
	struct agent *ag;
	struct evl_io in, out; /* out is used only where the two differ */
	int fd_in, fd_out;
	struct framer framer;
	struct buf obuf;
	struct req *reqs;
	char *port; /* device path: reopened, never freed before the end */
	struct evl_timer retry;
	bool listener, dead;
};

static void pump(struct chan *c);

static struct chan *chan_new(struct agent *ag)
{
	struct chan *c = xcalloc(1, sizeof(*c));

	c->ag = ag;
	c->fd_in = c->fd_out = -1;
	c->in.fd = c->out.fd = -1;
	c->next = ag->chans;
	ag->chans = c;
	return c;
}

/* Nobody waits for these answers any more. */
static void drop_requests(struct chan *c)
{
	struct req *r;

	while ((r = c->reqs)) {
		c->reqs = r->next;
		r->chan = NULL;
		r->cancel(r->arg);
		json_decref(r->id);
		free(r);
	}
}

static void chan_reset(struct chan *c)
{
	drop_requests(c);
	framer_reset(&c->framer);
	buf_free(&c->obuf);
}

static void chan_close(struct chan *c)
{
	chan_reset(c);
	evl_del(c->ag->evl, &c->in);
	evl_del(c->ag->evl, &c->out);
	evl_cancel(c->ag->evl, &c->retry);
	if (c->fd_out != c->fd_in)
		close_fd(c->fd_out);
	close_fd(c->fd_in);
	c->fd_in = c->fd_out = -1;
}

/* The peer is gone: a port waits for the next one, anything else ends. */
static void chan_lost(struct chan *c)
{
	if (c->port)
		chan_reset(c);
	else
		c->dead = true;
}

static void flush_out(struct chan *c)
{
	size_t done = 0;

	while (done < c->obuf.len) {
		ssize_t n = write(c->fd_out, c->obuf.data + done, c->obuf.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			chan_lost(c);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	buf_consume(&c->obuf, MIN(done, c->obuf.len));
	if (!c->obuf.len)
		buf_free(&c->obuf);
	else if (c->obuf.len > MAX_BACKLOG)
		chan_lost(c);
}

static void chan_send(struct chan *c, json_t *msg)
{
	_cleanup_json_ json_t *m = msg;
	_cleanup_free_ char *text = json_dumps(m, JSON_COMPACT);

	if (!text || c->dead || c->fd_out < 0)
		return;
	buf_adds(&c->obuf, text);
	flush_out(c);
}

static json_t *err_json(const struct err *e)
{
	return json_pack("{s:i, s:o}", "code", e->code ? e->code : EIO, "message",
			 jstring(err_msg(e)));
}

static void answer(struct chan *c, json_t *id, json_t *result, json_t *error)
{
	chan_send(c, json_pack("{s:O, s:o, s:o}", "id", id, "result", result ? result : json_null(),
			       "error", error ? error : json_null()));
}

static void req_end(struct req *r, json_t *result, json_t *error)
{
	for (struct req **p = &r->chan->reqs; *p; p = &(*p)->next)
		if (*p == r) {
			*p = r->next;
			break;
		}
	answer(r->chan, r->id, result, error);
	json_decref(r->id);
	free(r);
}

void req_ok(struct req *r, json_t *result)
{
	req_end(r, result ? result : json_object(), NULL);
}

void req_fail(struct req *r, const struct err *e)
{
	req_end(r, NULL, err_json(e));
}

static void nothing(void *arg UNUSED)
{
}

static void start_later(struct chan *c, const struct method *m, const json_t *params, json_t *id)
{
	struct req *r = xcalloc(1, sizeof(*r));

	r->ag = c->ag;
	r->chan = c;
	r->id = json_incref(id);
	r->cancel = nothing;
	r->next = c->reqs;
	c->reqs = r;
	m->later(r, params);
}

static void call_now(struct chan *c, const struct method *m, const json_t *params, json_t *id)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *result = NULL;

	if (m->now(c->ag, params, &result, &e) < 0)
		answer(c, id, NULL, err_json(&e));
	else
		answer(c, id, result ? result : json_object(), NULL);
}

static void on_text(struct chan *c, const char *text, size_t len)
{
	_cleanup_json_ json_t *msg = json_loadb(text, len, 0, NULL);
	_cleanup_json_ json_t *none = json_object();
	_cleanup_err_ struct err e = ERR_INIT;
	const char *method = json_string_value(json_object_get(msg, "method"));
	json_t *id = json_object_get(msg, "id"), *params = json_object_get(msg, "params");
	const struct method *m = method ? method_find(method) : NULL;

	if (!id || json_is_null(id))
		return; /* notifications have no use here */
	if (!json_is_object(params))
		params = none;
	if (!m) {
		err_set(&e, ENOSYS, "unknown method \"%s\"", method ? method : "");
		answer(c, id, NULL, err_json(&e));
	} else if (m->now) {
		call_now(c, m, params, id);
	} else {
		start_later(c, m, params, id);
	}
}

static void on_sync(struct chan *c, const char *token)
{
	drop_requests(c);
	buf_free(&c->obuf);
	buf_add(&c->obuf, token, PROBE_SYNC_LEN);
	flush_out(c);
}

static void dispatch(struct chan *c)
{
	enum framer_event ev;
	const char *data;
	size_t len;

	while (!c->dead && (ev = framer_next(&c->framer, &data, &len)) != FRAMER_MORE) {
		if (ev == FRAMER_TEXT)
			on_text(c, data, len);
		else if (ev == FRAMER_SYNC)
			on_sync(c, data);
		else if (!c->port)
			c->dead = true;
	}
}

static void pump(struct chan *c)
{
	_cleanup_free_ char *in = xmalloc(READ_CHUNK);

	for (;;) {
		ssize_t n = read(c->fd_in, in, READ_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			chan_lost(c);
			break;
		}
		framer_feed(&c->framer, in, (size_t)n);
		dispatch(c);
		if (c->dead)
			break;
	}
	if (!c->dead && c->obuf.len)
		flush_out(c);
}

static void on_in(struct evl_io *io, uint32_t events UNUSED)
{
	pump(container_of(io, struct chan, in));
}

static void on_out(struct evl_io *io, uint32_t events UNUSED)
{
	flush_out(container_of(io, struct chan, out));
}

/*
 * Edge-triggered: a virtio-serial port without a host reports HUP for as long as that lasts, and a
 * level-triggered poll would spin.
 */
static int chan_watch(struct chan *c, int fd_in, int fd_out)
{
	uint32_t events = EPOLLIN | EPOLLET | (fd_in == fd_out ? (uint32_t)EPOLLOUT : 0);
	int r;

	fcntl(fd_in, F_SETFL, fcntl(fd_in, F_GETFL) | O_NONBLOCK);
	fcntl(fd_out, F_SETFL, fcntl(fd_out, F_GETFL) | O_NONBLOCK);
	c->fd_in = fd_in;
	c->fd_out = fd_out;
	c->in.fn = on_in;
	c->out.fn = on_out;
	r = evl_add(c->ag->evl, &c->in, fd_in, events);
	if (r == 0 && fd_in != fd_out)
		r = evl_add(c->ag->evl, &c->out, fd_out, EPOLLOUT | EPOLLET);
	return r;
}

static void on_accept(struct evl_io *io, uint32_t events UNUSED)
{
	struct chan *l = container_of(io, struct chan, in);
	int fd;

	while ((fd = accept4(l->fd_in, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct chan *c = chan_new(l->ag);

		if (chan_watch(c, fd, fd) < 0)
			c->dead = true;
	}
}

int chan_listener(struct agent *ag, int fd, struct err *e)
{
	struct chan *c = chan_new(ag);
	int r;

	c->listener = true;
	c->fd_in = c->fd_out = fd;
	c->in.fn = on_accept;
	r = evl_add(ag->evl, &c->in, fd, EPOLLIN);
	return r < 0 ? err_errno(e, -r, "watch the listening socket") : 0;
}

int chan_listen(struct agent *ag, const char *path, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(e, ENAMETOOLONG, "socket path %s is too long", path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	unlink(path);
	if (bind(fd, &sun, sizeof(sun)) < 0 || listen(fd, 64) < 0) {
		int code = errno;

		close(fd);
		return err_errno(e, code, "listen on %s", path);
	}
	return chan_listener(ag, fd, e);
}

void chan_stdio(struct agent *ag)
{
	struct chan *c = chan_new(ag);

	if (chan_watch(c, STDIN_FILENO, STDOUT_FILENO) < 0)
		c->dead = true;
}

/* The device node of the virtio-serial port with that name, from sysfs; NULL: none. Caller frees. */
static char *port_by_name(const char *name)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	char *found = NULL;
	struct dirent *d;

	while (dir && !found && (d = readdir(dir))) {
		_cleanup_free_ char *path = xasprintf("/sys/class/virtio-ports/%s/name", d->d_name);
		_cleanup_fclose_ FILE *f = fopen(path, "re");
		char line[256] = "";

		if (!f || !fgets(line, sizeof(line), f))
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (streq(line, name))
			found = xasprintf("/dev/%s", d->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Systems without udev have no /dev/virtio-ports. */
static int open_device(const char *path)
{
	const char *name = str_after(path, "/dev/virtio-ports/");
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	_cleanup_free_ char *device = fd < 0 && name ? port_by_name(name) : NULL;

	return device ? open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : fd;
}

static void open_port(struct evl_timer *t)
{
	struct chan *c = container_of(t, struct chan, retry);
	int fd = open_device(c->port);

	if (fd < 0 || chan_watch(c, fd, fd) < 0) {
		close_fd(fd);
		c->fd_in = c->fd_out = -1;
		evl_after(c->ag->evl, &c->retry, PORT_RETRY_US);
		return;
	}
	chan_send(c, json_pack("{s:n, s:s, s:o}", "id", "method", "hello", "params",
			       agent_hello(c->ag)));
	pump(c);
}

void chan_port(struct agent *ag, const char *path)
{
	struct chan *c = chan_new(ag);

	c->port = xstrdup(path);
	c->retry.fn = open_port;
	evl_after(ag->evl, &c->retry, 0);
}

void chan_sweep(struct agent *ag)
{
	struct chan **p = &ag->chans;

	while (*p) {
		struct chan *c = *p;

		if (!c->dead) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		if (c->fd_in == STDIN_FILENO)
			ag->quit = true;
		chan_close(c);
		free(c->port);
		free(c);
	}
}

void chan_free_all(struct agent *ag)
{
	for (struct chan *c = ag->chans; c; c = c->next)
		c->dead = true;
	chan_sweep(ag);
}
