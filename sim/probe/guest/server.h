/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners that answer probes with their identity. */
#ifndef OVNBED_PROBE_GUEST_SERVER_H
#define OVNBED_PROBE_GUEST_SERVER_H

#include "probe/guest/addr.h"
#include "probe/guest/agent.h"

struct server {
	struct evl *evl;
	struct listener *listeners;
	struct conn *conns;
	size_t n_conns;
	char identity[PROBE_MAX_IDENTITY + 1];
};

struct server *server_new(struct evl *evl);

/* server_tcp.c: takes over an accepted connection. */
void server_tcp_accept(struct server *s, int fd);
void server_tcp_close_all(struct server *s);
/* server_udp.c: answers what has arrived on a UDP socket. */
int server_udp_setup(int fd, int family);
void server_udp_answer(struct server *s, int fd);

#endif
