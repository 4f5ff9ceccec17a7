/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: server and client over a real unix socket in a temporary directory, without root. The
 * server runs in the test's own loop, the client, which blocks, in a thread; the two share nothing
 * but the socket, and the client's assertions are made while the loop waits.
 */
#ifndef OVNBED_LAB_HTTP_TESTING_H
#define OVNBED_LAB_HTTP_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/jrpc.h"
#include "lab/apiserver_priv.h"
#include "lab/client.h"
#include "test/test.h"

struct fixture {
	sd_event *ev;
	struct store *store;
	struct apiserver *s;
	char dir[32], *sock;
	int done[2];
	void (*prepare)(struct fixture *f); /* before it serves; may be NULL */
	void (*client)(struct fixture *f);
	void *arg;
	int cancelled;
};

static inline void *client_thread(void *arg)
{
	struct fixture *f = arg;

	f->client(f);
	if (write(f->done[1], "x", 1) != 1)
		abort();
	return NULL;
}

static inline int on_done(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	(void)src;
	(void)fd;
	(void)events;
	return sd_event_exit(((struct fixture *)arg)->ev, 0);
}

static inline int listen_at(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 64) < 0)
		return close_fd(fd);
	return fd;
}

static inline bool set_up(struct fixture *f)
{
	struct store_config config = {.seed = 1};
	_cleanup_err_ struct err e = ERR_INIT;
	int fd;

	snprintf(f->dir, sizeof(f->dir), "/tmp/ovnbed-http-XXXXXX");
	if (!mkdtemp(f->dir) || pipe2(f->done, O_CLOEXEC) < 0)
		return false;
	f->sock = xasprintf("%s/api.sock", f->dir);
	f->store = store_new(&config);
	fd = listen_at(f->sock);
	if (fd < 0 || sd_event_new(&f->ev) < 0)
		return false;
	f->s = apiserver_new(f->ev, fd, f->store, &e);
	if (f->s && f->prepare)
		f->prepare(f);
	return f->s && sd_event_add_io(f->ev, NULL, f->done[0], EPOLLIN, on_done, f) >= 0;
}

static inline void tear_down(struct fixture *f)
{
	apiserver_free(f->s);
	sd_event_unref(f->ev);
	store_free(f->store);
	close_fd(f->done[0]);
	close_fd(f->done[1]);
	unlink(f->sock);
	rmdir(f->dir);
	free(f->sock);
}

/* Runs the client against a fresh server until it returns. */
static inline void serve(struct fixture *f, void (*client)(struct fixture *f))
{
	pthread_t t;

	f->client = client;
	if (!TEST_ROW(set_up(f), "set up", "%s", strerror(errno)) ||
	    pthread_create(&t, NULL, client_thread, f) != 0)
		return;
	sd_event_loop(f->ev);
	pthread_join(t, NULL);
}

static inline struct client *new_client(struct fixture *f)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct client *c = client_open(f->sock, &e);

	TEST_ROW(c != NULL, "client", "%s", err_msg(&e));
	return c;
}

#endif
