/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#define MAX_TARGETS 32
#define RESEND_US (100 * USEC_PER_MSEC)
#define DEFAULT_TIMEOUT 1.0

struct target {
	const char *ip; /* of the request */
	int family;
	struct sockaddr_storage sa;
	bool reached;
};

struct reach {
	struct agent *a;
	json_t *id, *list;
	struct target v[MAX_TARGETS];
	size_t n;
	uint16_t echo_id;
	int fd4, fd6;
	sd_event_source *io4, *io6, *resend, *deadline;
};

static bool complete(const struct reach *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].reached)
			return false;
	return true;
}

static void finish(struct reach *r)
{
	json_t *reached = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].reached)
			json_array_append_new(reached, json_string(r->v[i].ip));
	jrpc_reply(r->a->sup, r->id, json_pack("{s:o}", "reached", reached), NULL);
	sd_event_source_disable_unref(r->io4);
	sd_event_source_disable_unref(r->io6);
	sd_event_source_disable_unref(r->resend);
	sd_event_source_disable_unref(r->deadline);
	close_fd(r->fd4);
	close_fd(r->fd6);
	json_decref(r->id);
	json_decref(r->list);
	free(r);
}

/* ---- echoes ---- */

static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void send_echo(struct reach *r, size_t i)
{
	const struct target *t = &r->v[i];
	bool v6 = t->family == AF_INET6;
	struct icmphdr m = {.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};

	m.un.echo.id = htons(r->echo_id);
	m.un.echo.sequence = htons((uint16_t)i);
	if (!v6) /* the kernel does it for ICMPv6 */
		m.checksum = checksum(&m, sizeof(m));
	/* Whether it can be sent at all is part of the question. */
	(void)!sendto(v6 ? r->fd6 : r->fd4, &m, sizeof(m), 0, (const struct sockaddr *)&t->sa,
		      v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
}

static int on_resend(sd_event_source *s, uint64_t usec, void *arg)
{
	struct reach *r = arg;

	(void)s;
	(void)usec;
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].reached)
			send_echo(r, i);
	r->resend = sd_event_source_disable_unref(r->resend);
	loop_after(r->a->ev, RESEND_US, on_resend, r, &r->resend);
	return 0;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	finish(arg);
	return 0;
}

/* skip: bytes of IP header in front, which a raw IPv6 socket does not show. */
static void take(struct reach *r, const uint8_t *buf, size_t len, size_t skip, uint8_t type)
{
	struct icmphdr m;
	size_t i;

	if (len < skip + sizeof(m))
		return;
	memcpy(&m, buf + skip, sizeof(m));
	i = ntohs(m.un.echo.sequence);
	if (m.type == type && ntohs(m.un.echo.id) == r->echo_id && i < r->n)
		r->v[i].reached = true;
}

static int on_input(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct reach *r = arg;
	uint8_t buf[512];
	ssize_t n;

	(void)s;
	(void)events;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (fd == r->fd6)
			take(r, buf, (size_t)n, 0, ICMP6_ECHO_REPLY);
		else
			take(r, buf, (size_t)n, (size_t)(buf[0] & 15) * 4, ICMP_ECHOREPLY);
	}
	if (complete(r))
		finish(r);
	return 0;
}

/* ---- request ---- */

static bool add_target(struct reach *r, const char *ip)
{
	struct target *t = &r->v[r->n];
	struct sockaddr_in6 *sa6 = (void *)&t->sa;
	struct sockaddr_in *sa4 = (void *)&t->sa;

	t->ip = ip;
	t->family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	t->sa.ss_family = (sa_family_t)t->family;
	if (inet_pton(t->family, ip,
		      t->family == AF_INET6 ? (void *)&sa6->sin6_addr : &sa4->sin_addr) != 1)
		return false;
	r->n++;
	return true;
}

static int open_family(struct reach *r, int family, int *ret_fd, sd_event_source **ret)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	*ret_fd = fd;
	return fd < 0 ? -errno : sd_event_add_io(r->a->ev, ret, fd, EPOLLIN, on_input, r);
}

static void open_sockets(struct reach *r)
{
	bool v4 = false, v6 = false;

	for (size_t i = 0; i < r->n; i++) {
		v4 |= r->v[i].family == AF_INET;
		v6 |= r->v[i].family == AF_INET6;
	}
	if (v4 && open_family(r, AF_INET, &r->fd4, &r->io4) < 0)
		log_warn("probe of the node's network: no socket for ICMP");
	if (v6 && open_family(r, AF_INET6, &r->fd6, &r->io6) < 0)
		log_warn("probe of the node's network: no socket for ICMPv6");
}

void reach_request(struct agent *a, const json_t *params, const json_t *id)
{
	struct reach *r = xcalloc(1, sizeof(*r));
	const json_t *timeout = json_object_get(params, "timeout");
	double seconds = json_is_number(timeout) ? json_number_value(timeout) : DEFAULT_TIMEOUT;
	json_t *ip;
	size_t i;

	r->a = a;
	r->fd4 = r->fd6 = -1;
	r->id = json_incref((json_t *)(uintptr_t)id);
	r->list = json_deep_copy(json_object_get(params, "targets"));
	r->echo_id = (uint16_t)mono_usec();
	json_array_foreach(r->list, i, ip)
		if (json_is_string(ip) && r->n < MAX_TARGETS)
			add_target(r, json_string_value(ip));
	if (complete(r)) {
		finish(r);
		return;
	}
	open_sockets(r);
	loop_after(a->ev, (uint64_t)(seconds * 1e6), on_deadline, r, &r->deadline);
	on_resend(NULL, 0, r);
}
