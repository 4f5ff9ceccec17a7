/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/helper_priv.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "virt/virt.h"

#define MAX_THREADS 24u
#define STACK_SIZE (512u << 10)
#define CONNECT_US (10 * USEC_PER_SEC)

/* ---- outbox ---- */

void outbox_put(struct outbox *o, void (*fn)(struct helper *h, void *arg), void *arg)
{
	struct outbox_item *i = xcalloc(1, sizeof(*i));

	i->fn = fn;
	i->arg = arg;
	pthread_mutex_lock(&o->lock);
	*o->tail = i;
	o->tail = &i->next;
	pthread_mutex_unlock(&o->lock);
	eventfd_write(o->fd, 1);
}

static struct outbox_item *outbox_take(struct outbox *o)
{
	struct outbox_item *all;

	pthread_mutex_lock(&o->lock);
	all = TAKE_PTR(o->head);
	o->tail = &o->head;
	pthread_mutex_unlock(&o->lock);
	return all;
}

static int on_outbox(sd_event_source *s, int fd, uint32_t revents, void *arg)
{
	struct helper *h = arg;
	eventfd_t n;

	(void)s;
	(void)revents;
	eventfd_read(fd, &n);
	for (struct outbox_item *i = outbox_take(&h->outbox), *next; i; i = next) {
		next = i->next;
		i->fn(h, i->arg);
		free(i);
	}
	return 0;
}

/* ---- calls ---- */

struct call {
	struct call *next;
	struct helper *h;
	call_fn fn;
	json_t *args;
	call_done_fn done;
	void *arg;
	json_t *result; /* of the thread; NULL: err */
	struct err err;
};

static void run_waiting(struct helper *h);

static void call_finished(struct helper *h, void *arg)
{
	struct call *c = arg;

	h->n_threads--;
	c->done(h, c->arg, c->result, c->result ? NULL : err_msg(&c->err));
	json_decref(c->result);
	json_decref(c->args);
	err_clear(&c->err);
	free(c);
	run_waiting(h);
}

static void *call_thread(void *arg)
{
	struct call *c = arg;

	c->result = c->fn(c->h->conn, c->args, &c->err);
	outbox_put(&c->h->outbox, call_finished, c);
	return NULL;
}

static int start_thread(void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	pthread_attr_t a;
	pthread_t t;
	int r;

	sigfillset(&all);
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&a, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t, &a, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&a);
	return -r;
}

static void run(struct helper *h, struct call *c)
{
	int r;

	h->n_threads++;
	r = start_thread(call_thread, c);
	if (r < 0) {
		err_errno(&c->err, -r, "start a thread");
		outbox_put(&h->outbox, call_finished, c);
	}
}

static void run_waiting(struct helper *h)
{
	while (h->waiting && h->n_threads < MAX_THREADS) {
		struct call *c = h->waiting;

		h->waiting = c->next;
		if (!h->waiting)
			h->waiting_tail = &h->waiting;
		run(h, c);
	}
}

void helper_call(struct helper *h, call_fn fn, json_t *args, bool at_once, call_done_fn done,
		 void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->h = h;
	c->fn = fn;
	c->args = args;
	c->done = done;
	c->arg = arg;
	if (at_once) {
		run(h, c);
		return;
	}
	*h->waiting_tail = c;
	h->waiting_tail = &c->next;
	run_waiting(h);
}

/* ---- RPC ---- */

void helper_notify(struct helper *h, const char *method, json_t *params)
{
	jrpc_notify(h->rpc, method, json_pack("[o]", params));
}

static void answer(struct helper *h, void *arg, json_t *result, const char *why)
{
	_cleanup_json_ json_t *request = arg; /* {"id", "starts": uid or null} */
	const char *uid = jstr(request, "starts", NULL);

	if (uid && !result)
		json_object_del(h->files, uid);
	jrpc_reply(h->rpc, json_object_get(request, "id"), result ? json_incref(result) : NULL,
		   result ? NULL : jstring(why));
}

/*
 * The files of a domain that is to start, so that its end, which may come before the answer, can
 * remove them. False when the domain has some already.
 */
static bool remember_files(struct helper *h, const json_t *args)
{
	const char *uid = jstr(args, "uid", "");
	json_t *paths, *f;
	size_t i;

	if (json_object_get(h->files, uid))
		return false;
	paths = json_array();
	json_array_foreach(json_object_get(args, "files"), i, f)
		if (jstr(f, "path", NULL))
			json_array_append_new(paths, jstring(jstr(f, "path", NULL)));
	if (json_object_size(json_object_get(args, "seed")) && jstr(args, "seed_path", NULL))
		json_array_append_new(paths, jstring(jstr(args, "seed_path", NULL)));
	json_object_set_new(h->files, uid, paths);
	return true;
}

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	const struct helper_method *m = helper_method_find(method);
	struct helper *h = arg;
	json_t *args = json_deep_copy(json_is_array(params) ? json_array_get(params, 0) : params);
	json_t *request;

	if (!json_is_object(args)) {
		json_decref(args);
		args = json_object();
	}
	if (!m || !id) {
		json_decref(args);
		if (id)
			jrpc_reply(j, id, NULL, jstringf("unknown method \"%s\"", method));
		return;
	}
	request = json_pack("{s:o}", "id", json_deep_copy(id));
	if (streq(method, "start") && remember_files(h, args))
		jset_str(request, "starts", jstr(args, "uid", ""));
	helper_call(h, m->fn, args, m->at_once, answer, request);
}

static void on_closed(void *arg, struct jrpc *j, const char *why)
{
	struct helper *h = arg;

	(void)j;
	log_debug("agent: %s", why);
	sd_event_exit(h->ev, h->status);
}

/* ---- libvirt ---- */

static void quiet(void *arg, virErrorPtr e)
{
	(void)arg;
	(void)e;
}

static void *event_thread(void *arg)
{
	(void)arg;
	for (;;)
		if (virEventRunDefaultImpl() < 0)
			log_error("libvirt's event loop: %s", virGetLastErrorMessage());
	return NULL;
}

/* The daemon's socket is there before it answers: tried again within CONNECT_US. */
static int connect_libvirt(struct helper *h, const char *uri, struct err *e)
{
	uint64_t end = mono_usec() + CONNECT_US;

	for (;;) {
		h->conn = virConnectOpen(uri);
		if (h->conn)
			return 0;
		if (mono_usec() > end)
			return call_error(e, "connect to libvirtd");
		poll(NULL, 0, 20);
	}
}

static int on_lost_over(sd_event_source *s, uint64_t usec, void *arg)
{
	struct helper *h = arg;

	(void)s;
	(void)usec;
	return sd_event_exit(h->ev, h->status);
}

/* The last message gets a moment to leave; the agent closing its end is the usual way out. */
static void on_lost(struct helper *h, void *reason)
{
	h->status = 1;
	log_error("connection to libvirtd lost: %s", (const char *)reason);
	helper_notify(h, "lost", json_pack("{s:s}", "reason", (const char *)reason));
	loop_after(h->ev, USEC_PER_SEC, on_lost_over, h, NULL);
}

static void lost(virConnectPtr conn, int reason, void *arg)
{
	static char texts[][24] = {"error", "end of file", "keepalive timed out", "closed",
				   "unknown"};
	struct helper *h = arg;

	(void)conn;
	outbox_put(&h->outbox, on_lost, texts[reason >= 0 && reason < 4 ? reason : 4]);
}

static int start_libvirt(struct helper *h, const char *uri, struct err *e)
{
	int r;

	virSetErrorFunc(NULL, quiet);
	if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
		return call_error(e, "initialize libvirt");
	r = start_thread(event_thread, NULL);
	if (r < 0)
		return err_errno(e, -r, "start a thread");
	r = connect_libvirt(h, uri, e);
	if (r < 0)
		return r;
	/* drivers inside this process (test:) have no connection to watch */
	if (virConnectSetKeepAlive(h->conn, 5, 6) == 0 &&
	    virConnectRegisterCloseCallback(h->conn, lost, h, NULL) < 0)
		return call_error(e, "watch the connection to libvirtd");
	return helper_events(h, e);
}

/* Domains that ran before this helper did: their agents are polled as well. */
static void adopt(struct helper *h, void *arg, json_t *result, const char *why)
{
	json_t *row;
	size_t i;

	(void)arg;
	if (!result)
		log_warn("list domains: %s", why);
	json_array_foreach(result, i, row)
		if (jbool(row, "agent_connected", false))
			guest_connected(h, jstr(row, "uid", ""));
}

static void say_ready(struct helper *h, void *arg, json_t *result, const char *why)
{
	(void)arg;
	helper_notify(h, "ready", result ? json_incref(result) : json_pack("{s:s}", "error", why));
	helper_call(h, call_list, json_object(), true, adopt, NULL);
}

/* ---- main ---- */

static int setup(struct helper *h, int fd, const char *uri, struct err *e)
{
	static const struct jrpc_ops ops = {.request = on_request, .closed = on_closed};
	int r;

	json_object_seed(0); /* before there are threads */
	h->files = json_object();
	h->waiting_tail = &h->waiting;
	h->outbox.tail = &h->outbox.head;
	pthread_mutex_init(&h->outbox.lock, NULL);
	h->outbox.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->outbox.fd < 0)
		return err_errno(e, errno, "eventfd");
	r = sd_event_new(&h->ev);
	if (r >= 0)
		r = sd_event_add_io(h->ev, NULL, h->outbox.fd, POLLIN, on_outbox, h);
	if (r < 0)
		return err_errno(e, -r, "event loop");
	r = start_libvirt(h, uri, e);
	if (r < 0)
		return r;
	h->rpc = jrpc_new(h->ev, fd, &ops, h);
	helper_call(h, call_version, json_object(), true, say_ready, NULL);
	return 0;
}

int helper_run(int fd, const char *uri)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct helper h = {.status = 0};
	int r;

	log_setup("libvirt helper");
	if (setup(&h, fd, uri, &e) < 0) {
		log_error("%s", err_msg(&e));
		return 1;
	}
	r = sd_event_loop(h.ev);
	/* threads may be inside libvirt: the process ends without waiting for them */
	return r < 0 ? 1 : r;
}

int virt_helper_main(int fd)
{
	return helper_run(fd, "qemu:///system");
}
