/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the libvirt helper. The main thread owns the loop, the RPC and the table of domains; one
 * thread runs libvirt's event loop; each blocking call has a thread of its own. What these have to
 * say goes to the main thread through the outbox.
 */
#ifndef OVNBED_VIRT_HELPER_PRIV_H
#define OVNBED_VIRT_HELPER_PRIV_H

#include <libvirt/libvirt.h>
#include <pthread.h>

#include "base/jrpc.h"

struct helper;

/* What a thread leaves for the main one: fn runs there, with arg. */
struct outbox_item {
	struct outbox_item *next;
	void (*fn)(struct helper *h, void *arg);
	void *arg;
};
struct outbox {
	pthread_mutex_t lock;
	struct outbox_item *head, **tail;
	int fd; /* eventfd: items are waiting */
};
/* From any thread. */
void outbox_put(struct outbox *o, void (*fn)(struct helper *h, void *arg), void *arg);

/*
 * A blocking call, run in a thread: result (new reference), or NULL with e set. args are its own
 * copy.
 */
typedef json_t *(*call_fn)(virConnectPtr conn, const json_t *args, struct err *e);
/* Its end, in the main thread: result (borrowed) or NULL and why. */
typedef void (*call_done_fn)(struct helper *h, void *arg, json_t *result, const char *why);

struct guest; /* a domain that runs, helper_guest.c */

struct helper {
	sd_event *ev;
	struct jrpc *rpc;
	virConnectPtr conn;
	struct outbox outbox;
	struct call *waiting, **waiting_tail; /* calls for which no thread is free */
	unsigned n_threads;
	struct guest *guests;
	json_t *files; /* {uid: [path]}: removed when the domain has stopped */
	int status;    /* exit status */
};

/* virt_helper_main() for any libvirt URI. */
int helper_run(int fd, const char *uri);

/* Starts a call; at_once: even when many run already. args are stolen. */
void helper_call(struct helper *h, call_fn fn, json_t *args, bool at_once, call_done_fn done,
		 void *arg);
void helper_notify(struct helper *h, const char *method, json_t *params);

/* Methods of virt.h, by name. */
struct helper_method {
	const char *name;
	call_fn fn;
	bool at_once;
};
const struct helper_method *helper_method_find(const char *name);
json_t *call_list(virConnectPtr conn, const json_t *args, struct err *e);
json_t *call_guest(virConnectPtr conn, const json_t *args, struct err *e);
json_t *call_version(virConnectPtr conn, const json_t *args, struct err *e);
/* The domain with args.uid, or NULL with e set. Free with virDomainFree(). */
virDomainPtr call_domain(virConnectPtr conn, const json_t *args, struct err *e);
/* err_set() with libvirt's last message; returns -EIO. */
int call_error(struct err *e, const char *what);
static inline void domain_freep(virDomainPtr *d)
{
	if (*d)
		virDomainFree(*d);
}
#define _cleanup_domain_ _cleanup_(domain_freep)

/* Registers libvirt's event callbacks. */
int helper_events(struct helper *h, struct err *e);

/* The agent of a domain has come or gone; gone also when the domain has. */
void guest_connected(struct helper *h, const char *uid);
void guest_gone(struct helper *h, const char *uid);

#endif
