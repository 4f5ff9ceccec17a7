/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: an argv vector, never a shell; a pidfd; a log file each; one reaper a process,
 * which also buries orphans when the process is PID 1 of its namespace.
 */
#ifndef OVNBED_SYS_PROC_H
#define OVNBED_SYS_PROC_H

#include "base/json.h"
#include "base/loop.h"

struct proc_spec {
	const char *path;	 /* absolute path of the program */
	const char *const *argv; /* NULL-terminated, argv[0] included */
	const char *const *envp; /* NULL-terminated; NULL: the caller's */
	const char *cwd;	 /* NULL: the caller's */
	int stdin_fd;		 /* -1: /dev/null */
	int log_fd;		 /* stdout and stderr; -1: the caller's */
	int keep_fd;		 /* one more descriptor the child keeps (same number), -1: none */
	int netns_fd;		 /* entered before exec; -1: the caller's */
	int unshare;	      /* CLONE_NEW* made and settled (ns_settle()) before exec; 0: none */
	const char *hostname; /* with CLONE_NEWUTS; may be NULL */
	int pdeathsig;	      /* 0: none */
	uid_t uid;	      /* with gid; 0: unchanged */
	gid_t gid;
	/*
	 * Runs in the child just before exec. It shares the caller's memory (vfork) and may make
	 * system calls only; a message goes to e.
	 */
	int (*setup)(void *arg, struct err *e);
	void *arg;
};
#define PROC_SPEC_INIT                                                      \
	{                                                                   \
		.stdin_fd = -1, .log_fd = -1, .keep_fd = -1, .netns_fd = -1 \
	}

/*
 * Starts the program and returns its pid once exec has succeeded; *ret_pidfd (may be NULL) gets a
 * pidfd. Signal mask and dispositions are reset in the child. A failure on the way to exec is
 * reported here, and then no child is left.
 */
pid_t proc_spawn(const struct proc_spec *s, int *ret_pidfd, struct err *e);

/* "exit 1", "signal 9 (KILL)", "signal 11 (SEGV), core dumped" for a wait status. Caller frees. */
char *proc_status_text(int wstatus);
/* The last n lines of a file (at most 64 kB are read), as an array of strings; empty when
 * unreadable. */
json_t *proc_log_tail(const char *path, size_t n);
/* Opens a log file for appending, making its directory. fd >= 0 or -errno. */
int proc_log_open(const char *path, struct err *e);
/* Sends a signal through a pidfd; a process that is gone already is fine. */
int proc_kill(int pidfd, int sig, struct err *e);

/* pid has ended with wait status wstatus. The watch is over when this is called. */
typedef void (*reaper_fn)(void *arg, pid_t pid, int wstatus);
struct reaper;
/*
 * Takes SIGCHLD of the calling process (blocks it and handles it on ev) and waits for all children.
 * Those nobody watches are buried silently.
 */
int reaper_new(sd_event *ev, struct reaper **ret, struct err *e);
void reaper_free(struct reaper *r);
/* To be called before control returns to the loop after pid was started. */
void reaper_watch(struct reaper *r, pid_t pid, reaper_fn fn, void *arg);
/* Forgets the watch; the process is still buried. */
void reaper_unwatch(struct reaper *r, pid_t pid);

#endif
