/* SPDX-License-Identifier: Apache-2.0 */
/* Method listen: the set of listening sockets. */
#include "probe/guest/server.h"

#include <errno.h>
#include <sys/socket.h>

#define BACKLOG 4096
#define ACCEPTS_PER_WAKE 64

struct listener {
	struct listener *next;
	struct server *s;
	struct evl_io io;
	int fd, family;
	bool tcp, wanted;
	uint16_t port;
};

struct server *server_new(struct evl *evl)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->evl = evl;
	return s;
}

const char *server_identity(const struct server *s)
{
	return s->identity;
}

static void listener_free(struct server *s, struct listener *l)
{
	evl_del(s->evl, &l->io);
	close_fd(l->fd);
	free(l);
}

void server_free(struct server *s)
{
	struct listener *l;

	if (!s)
		return;
	server_tcp_close_all(s);
	while ((l = s->listeners)) {
		s->listeners = l->next;
		listener_free(s, l);
	}
	free(s);
}

static void on_listener(struct evl_io *io, uint32_t events UNUSED)
{
	struct listener *l = container_of(io, struct listener, io);

	if (!l->tcp) {
		server_udp_answer(l->s, l->fd);
		return;
	}
	for (int i = 0; i < ACCEPTS_PER_WAKE; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		server_tcp_accept(l->s, fd);
	}
}

static int bind_listener(struct listener *l)
{
	struct addr any = {.family = l->family};
	int one = 1;
	union sa sa;
	socklen_t len = addr_sockaddr(&any, l->port, 0, &sa);

	if (l->tcp)
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (l->family == 6)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (!l->tcp && server_udp_setup(l->fd, l->family) < 0)
		return -errno;
	if (bind(l->fd, &sa.sa, len) < 0)
		return -errno;
	if (l->tcp && listen(l->fd, BACKLOG) < 0)
		return -errno;
	return evl_add(l->s->evl, &l->io, l->fd, EPOLLIN);
}

static int listener_open(struct server *s, const struct listener *spec)
{
	struct listener *l = xmemdup(spec, sizeof(*spec));
	int r;

	l->s = s;
	l->io = (struct evl_io){.fn = on_listener, .fd = -1};
	l->fd = socket(l->family == 6 ? AF_INET6 : AF_INET,
		       (l->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = l->fd < 0 ? -errno : bind_listener(l);
	if (r < 0) {
		listener_free(s, l);
		return r;
	}
	l->next = s->listeners;
	s->listeners = l;
	return 0;
}

static struct listener *listener_find(struct server *s, const struct listener *spec)
{
	for (struct listener *l = s->listeners; l; l = l->next)
		if (l->tcp == spec->tcp && l->port == spec->port && l->family == spec->family)
			return l;
	return NULL;
}

static int parse_spec(const json_t *j, struct listener *ret, struct err *e)
{
	const char *proto = jstr(j, "proto", "");
	long long port = jint(j, "port", 0), family = jint(j, "family", 4);

	if (!streq(proto, "tcp") && !streq(proto, "udp"))
		return err_set(e, EINVAL, "specs: proto \"%s\" is neither tcp nor udp", proto);
	if (port < 1 || port > 65535)
		return err_set(e, EINVAL, "specs: port %lld is out of range", port);
	if (family != 4 && family != 6)
		return err_set(e, EINVAL, "specs: family %lld is neither 4 nor 6", family);
	*ret = (struct listener){.tcp = streq(proto, "tcp"),
				 .port = (uint16_t)port,
				 .family = (int)family,
				 .wanted = true};
	return 0;
}

static void close_unwanted(struct server *s)
{
	struct listener **p = &s->listeners;

	while (*p) {
		struct listener *l = *p;

		if (l->wanted) {
			p = &l->next;
			continue;
		}
		*p = l->next;
		listener_free(s, l);
	}
}

/* Opens one; its fate goes to listening or failed. */
static int ensure(struct server *s, const json_t *spec, json_t *listening, json_t *failed,
		  struct err *e)
{
	struct listener want, *l;
	json_t *bad;
	int r = parse_spec(spec, &want, e);

	if (r < 0)
		return r;
	l = listener_find(s, &want);
	r = l ? 0 : listener_open(s, &want);
	if (l)
		l->wanted = true;
	if (r == 0) {
		json_array_append(listening, (json_t *)spec);
		return 0;
	}
	bad = json_copy((json_t *)spec);
	jset(bad, "errno", json_integer(-r));
	jset(bad, "error", jstring(strerror(-r)));
	json_array_append_new(failed, bad);
	return 0;
}

static int listen_method(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *listening = json_array(), *failed = json_array();
	const json_t *specs = json_object_get(params, "specs"), *spec;
	const char *identity = jstr(params, "identity", NULL);
	size_t i;

	if (!identity || strlen(identity) > PROBE_MAX_IDENTITY)
		return err_set(e, EINVAL, "identity: up to %d bytes are required",
			       PROBE_MAX_IDENTITY);
	snprintf(ag->server->identity, sizeof(ag->server->identity), "%s", identity);
	for (struct listener *l = ag->server->listeners; l; l = l->next)
		l->wanted = !jbool(params, "exact", false);
	json_array_foreach(specs, i, spec)
		if (ensure(ag->server, spec, listening, failed, e) < 0)
			return -EINVAL;
	close_unwanted(ag->server);
	*ret = json_pack("{s:O, s:O}", "listening", listening, "failed", failed);
	return 0;
}

const struct method server_methods[] = {{"listen", listen_method, NULL}, {0}};
