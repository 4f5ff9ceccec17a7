/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"
#include "probe/netlab_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WAIT_US (60 * USEC_PER_SEC)

/* The agent stands beside the test program. */
static char *agent_path(void)
{
	char self[512], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	return xasprintf("%.*s/ovnbed-agent", (int)(slash - self), self);
}

bool netlab_new(struct netlab *lab)
{
	char dir[] = "/tmp/ovnbed-probe-XXXXXX";

	*lab = (struct netlab){.forwarder = -1};
	lab->agent = getenv("OVNBED_AGENT") ? xstrdup(getenv("OVNBED_AGENT")) : agent_path();
	if (geteuid() != 0 || !lab->agent || access(lab->agent, X_OK) < 0) {
		test_skip("needs root and %s", lab->agent ? lab->agent : "ovnbed-agent");
		free(lab->agent);
		return false;
	}
	if (!mkdtemp(dir) || sd_event_new(&lab->ev) < 0)
		abort();
	lab->dir = xstrdup(dir);
	lab->hub = hub_new(lab->ev);
	return true;
}

static int find(const struct netlab *lab, const char *name)
{
	for (int i = 0; i < NETLAB_MAX; i++)
		if (streq(lab->ns[i].name, name))
			return i;
	return -1;
}

static void reap(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void netlab_free(struct netlab *lab)
{
	hub_free(lab->hub);
	reap(lab->forwarder);
	for (int i = 0; i < NETLAB_MAX; i++) {
		_cleanup_free_ char *sock = xasprintf("%s/%s", lab->dir, lab->ns[i].name);

		reap(lab->ns[i].pid);
		if (lab->ns[i].name[0])
			unlink(sock);
	}
	rmdir(lab->dir);
	free(lab->dir);
	free(lab->agent);
	sd_event_unref(lab->ev);
}

/* In the child: never returns. */
static void be_agent(const struct netlab *lab, const char *sock)
{
	execl(lab->agent, "ovnbed-agent", "--listen", sock, NULL);
	_exit(127);
}

static void be_namespace(const struct netlab *lab, const char *sock, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0 || write(ready, "", 1) != 1)
		_exit(126);
	if (sock)
		be_agent(lab, sock);
	for (;;)
		pause();
}

void netlab_ns(struct netlab *lab, const char *name, bool agent)
{
	_cleanup_free_ char *sock = xasprintf("%s/%s", lab->dir, name);
	int i = find(lab, ""), ready[2];
	char c;

	if (i < 0 || pipe2(ready, O_CLOEXEC) < 0)
		abort();
	snprintf(lab->ns[i].name, sizeof(lab->ns[i].name), "%s", name);
	lab->ns[i].has_agent = agent;
	lab->ns[i].pid = fork();
	if (lab->ns[i].pid == 0)
		be_namespace(lab, agent ? sock : NULL, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		fprintf(stderr, "netlab: no namespace for %s\n", name);
	close(ready[0]);
	netlab_ip(lab, name, "link set dev lo up");
	if (agent)
		hub_add(lab->hub, name, sock);
}

static bool enter(const struct netlab *lab, const char *ns)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)lab->ns[find(lab, ns)].pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

static void be_ip(const struct netlab *lab, const char *ns, char *args)
{
	char *argv[64] = {(char *)"ip"};
	int n = 1;

	for (char *save, *w = strtok_r(args, " ", &save); w && n < 63;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	if (!enter(lab, ns))
		_exit(126);
	execvp("ip", argv);
	_exit(127);
}

bool netlab_ip(struct netlab *lab, const char *ns, const char *fmt, ...)
{
	_cleanup_free_ char *args = NULL, *shown = NULL;
	int status = -1;
	va_list ap;
	pid_t pid;

	va_start(ap, fmt);
	args = xvasprintf(fmt, ap);
	va_end(ap);
	shown = xstrdup(args);
	pid = fork();
	if (pid == 0)
		be_ip(lab, ns, args);
	waitpid(pid, &status, 0);
	if (status != 0)
		fprintf(stderr, "netlab: %s: ip %s failed\n", ns, shown);
	return status == 0;
}

void netlab_link(struct netlab *lab, const char *ns1, const char *if1, const char *ns2,
		 const char *if2)
{
	netlab_ip(lab, ns1, "link add %s type veth peer name %s netns %d", if1, if2,
		  (int)lab->ns[find(lab, ns2)].pid);
	netlab_ip(lab, ns1, "link set dev %s up", if1);
	netlab_ip(lab, ns2, "link set dev %s up", if2);
}

void netlab_router(struct netlab *lab, const char *ns)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = enter(lab, ns) ? open("/proc/sys/net/ipv4/ip_forward", O_WRONLY) : -1;

		_exit(fd >= 0 && write(fd, "1", 1) == 1 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		fprintf(stderr, "netlab: %s does not forward\n", ns);
}

static int open_port(const char *ifname)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sll, sizeof(sll)) < 0)
		_exit(126);
	return fd;
}

static void be_forwarder(const struct netlab *lab, const char *ns, const char *if1, const char *if2,
			 int ready)
{
	static char frame[66000];
	struct pollfd p[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!enter(lab, ns))
		_exit(126);
	p[0] = (struct pollfd){.fd = open_port(if1), .events = POLLIN};
	p[1] = (struct pollfd){.fd = open_port(if2), .events = POLLIN};
	if (write(ready, "", 1) != 1)
		_exit(126);
	while (poll(p, 2, -1) > 0)
		for (int i = 0; i < 2; i++) {
			ssize_t n = p[i].revents ? recv(p[i].fd, frame, sizeof(frame), 0) : 0;

			if (n > 0 && send(p[1 - i].fd, frame, (size_t)n, 0) < 0)
				continue; /* too long for that port: lost */
		}
	_exit(0);
}

void netlab_forward(struct netlab *lab, const char *ns, const char *if1, const char *if2)
{
	int ready[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		abort();
	lab->forwarder = fork();
	if (lab->forwarder == 0)
		be_forwarder(lab, ns, if1, if2, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		fprintf(stderr, "netlab: no forwarder\n");
	close(ready[0]);
}

/* The namespace must outlive its agent: another process holds it meanwhile. */
void netlab_kill(struct netlab *lab, const char *name)
{
	int i = find(lab, name);
	pid_t keeper = fork();

	if (keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (enter(lab, name))
			for (;;)
				pause();
		_exit(126);
	}
	for (int ms = 0; ms < 1000; ms++) { /* until the keeper is in */
		_cleanup_free_ char *a = xasprintf("/proc/%d/ns/net", (int)keeper);
		_cleanup_free_ char *b = xasprintf("/proc/%d/ns/net", (int)lab->ns[i].pid);
		struct stat x, y;

		if (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino)
			break;
		poll(NULL, 0, 1);
	}
	reap(lab->ns[i].pid);
	lab->ns[i].pid = keeper;
}

void netlab_revive(struct netlab *lab, const char *name)
{
	_cleanup_free_ char *sock = xasprintf("%s/%s", lab->dir, name);
	int i = find(lab, name);
	pid_t agent, keeper = lab->ns[i].pid;

	unlink(sock); /* it appears again when the new agent is in the namespace */
	agent = fork();
	if (agent == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!enter(lab, name))
			_exit(126);
		be_agent(lab, sock);
	}
	for (int ms = 0; ms < 5000 && access(sock, F_OK) < 0; ms++)
		poll(NULL, 0, 1);
	lab->ns[i].pid = agent;
	reap(keeper);
}

static int all_ready(void *arg)
{
	struct netlab *lab = arg;

	for (int i = 0; i < NETLAB_MAX; i++)
		if (lab->ns[i].has_agent && !hub_ready(lab->hub, lab->ns[i].name))
			return 0;
	return 1;
}

bool netlab_ready(struct netlab *lab)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (loop_wait(lab->ev, WAIT_US, all_ready, lab, "agents", &e) == 0)
		return true;
	fprintf(stderr, "netlab: %s\n", err_msg(&e));
	return false;
}

struct wait {
	json_t *result;
	bool done;
};

static void on_done(void *arg, json_t *result, const struct err *e)
{
	struct wait *w = arg;

	w->done = true;
	w->result = result ? result : json_object();
	if (e)
		fprintf(stderr, "netlab: %s\n", err_msg(e));
}

static int is_done(void *arg)
{
	struct wait *w = arg;

	return w->done;
}

json_t *netlab_run(struct netlab *lab, netlab_start_fn start, const char *request)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *j = jparse(request, strlen(request), &e);
	struct wait w = {0};
	struct probe_job *job;

	if (!j) {
		fprintf(stderr, "netlab: %s: %s\n", err_msg(&e), request);
		return json_object();
	}
	job = start(lab->hub, j, on_done, &w);
	if (loop_wait(lab->ev, WAIT_US, is_done, &w, "job", &e) < 0) {
		fprintf(stderr, "netlab: %s\n", err_msg(&e));
		probe_cancel(job);
		return json_object();
	}
	return w.result;
}

static void on_called(void *arg, const json_t *result, const struct err *e)
{
	struct wait *w = arg;

	w->done = true;
	w->result = result ? json_deep_copy(result)
			   : json_pack("{s:o, s:i}", "error", jstring(err_msg(e)), "code", e->code);
}

json_t *netlab_call(struct netlab *lab, const char *name, const char *method, const char *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct wait w = {0};

	hub_call(lab->hub, name, method, jparse(params, strlen(params), NULL), WAIT_US, on_called,
		 &w);
	if (loop_wait(lab->ev, 2 * WAIT_US, is_done, &w, method, &e) < 0)
		fprintf(stderr, "netlab: %s\n", err_msg(&e));
	return w.result;
}
