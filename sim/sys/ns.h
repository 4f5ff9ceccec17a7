/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces are made and entered here and nowhere else, so that a user namespace around a lab is a
 * field of ns_spec and not a redesign: it is always the first one made, and its id maps are in
 * place before the child runs.
 */
#ifndef OVNBED_SYS_NS_H
#define OVNBED_SYS_NS_H

#include <sched.h>

#include "base/err.h"

/* One contiguous range of ids: [inside, inside + count) stand for [outside, outside + count). */
struct ns_idmap {
	unsigned inside, outside, count;
};

struct ns_spec {
	int flags;		     /* CLONE_NEW*; with CLONE_NEWUSER uids and gids are needed */
	const struct ns_idmap *uids; /* NULL without CLONE_NEWUSER */
	const struct ns_idmap *gids; /* likewise */
	const char *hostname;	     /* with CLONE_NEWUTS; may be NULL */
	bool no_wait;		     /* do not wait for the child to have settled: see ns_fork() */
	bool die_with_parent;	     /* SIGKILL when the caller's thread ends */
};

/*
 * fork() into new namespaces. Returns 0 in the child (id maps written, mount propagation private,
 * loopback up, host name set), the child's pid in the caller. *ret_pidfd (may be NULL) gets a
 * pidfd in the caller. The child shares epoll and other descriptors with the caller: it must close
 * them with fds_close_except() and never touch objects of the caller's event loop. With no_wait a
 * child that cannot settle says why on standard error and exits with status 1; otherwise that is
 * this call's error. On a busy machine the wait is what making many processes in a row costs.
 */
pid_t ns_fork(const struct ns_spec *spec, int *ret_pidfd, struct err *e);

/*
 * What fresh namespaces (flags) need first: mount propagation private, the host name (may be NULL),
 * loopback up. System calls only, so fit for a vforked child. ns_fork() has done it.
 */
int ns_settle(int flags, const char *hostname, struct err *e);

/*
 * Moves the calling process into the namespaces of the process whose /proc/PID directory is
 * proc_dirfd (a path such as /proc/SUPERVISOR/root/proc/PID reaches processes of a nested PID
 * namespace). mask: CLONE_NEW* of those to enter; ones that are already shared are skipped. The
 * user namespace comes first; a PID namespace holds for children only. Root and working directory
 * follow the mount namespace.
 */
int ns_enter(int proc_dirfd, int mask, struct err *e);
/* Descriptor of a namespace ("net", "mnt" …) of process pid in the caller's /proc; pid 0 is the
 * caller. */
int ns_open(pid_t pid, const char *name, struct err *e);
/* Runs fn(arg) inside network namespace netns and comes back; returns fn's value, or -errno. */
int ns_in_net(int netns, int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

/* Closes every descriptor from 3 on but those listed (in any order, negative ones ignored). */
void fds_close_except(const int *keep, size_t n);
/* oom_score_adj of the caller; failure is ignored (an ordinary user may only raise it). */
void oom_score_set(int score);

#endif
