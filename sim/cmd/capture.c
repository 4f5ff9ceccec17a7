/* SPDX-License-Identifier: Apache-2.0 */
/* capture WHERE… [-w FILE] [FILTER…] */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "base/buf.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "lab/capture.h"

struct capture_args {
	const char *lab, *write, *direction;
	long long count;
	uint64_t duration;
};

static const struct opt capture_opts[] = {
	SESSION_OPT(struct capture_args),
	{"write", 'w', OPT_STRING, offsetof(struct capture_args, write), "FILE",
	 "Write a pcap file (-: to standard output) instead of text", NULL},
	{"count", 'c', OPT_INT, offsetof(struct capture_args, count), "N",
	 "End after N frames that match", NULL},
	{"duration", 0, OPT_DURATION, offsetof(struct capture_args, duration), "TIME",
	 "End after this time", NULL},
	{"direction", 0, OPT_STRING, offsetof(struct capture_args, direction), "in|out",
	 "Only frames that come in, or go out, at the interface (default: both)", NULL},
	{0},
};

struct places {
	struct capture_place *v;
	size_t n;
};

static void places_free(struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		capture_place_free(&p->v[i]);
	free(p->v);
}
#define _cleanup_places_ _cleanup_(places_free)

/* Words of filters never look like this. */
static bool is_place(const char *word)
{
	static const char *const kinds[] = {"node/", "pod/", "vm/", "host/", "switch/"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_after(word, kinds[i]))
			return true;
	return streq(word, "fabric") || str_after(word, "fabric:");
}

static char *join_filter(const struct operands *ops, int from)
{
	struct buf b = BUF_INIT;

	for (int i = from; i < ops->n; i++)
		buf_printf(&b, "%s%s", i > from ? " " : "", ops->v[i]);
	return b.len ? buf_take(&b) : NULL;
}

static int find_places(struct session *s, const struct operands *ops, int n, const char *filter,
		       const char *direction, int fd, struct places *ret, struct err *e)
{
	for (int i = 0; i < n; i++) {
		int r = capture_resolve(s->client, &s->paths, ops->v[i], &ret->v, &ret->n, e);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ret->n; i++) {
		ret->v[i].filter = xstrdup(filter);
		ret->v[i].fd = fd;
		ret->v[i].direction = direction;
	}
	return 0;
}

/* Ends with the capture, or ends the capture at a signal. */
static int wait_for_end(struct capture *c, int signals, json_t **ret, struct err *e)
{
	struct pollfd p[2] = {{.fd = signals, .events = POLLIN},
			      {.fd = capture_fd(c), .events = POLLIN}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents && !p[1].revents ? capture_stop(c, ret, e) : capture_wait(c, ret, e);
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void print_vlans(const json_t *vlans)
{
	const char *tag;
	json_t *n;
	int i = 0;

	json_object_foreach((json_t *)vlans, tag, n)
		fprintf(stderr, "%s%s%s %lld", i++ ? ", " : "; ",
			streq(tag, "untagged") ? "" : "vlan ", tag,
			(long long)json_integer_value(n));
}

static void print_counts(const json_t *result)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(result, "places"), i, p) {
		fprintf(stderr, "%s: %lld frames captured of %lld seen", jstr(p, "at", "?"),
			jint(p, "frames", 0), jint(p, "seen", 0));
		print_vlans(json_object_get(p, "vlans"));
		if (jint(p, "dropped", 0))
			fprintf(stderr, "; %lld lost by the kernel", jint(p, "dropped", 0));
		if (jstr(p, "why", NULL))
			fprintf(stderr, "; ended early: %s", jstr(p, "why", ""));
		fputc('\n', stderr);
	}
}

static int capture(struct session *s, const struct capture_args *a, const struct operands *ops,
		   int n, int fd, struct err *e)
{
	_cleanup_free_ char *filter = join_filter(ops, n);
	_cleanup_places_ struct places places = {0};
	_cleanup_capture_ struct capture *c = NULL;
	_cleanup_json_ json_t *result = NULL;
	struct capture_spec spec = {.count = a->count,
				    .duration_us = a->duration,
				    .text_fd = fd < 0 ? STDOUT_FILENO : -1};
	int r = find_places(s, ops, n, filter, a->direction, fd, &places, e), signals;

	if (r < 0)
		return r;
	spec.places = places.v;
	spec.n = places.n;
	signals = block_signals();
	r = capture_start(&spec, &c, e);
	if (r == 0) {
		fprintf(stderr, "capturing; end with Ctrl-C\n");
		r = wait_for_end(c, signals, &result, e);
	}
	if (r == 0)
		print_counts(result);
	close_fd(signals);
	return r;
}

/* Opened here and not by the process that has rights inside the lab. -1: text is wanted. */
static int open_output(const char *file, int *ret, struct err *e)
{
	*ret = -1;
	if (!file)
		return 0;
	*ret = streq(file, "-") ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
				: open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return *ret < 0 ? err_errno(e, errno, "%s", file) : 0;
}

static int run(int argc, char **argv)
{
	struct capture_args a = {0};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_close_ int fd = -1;
	struct operands ops;
	int r, n = 0;

	if (opts_parse(&cmd_capture, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	while (n < ops.n && is_place(ops.v[n]))
		n++;
	if (!n && ops.n)
		return cmd_error(CMD_USAGE,
				 "\"%s\" is no place: expected node/NAME, pod/NAME, vm/NAME, "
				 "host/NAME, switch/NAME or fabric, each with :INTERFACE for one",
				 ops.v[0]);
	if (!n)
		return cmd_error(CMD_USAGE, "expected WHERE[:INTERFACE]…");
	if (a.write && streq(a.write, "-") && isatty(STDOUT_FILENO))
		return cmd_error(CMD_USAGE, "-w -: standard output is a terminal");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	if (open_output(a.write, &fd, &e) < 0 || capture(&s, &a, &ops, n, fd, &e) < 0)
		return cmd_err(&e);
	return CMD_OK;
}

const struct cmd cmd_capture = {
	.name = "capture",
	.args = "WHERE[:INTERFACE]… [FILTER…]",
	.summary = "Capture frames anywhere in the lab",
	.help = "WHERE is node/NAME, pod/NAME, host/NAME, vm/NAME (its taps in its node),\n"
		"switch/NAME[:PORT] or fabric; without :INTERFACE every interface that is up. "
		"FILTER\n"
		"is a pcap filter; it sees frames as they are on the wire, with their VLAN tag\n"
		"(\"vlan 10 and icmp\", \"not vlan\"). Without -w one line a frame is printed; "
		"the\n"
		"pcap file has nanoseconds and is read by tshark and tcpdump. Counts come at the "
		"end.\n"
		"  ovnbed capture node/worker-a:eth1 -w x.pcap\n"
		"  ovnbed capture pod/a:net1 node/worker-a:eth1 -c 10 arp or icmp\n"
		"  ovnbed capture switch/datacenter -w - | tshark -r -",
	.run = run,
	.opts = capture_opts,
};
