/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that captures. It walks through the network namespaces and leaves a socket in each,
 * then needs no right any more. Filters run here and not in the kernel: the kernel sees frames
 * without their outer tag, and what passed an interface unmatched is the control of a count of zero.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/log.h"
#include "lab/capture_out.h"
#include "lab/capture_priv.h"
#include "lab/frame.h"
#include "lab/launch.h"
#include "sys/ns.h"

#define SNAPLEN 262144
#define RING_BYTES (4 << 20)
#define BLOCK_MS 10  /* the kernel hands over what it has after this time */
#define QUIET_MS 35  /* at the end: without a frame */
#define DRAIN_MS 500 /* at the end: at most */

struct tap {
	char *at, *ifname, *why;
	pcap_t *pcap;
	struct bpf_program filter;
	bool filtered, only_nonce, write_all;
	int pcap_fd; /* as the place's, -1: none */
	long long seen, frames, nonce, bytes;
	json_t *vlans;
};

struct child {
	const struct capture_spec *spec;
	int fd;
	uint64_t nonce, started, end;
	struct tap *taps;
	size_t n_taps;
	struct capture_out *out;
	pcap_t *dead; /* what files and filters are made for */
	long long matched;
	bool over;
};

/* ---- places ---- */

static bool link_is_up(const char *name)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP);
}

static int cmp_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the namespace's interfaces but lo, sorted; ends with NULL. */
static char **list_links(size_t *ret_n)
{
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;
	char **names;

	while (all && all[n].if_index)
		n++;
	names = xcalloc(n + 1, sizeof(*names));
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (!streq(all[i].if_name, "lo"))
			names[(*ret_n)++] = xstrdup(all[i].if_name);
	if_freenameindex(all);
	qsort(names, *ret_n, sizeof(*names), cmp_name);
	return names;
}

static void free_names(char **names)
{
	for (size_t i = 0; names[i]; i++)
		free(names[i]);
	free(names);
}

static int no_such_link(const struct capture_place *p, char **names, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; names[i]; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", names[i]);
	return err_set(e, ENOENT, "%s: there is no interface \"%s\"; there are %s", p->at,
		       p->ifname, b.len ? buf_str(&b) : "none");
}

static int activate(struct tap *t, const char *direction, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int r;

	t->pcap = pcap_create(t->ifname, why);
	if (!t->pcap)
		return err_set(e, EIO, "%s: %s", t->at, why);
	pcap_set_snaplen(t->pcap, SNAPLEN);
	pcap_set_buffer_size(t->pcap, RING_BYTES);
	pcap_set_timeout(t->pcap, BLOCK_MS);
	pcap_set_tstamp_precision(t->pcap, PCAP_TSTAMP_PRECISION_NANO);
	r = pcap_activate(t->pcap);
	if (r < 0)
		return err_set(e, r == PCAP_ERROR_PERM_DENIED ? EPERM : EIO, "%s: %s (%s)", t->at,
			       pcap_geterr(t->pcap), pcap_statustostr(r));
	if (pcap_datalink(t->pcap) != DLT_EN10MB)
		return err_set(e, EOPNOTSUPP, "%s: not an Ethernet interface", t->at);
	if (pcap_setnonblock(t->pcap, 1, why) < 0)
		return err_set(e, EIO, "%s: %s", t->at, why);
	if (direction &&
	    pcap_setdirection(t->pcap, streq(direction, "in") ? PCAP_D_IN : PCAP_D_OUT) < 0)
		return err_set(e, EIO, "%s: %s", t->at, pcap_geterr(t->pcap));
	return 0;
}

static int add_tap(struct child *c, const struct capture_place *p, const char *ifname,
		   struct err *e)
{
	struct tap *t;

	c->taps = xrealloc(c->taps, (c->n_taps + 1) * sizeof(*c->taps));
	t = &c->taps[c->n_taps++];
	*t = (struct tap){.at = p->ifname ? xstrdup(p->at) : xasprintf("%s:%s", p->at, ifname),
			  .ifname = xstrdup(ifname),
			  .pcap_fd = p->fd,
			  .only_nonce = p->only_nonce,
			  .write_all = p->write_all,
			  .vlans = json_object()};
	if (p->filter && pcap_compile(c->dead, &t->filter, p->filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return err_set(e, EINVAL, "filter \"%s\": %s", p->filter, pcap_geterr(c->dead));
	t->filtered = p->filter != NULL;
	return activate(t, p->direction, e);
}

static int open_links(struct child *c, const struct capture_place *p, struct err *e)
{
	size_t n, before = c->n_taps;
	char **names = list_links(&n);
	int r = 0;

	if (p->ifname && !if_nametoindex(p->ifname))
		r = no_such_link(p, names, e);
	else if (p->ifname)
		r = add_tap(c, p, p->ifname, e);
	for (size_t i = 0; !p->ifname && i < n && r == 0; i++)
		if (link_is_up(names[i]))
			r = add_tap(c, p, names[i], e);
	if (r == 0 && c->n_taps == before)
		r = err_set(e, ENOENT, "%s: no interface is up", p->at);
	free_names(names);
	return r;
}

static int open_place(struct child *c, const struct capture_place *p, int home, struct err *e)
{
	_cleanup_free_ char *path = p->n_chain ? lab_proc_path(p->chain, p->n_chain) : NULL;
	_cleanup_close_ int proc = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (path && proc < 0)
		return err_set(e, ESRCH, "%s: its process is gone", p->at);
	if (path && ns_enter(proc, CLONE_NEWNET, e) < 0)
		return err_wrap(e, "%s", p->at);
	if (!path && setns(home, CLONE_NEWNET) < 0)
		return err_errno(e, errno, "%s", p->at);
	return open_links(c, p, e);
}

/* Bound to nothing but the sockets that are open: the namespaces need not be entered again. */
static int open_places(struct child *c, struct err *e)
{
	_cleanup_close_ int home = ns_open(0, "net", e);
	int r = home < 0 ? home : 0;

	for (size_t i = 0; i < c->spec->n && r == 0; i++)
		r = open_place(c, &c->spec->places[i], home, e);
	return r;
}

static int open_outputs(struct child *c, struct err *e)
{
	int r = 0;

	c->out = capture_out_new(c->dead, c->spec->text_fd, c->n_taps > 1, c->spec->max_bytes);
	for (size_t i = 0; i < c->n_taps && r == 0; i++)
		if (c->taps[i].pcap_fd >= 0)
			r = capture_out_add(c->out, c->taps[i].pcap_fd, e);
	return r;
}

/* ---- frames ---- */

struct dispatch {
	struct child *c;
	struct tap *t;
};

static void count_vlans(struct tap *t, const uint8_t *data, size_t len)
{
	char key[FRAME_VLANS_TEXT];

	frame_vlans(data, len, key);
	json_object_set_new(t->vlans, key,
			    json_integer(1 + json_integer_value(json_object_get(t->vlans, key))));
}

/* Counts it; false when it does not match. */
static bool match(struct child *c, struct tap *t, const struct pcap_pkthdr *h, const u_char *data)
{
	bool nonce = c->spec->nonce && frame_has_nonce(data, h->caplen, c->nonce);

	if ((t->filtered && !pcap_offline_filter(&t->filter, h, data)) ||
	    (t->only_nonce && !nonce) || (c->spec->count && c->matched >= c->spec->count))
		return false;
	c->matched++;
	t->frames++;
	t->bytes += h->len;
	t->nonce += nonce;
	count_vlans(t, data, h->caplen);
	if (c->spec->count && c->matched >= c->spec->count)
		c->over = true;
	return true;
}

static void on_frame(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct dispatch *d = (void *)arg;
	struct tap *t = d->t;
	bool matched = match(d->c, t, h, data);

	t->seen++;
	if (matched || t->write_all)
		capture_out_hold(d->c->out, t->at, t->pcap_fd, matched, h, data);
}

/* Everybody is read, for a full block that waits for its reader is announced late. */
static long long read_taps(struct child *c)
{
	long long before = 0, after = 0;

	for (size_t i = 0; i < c->n_taps; i++) {
		struct tap *t = &c->taps[i];
		struct dispatch d = {c, t};

		before += t->seen;
		if (!t->why && pcap_dispatch(t->pcap, -1, on_frame, (u_char *)&d) < 0)
			t->why = xstrdup(pcap_geterr(t->pcap));
		after += t->seen;
	}
	return after - before;
}

static void wait_for(struct child *c, struct pollfd *p, bool peer, int ms)
{
	for (size_t i = 0; i < c->n_taps; i++)
		p[i] = (struct pollfd){
			.fd = c->taps[i].why ? -1 : pcap_get_selectable_fd(c->taps[i].pcap),
			.events = POLLIN};
	p[c->n_taps] = (struct pollfd){.fd = peer ? c->fd : -1, .events = POLLIN};
	poll(p, c->n_taps + 1, ms);
	if (p[c->n_taps].revents)
		c->over = true; /* shut down, or gone */
}

/*
 * What is on its way when the end is asked for belongs to it: sockets whose block is not full hand it
 * over late, each by a timer of its own, so nothing must have come for some of those times.
 */
static void drain(struct child *c, struct pollfd *p)
{
	uint64_t now = mono_usec(), end = now + DRAIN_MS * USEC_PER_MSEC;
	uint64_t quiet = now + QUIET_MS * USEC_PER_MSEC;

	while (now < MIN(quiet, end)) {
		wait_for(c, p, false, BLOCK_MS);
		now = mono_usec();
		if (read_taps(c))
			quiet = now + QUIET_MS * USEC_PER_MSEC;
	}
}

static void capture(struct child *c)
{
	_cleanup_free_ struct pollfd *p = xcalloc(c->n_taps + 1, sizeof(*p));

	while (!c->over) {
		uint64_t now = mono_usec();
		int ms = capture_out_waits(c->out) ? CAPTURE_SETTLE_MS : 200;

		if (c->end && now >= c->end)
			break;
		if (c->end)
			ms = MIN(ms, (int)((c->end - now) / USEC_PER_MSEC) + 1);
		wait_for(c, p, true, ms);
		read_taps(c);
		c->over |= !capture_out_write(c->out, false);
	}
	drain(c, p);
	capture_out_write(c->out, true);
}

/* ---- life ---- */

static json_t *tap_result(struct tap *t, bool with_nonce)
{
	struct pcap_stat st = {0};
	json_t *j = json_pack("{s:s, s:s, s:I, s:I, s:I, s:O}", "at", t->at, "ifname", t->ifname,
			      "seen", (json_int_t)t->seen, "frames", (json_int_t)t->frames, "bytes",
			      (json_int_t)t->bytes, "vlans", t->vlans);

	if (pcap_stats(t->pcap, &st) == 0)
		json_object_set_new(j, "dropped", json_integer(st.ps_drop));
	if (with_nonce)
		json_object_set_new(j, "nonce", json_integer(t->nonce));
	jset_str(j, "why", t->why);
	return j;
}

static void say(int fd, json_t *line)
{
	_cleanup_free_ char *text = jtext(line);
	_cleanup_free_ char *nl = xasprintf("%s\n", text);
	size_t len = strlen(nl), done = 0;
	ssize_t n;

	json_decref(line);
	while (done < len && (n = write(fd, nl + done, len - done)) > 0)
		done += (size_t)n;
}

static json_t *result(struct child *c)
{
	json_t *places = json_array();

	for (size_t i = 0; i < c->n_taps; i++)
		json_array_append_new(places, tap_result(&c->taps[i], c->spec->nonce != NULL));
	return json_pack("{s:f, s:o}", "seconds", (double)(mono_usec() - c->started) / 1e6,
			 "places", places);
}

/* Frames are taken apart, and written by whoever's format, without a right to anything. */
static void give_up_rights(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_capset, &h, none);
}

static void keep_fds(const struct capture_spec *s, int fd)
{
	_cleanup_free_ int *keep = xcalloc(s->n + 2, sizeof(*keep));

	keep[0] = fd;
	keep[1] = s->text_fd;
	for (size_t i = 0; i < s->n; i++)
		keep[i + 2] = s->places[i].fd;
	fds_close_except(keep, s->n + 2);
}

/* Whoever asked decides when it ends: keys typed at a terminal come to the asker. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

_Noreturn void capture_child(const struct capture_spec *s, int fd)
{
	struct child c = {.spec = s, .fd = fd};
	_cleanup_err_ struct err e = ERR_INIT;

	reset_signals();
	keep_fds(s, fd);
	c.dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
						      PCAP_TSTAMP_PRECISION_NANO);
	if (s->nonce && !frame_nonce_parse(s->nonce, &c.nonce))
		err_set(&e, EINVAL, "nonce: expected 16 hex digits");
	else if (open_places(&c, &e) == 0)
		open_outputs(&c, &e);
	if (e.code) {
		say(fd, json_pack("{s:i, s:s}", "code", e.code, "error", err_msg(&e)));
		_exit(1);
	}
	give_up_rights();
	say(fd, json_pack("{s:b}", "ready", 1));
	c.started = mono_usec();
	c.end = s->duration_us ? c.started + s->duration_us : 0;
	capture(&c);
	say(fd, result(&c));
	_exit(0);
}
