/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/evl.h"

#include <errno.h>

#define ROUND 64

struct evl {
	int epfd;
	struct epoll_event round[ROUND];
	int n_round, at;
	struct evl_timer **heap; /* heap[1..n], earliest first */
	size_t n, cap;
};

struct evl *evl_new(void)
{
	struct evl *l = xcalloc(1, sizeof(*l));

	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0)
		abort();
	return l;
}

void evl_free(struct evl *l)
{
	if (!l)
		return;
	close_fd(l->epfd);
	free(l->heap);
	free(l);
}

int evl_add(struct evl *l, struct evl_io *io, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = io};

	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	io->fd = fd;
	return 0;
}

void evl_mod(struct evl *l, struct evl_io *io, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = io};

	epoll_ctl(l->epfd, EPOLL_CTL_MOD, io->fd, &ev);
}

void evl_del(struct evl *l, struct evl_io *io)
{
	if (io->fd < 0)
		return;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, io->fd, NULL);
	io->fd = -1;
	for (int i = l->at; i < l->n_round; i++)
		if (l->round[i].data.ptr == io)
			l->round[i].data.ptr = NULL;
}

static void heap_put(struct evl *l, size_t i, struct evl_timer *t)
{
	l->heap[i] = t;
	t->index = i;
}

static void heap_up(struct evl *l, struct evl_timer *t)
{
	size_t i = t->index;

	for (; i > 1 && l->heap[i / 2]->at > t->at; i /= 2)
		heap_put(l, i, l->heap[i / 2]);
	heap_put(l, i, t);
}

static void heap_down(struct evl *l, struct evl_timer *t)
{
	size_t i = t->index, c;

	for (; (c = i * 2) <= l->n; i = c) {
		if (c < l->n && l->heap[c + 1]->at < l->heap[c]->at)
			c++;
		if (l->heap[c]->at >= t->at)
			break;
		heap_put(l, i, l->heap[c]);
	}
	heap_put(l, i, t);
}

void evl_cancel(struct evl *l, struct evl_timer *t)
{
	struct evl_timer *last;
	size_t i = t->index;

	if (!i)
		return;
	t->index = 0;
	last = l->heap[l->n--];
	if (last == t)
		return;
	heap_put(l, i, last);
	heap_up(l, last);
	heap_down(l, last);
}

void evl_after(struct evl *l, struct evl_timer *t, uint64_t delay_us)
{
	evl_cancel(l, t);
	if (l->n + 1 >= l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->heap = xrealloc(l->heap, l->cap * sizeof(struct evl_timer *));
	}
	t->at = mono_usec() + delay_us;
	heap_put(l, ++l->n, t);
	heap_up(l, t);
}

static int wait_ms(const struct evl *l)
{
	uint64_t now = mono_usec();

	if (!l->n)
		return -1;
	if (l->heap[1]->at <= now)
		return 0;
	return (int)MIN((l->heap[1]->at - now + 999) / 1000, 3600000u);
}

static void run_timers(struct evl *l)
{
	uint64_t now = mono_usec();

	while (l->n && l->heap[1]->at <= now) {
		struct evl_timer *t = l->heap[1];

		evl_cancel(l, t);
		t->fn(t);
	}
}

int evl_run(struct evl *l)
{
	int n = epoll_wait(l->epfd, l->round, ROUND, wait_ms(l));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	l->n_round = n;
	for (l->at = 0; l->at < l->n_round;) {
		struct epoll_event ev = l->round[l->at++];
		struct evl_io *io = ev.data.ptr;

		if (io)
			io->fn(io, ev.events);
	}
	l->n_round = l->at = 0;
	run_timers(l);
	return 0;
}
