/* SPDX-License-Identifier: Apache-2.0 */
/* A small event loop: epoll and timers. Sources are embedded in their owners and removed by them. */
#ifndef OVNBED_PROBE_GUEST_EVL_H
#define OVNBED_PROBE_GUEST_EVL_H

#include <sys/epoll.h>

#include "base/log.h"

struct evl;

struct evl_io {
	void (*fn)(struct evl_io *io, uint32_t events);
	int fd; /* -1 while not added; not closed by evl_del() */
};

struct evl_timer {
	void (*fn)(struct evl_timer *t);
	uint64_t at;  /* monotonic, microseconds */
	size_t index; /* in the heap, from 1; 0 while not set */
};

struct evl *evl_new(void);
void evl_free(struct evl *l);
/* 0 or -errno. The source is known by its address: it must not move. */
int evl_add(struct evl *l, struct evl_io *io, int fd, uint32_t events);
void evl_mod(struct evl *l, struct evl_io *io, uint32_t events);
/* Also drops events of this round that were not delivered yet. Twice is harmless. */
void evl_del(struct evl *l, struct evl_io *io);
/* (Re)arms in delay_us from now. */
void evl_after(struct evl *l, struct evl_timer *t, uint64_t delay_us);
void evl_cancel(struct evl *l, struct evl_timer *t);
/* Waits for and delivers one round. 0 or -errno. */
int evl_run(struct evl *l);

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
