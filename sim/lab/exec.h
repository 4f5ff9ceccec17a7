/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a command inside a node, pod or host of a lab. The caller forks first; the child alone
 * enters the target's namespaces, with descriptors that the caller chooses. For VMs see the guest
 * agent (POST …/exec).
 */
#ifndef OVNBED_LAB_EXEC_H
#define OVNBED_LAB_EXEC_H

#include "base/json.h"

struct client;
struct lab_paths;

/*
 * The pid chain to a node, pod or host (lab/verbs.h, endpoint) for exec_spec.chain, at most max
 * long. Its length, or -errno with e set.
 */
int exec_chain(struct client *client, const struct lab_paths *paths, const char *endpoint,
	       pid_t *chain, size_t max, struct err *e);

struct exec_spec {
	const pid_t *chain; /* supervisor, agent, pod … (lab/launch.h, lab_proc_path()) */
	size_t n;
	const char *const *argv; /* looked up in PATH of envp, inside the target */
	char *const *envp;	 /* NULL: the caller's */
	int fds[3];		 /* what become stdin, stdout, stderr */
};

/*
 * Starts it. Returns the pid of a process that ends with the command's exit status (128 + N for
 * signal N; 126 or 127 when it could not be run, with a message on its stderr), or -errno.
 */
pid_t exec_start(const struct exec_spec *s, struct err *e);
/* Waits for it. Exit status as above, or -errno. */
int exec_wait(pid_t pid, struct err *e);

/*
 * Runs it with stdin from /dev/null and captures stdout and stderr (each up to 16 MiB), for at most
 * timeout_us. *ret: {"code":N,"out":text,"err":text} (new reference).
 */
int exec_capture(const struct exec_spec *s, uint64_t timeout_us, json_t **ret, struct err *e);

#endif
