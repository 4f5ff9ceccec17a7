/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loss and rate on real links: frames are sent into one end and counted behind the other. Bounds are
 * ten standard deviations wide, and none depends on time.
 */
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sys/link.h"
#include "sys/nftloss.h"
#include "sys/ns.h"
#include "sys/qdisc.h"

#define FRAMES 2000
#define QUIET_MS 100 /* without a frame: no more will come */
#define LACKS "lacks: "

/* As in ns_test.c; a text that begins with LACKS is a skip. */
static void in_network(const char *name, char *(*fn)(void))
{
	struct ns_idmap uid = {0, getuid(), 1}, gid = {0, getgid(), 1};
	struct ns_spec s = {.flags = CLONE_NEWNET, .die_with_parent = true};
	_cleanup_err_ struct err e = ERR_INIT;
	char text[4096] = "";
	int p[2], st = -1;
	ssize_t n;
	pid_t pid;

	if (geteuid() != 0) {
		s.flags |= CLONE_NEWUSER;
		s.uids = &uid;
		s.gids = &gid;
	}
	if (pipe2(p, O_CLOEXEC) < 0)
		abort();
	pid = ns_fork(&s, NULL, &e);
	if (pid == 0) {
		char *wrong = fn();

		dprintf(p[1], "%s", wrong ? wrong : "");
		_exit(wrong ? 1 : 0);
	}
	close(p[1]);
	n = pid > 0 ? read(p[0], text, sizeof(text) - 1) : 0;
	close(p[0]);
	text[n > 0 ? n : 0] = '\0';
	if (pid > 0)
		waitpid(pid, &st, 0);
	if (pid == -EPERM || pid == -ENOSPC)
		test_skip("%s: %s", name, err_msg(&e));
	else if (str_after(text, LACKS))
		test_skip("%s: %s", name, text + strlen(LACKS));
	else
		TEST_ROW(pid > 0 && st == 0, name, "status %#x %s%s", (unsigned)st, text,
			 err_msg(&e));
}

#define BAD(...) return xasprintf(__VA_ARGS__)
#define MISSING(e) BAD(LACKS "%s", err_msg(e))

/* va = vb, a port of br0, = vc - vd: what va sends arrives at vd. */
static int build(struct link_ctx **ret, struct err *e)
{
	struct link_end a = {.name = "va", .netns = -1, .up = true},
			b = {.name = "vb", .netns = -1, .up = true, .master = "br0"},
			c = {.name = "vc", .netns = -1, .up = true, .master = "br0"},
			d = {.name = "vd", .netns = -1, .up = true};
	_cleanup_link_ struct link_ctx *l = NULL;
	int r = link_open(-1, &l, e);

	if (r >= 0)
		r = link_ipv6_off(l, e);
	if (r >= 0)
		r = link_add_bridge(l, "br0", NULL, 1500, e);
	if (r >= 0)
		r = link_set_up(l, "br0", true, e);
	if (r >= 0)
		r = link_add_veth(l, &b, &a, e);
	if (r >= 0)
		r = link_add_veth(l, &c, &d, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

/* Sends broadcast frames of 1000 bytes out of va. Returns how many of them the link took. */
static int flood(struct link_ctx *l, int count)
{
	_cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = link_index(l, "va", NULL),
				 .sll_halen = ETH_ALEN};
	unsigned char frame[1000] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
				     0,	   0,	 0,    0,    1,	   0x88, 0xb5};
	int taken = 0;

	memset(to.sll_addr, 0xff, ETH_ALEN);
	for (int i = 0; i < count; i++)
		taken += sendto(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to,
				sizeof(to)) > 0;
	return taken;
}

/* A socket that becomes readable when a frame arrives at vd. */
static int watch(struct link_ctx *l)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = link_index(l, "vd", NULL)};

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return close_fd(fd);
	return fd;
}

/*
 * How many of count frames arrived at vd, or -1. Each link hands frames on in a softirq of its own
 * that has run by the time sendto() returns, or soon after: what was taken is waited for, at most
 * want frames of it, until nothing has come for a while.
 */
static int arrived(struct link_ctx *l, int count, int want)
{
	_cleanup_close_ int fd = watch(l);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct link_info before, now;
	uint64_t n = 0;
	char frame[64];

	if (fd < 0 || link_get(l, "vd", &before, NULL) < 0)
		return -1;
	flood(l, count);
	do {
		while (recv(fd, frame, sizeof(frame), 0) >= 0)
			;
		if (link_get(l, "vd", &now, NULL) < 0)
			return -1;
		n = now.rx_packets - before.rx_packets;
	} while (n < (uint64_t)want && poll(&p, 1, QUIET_MS) > 0);
	return (int)n;
}

static char *check_loss_of(struct link_ctx *l, const char *dev, enum nftloss_dir dir)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int n = arrived(l, FRAMES, FRAMES), r = nftloss_set(l, dev, dir, 300000, &e);

	if (n != FRAMES)
		BAD("%s: %d of %d frames arrive without loss", dev, n, FRAMES);
	if (r == -EOPNOTSUPP)
		MISSING(&e);
	if (r < 0)
		BAD("%s", err_msg(&e));
	n = arrived(l, FRAMES, FRAMES * 6 / 10);
	if (n < FRAMES * 6 / 10 || n > FRAMES * 8 / 10)
		BAD("%s: %d of %d frames arrive with a loss of 30%%", dev, n, FRAMES);
	if (nftloss_set(l, dev, dir, 1000000, &e) < 0)
		BAD("%s: again: %s", dev, err_msg(&e));
	n = arrived(l, 100, 1);
	if (n != 0)
		BAD("%s: %d frames arrive with a loss of 100%%", dev, n);
	if (nftloss_clear(l, dev, dir, &e) < 0 || nftloss_clear(l, dev, dir, &e) < 0)
		BAD("%s", err_msg(&e));
	n = arrived(l, FRAMES, FRAMES);
	if (n != FRAMES)
		BAD("%s: %d of %d frames arrive after the loss", dev, n, FRAMES);
	return NULL;
}

static char *check_loss(void)
{
	_cleanup_link_ struct link_ctx *l = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	char *wrong;

	if (build(&l, &e) < 0)
		BAD("%s", err_msg(&e));
	if (nftloss_set(l, "none", NFTLOSS_OUT, 1, &e) != -ENODEV)
		BAD("a link that is not there: %s", err_msg(&e));
	wrong = check_loss_of(l, "va", NFTLOSS_OUT);
	return wrong ? wrong : check_loss_of(l, "vb", NFTLOSS_IN);
}

static void test_loss(void)
{
	in_network("loss", check_loss);
}

/* A bucket of 1 Mbit/s holds its burst and its queue: of 8 MB sent at once, less than 1 MB. */
static char *check_rate(void)
{
	struct qdisc q = {.rate = 1000000 / 8};
	_cleanup_link_ struct link_ctx *l = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int n, r;

	if (build(&l, &e) < 0)
		BAD("%s", err_msg(&e));
	if (qdisc_clear(l, "va", &e) < 0 || qdisc_clear(l, "none", &e) < 0)
		BAD("nothing to clear: %s", err_msg(&e));
	n = flood(l, 4 * FRAMES);
	if (n != 4 * FRAMES)
		BAD("the link takes %d of %d frames without a rate", n, 4 * FRAMES);
	r = qdisc_set(l, "va", &q, &e);
	if (r == -EOPNOTSUPP)
		MISSING(&e);
	if (r < 0)
		BAD("%s", err_msg(&e));
	n = flood(l, 4 * FRAMES);
	if (n < 100 || n > FRAMES / 2)
		BAD("the link takes %d of %d frames at 1 Mbit/s", n, 4 * FRAMES);
	q.rate = 2 * USEC_PER_SEC * 1000;
	if (qdisc_set(l, "va", &q, &e) < 0)
		BAD("replace: %s", err_msg(&e));
	n = flood(l, FRAMES);
	if (n != FRAMES || qdisc_clear(l, "va", &e) < 0)
		BAD("the link takes %d of %d frames at 16 Gbit/s; %s", n, FRAMES, err_msg(&e));
	return NULL;
}

static void test_rate(void)
{
	in_network("rate", check_rate);
}

static char *check_netem(void)
{
	struct qdisc q = {.rate = 1000000 / 8, .loss_ppm = 1000000};
	_cleanup_link_ struct link_ctx *l = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int n, r;

	if (build(&l, &e) < 0)
		BAD("%s", err_msg(&e));
	r = qdisc_set(l, "va", &q, &e);
	if (r == -EOPNOTSUPP && !strstr(err_msg(&e), "netem (CONFIG_NET_SCH_NETEM)"))
		BAD("what lacks is not named: %s", err_msg(&e));
	if (r == -EOPNOTSUPP) {
		if (arrived(l, 10, 10) != 10)
			BAD("something stayed of what could not be set");
		MISSING(&e);
	}
	n = arrived(l, 100, 1);
	if (n != 0)
		BAD("%d frames arrive with a loss of 100%%", n);
	return NULL;
}

static void test_netem(void)
{
	in_network("netem", check_netem);
}

TEST_SUITE(impair, {"loss", test_loss}, {"rate", test_rate}, {"netem", test_netem})
