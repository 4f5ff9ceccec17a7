/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vm_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "agent/vms.h"
#include "sys/ns.h"
#include "virt/virt.h"

#define LOG_FILE "/var/log/libvirt/helper.log"

struct vm_helper {
	struct agent *a;
	pid_t pid;
	int pidfd;
	struct jrpc *rpc;
	bool ready;
};

static const json_t *first(const json_t *params)
{
	return json_is_array(params) ? json_array_get(params, 0) : params;
}

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct vm_helper *h = arg;

	if (id)
		jrpc_reply(j, id, NULL, jstringf("unknown method \"%s\"", method));
	if (streq(method, "ready")) {
		h->ready = true;
		vms_helper_ready(h->a);
	} else {
		vms_helper_event(h->a, method, first(params));
	}
}

/* Its end is told once, by the reaper, with the exit status. */
static const struct jrpc_ops ops = {.request = on_request};

static void on_end(void *arg, pid_t pid, int wstatus)
{
	struct vm_helper *h = arg;
	_cleanup_free_ char *text = proc_status_text(wstatus);
	_cleanup_json_ json_t *log = proc_log_tail(LOG_FILE, 1);
	_cleanup_free_ char *why =
		xasprintf("the libvirt helper ended: %s; %s", text, jstr(log, "0", "no log"));

	(void)pid;
	h->pid = 0;
	h->ready = false;
	vms_helper_gone(h->a, why);
}

static _Noreturn void child(int fd)
{
	int log = open(LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	sigset_t none;

	prctl(PR_SET_NAME, "ovnbed-virt");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	fds_close_except(&fd, 1);
	_exit(virt_helper_main(fd));
}

int vm_helper_new(struct agent *a, struct vm_helper **ret, struct err *e)
{
	struct vm_helper *h;
	int sp[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) < 0)
		return err_errno(e, errno, "socketpair");
	/* fork(2) by the C library, which libvirt's threads need to be told of. */
	pid = fork();
	if (pid == 0)
		child(sp[1]);
	close(sp[1]);
	if (pid < 0) {
		close(sp[0]);
		return err_errno(e, errno, "fork the libvirt helper");
	}
	h = xcalloc(1, sizeof(*h));
	h->a = a;
	h->pid = pid;
	h->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	h->rpc = jrpc_new(a->ev, sp[0], &ops, h);
	reaper_watch(a->reaper, pid, on_end, h);
	*ret = h;
	return 0;
}

void vm_helper_free(struct vm_helper *h)
{
	if (!h)
		return;
	if (h->pid) {
		reaper_unwatch(h->a->reaper, h->pid);
		proc_kill(h->pidfd, SIGKILL, NULL);
	}
	close_fd(h->pidfd);
	jrpc_free(h->rpc);
	free(h);
}

bool vm_helper_ready(const struct vm_helper *h)
{
	return h && h->ready;
}

void vm_helper_call(struct vm_helper *h, const char *method, json_t *args, uint64_t timeout_us,
		    jrpc_reply_fn reply, void *arg)
{
	_cleanup_json_ json_t *why = NULL;
	long r;

	if (!vm_helper_ready(h)) {
		json_decref(args);
		why = json_string("libvirt is not running on this node");
		reply(arg, NULL, why);
		return;
	}
	r = jrpc_call(h->rpc, method, json_pack("[o]", args), timeout_us, reply, arg);
	if (r < 0) {
		why = jstringf("libvirt helper: %s", strerror((int)-r));
		reply(arg, NULL, why);
	}
}
