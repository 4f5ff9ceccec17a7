/* SPDX-License-Identifier: Apache-2.0 */
/* A real capture on a veth pair, in network namespaces of its own; needs root. */
#include "lab/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "sys/link.h"
#include "sys/ns.h"
#include "test/test.h"

#define NONCE "e93093b972722df6"
#define PCAP_HEADER 24

/* A process that keeps a network namespace. */
static pid_t keeper(void)
{
	struct ns_spec spec = {.flags = CLONE_NEWNET, .die_with_parent = true};
	_cleanup_err_ struct err e = ERR_INIT;
	pid_t pid = ns_fork(&spec, NULL, &e);

	if (pid == 0)
		for (;;)
			pause();
	TEST_ROW(pid > 0, "namespace", "%s", err_msg(&e));
	return pid;
}

/* eth0 in each of two namespaces, joined. */
static bool join(pid_t a, pid_t b)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_close_ int na = ns_open(a, "net", &e), nb = ns_open(b, "net", &e);
	_cleanup_link_ struct link_ctx *c = NULL;
	struct link_end x = {.name = "eth0", .netns = na, .mac = "02:00:00:00:00:01", .up = true};
	struct link_end y = {.name = "eth0", .netns = nb, .mac = "02:00:00:00:00:02", .up = true};
	bool ok = link_open(na, &c, &e) == 0 && link_add_veth(c, &x, &y, &e) == 0;

	return TEST_ROW(ok, "veth", "%s", err_msg(&e));
}

static const uint8_t plain[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,	  0,	0,
				  0,	1,    0x88, 0xb5, 'O',	'v',  'n',  'B',  'e',	'd',
				  'P',	'1',  0xe9, 0x30, 0x93, 0xb9, 0x72, 0x72, 0x2d, 0xf6};
static const uint8_t tagged[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,	   0,
				   0,	 0,    1,    0x81, 0x00, 0x00, 0x0a, 0x88, 0xb6};

static int send_frames(void *arg UNUSED, struct err *e)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET,
				  .sll_ifindex = (int)if_nametoindex("eth0")};
	_cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	for (int i = 0; i < 5; i++)
		if (sendto(fd, i < 3 ? plain : tagged, 64, 0, (struct sockaddr *)&sll,
			   sizeof(sll)) != 64)
			return err_errno(e, errno, "send");
	return 0;
}

static void send_from(pid_t pid)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_close_ int netns = ns_open(pid, "net", &e);

	TEST_ROW(ns_in_net(netns, send_frames, NULL, &e) == 0, "send", "%s", err_msg(&e));
}

#define PLACE(name, pid, expr, dir, nonce_only, out)                                          \
	{                                                                                     \
		.at = (char *)(name), .chain = {pid}, .n_chain = 1, .ifname = (char *)"eth0", \
		.filter = (char *)(expr), .direction = (dir), .only_nonce = (nonce_only),     \
		.fd = (out)                                                                   \
	}

/* A machine without IPv6 noise: only what the test sends is counted by its filters. */
static void test_counts(void)
{
	pid_t a, b;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_capture_ struct capture *c = NULL;
	_cleanup_json_ json_t *r = NULL;
	_cleanup_close_ int pcap = memfd_create("test", MFD_CLOEXEC);
	struct stat st = {0};

	if (geteuid() != 0) {
		test_skip("root");
		return;
	}
	a = keeper();
	b = keeper();
	if (join(a, b)) {
		struct capture_place places[] = {
			PLACE("b tagged", b, "vlan 10", NULL, false, -1),
			PLACE("b nonce", b, "ether proto 0x88b5 or vlan", NULL, true, pcap),
			PLACE("a out", a, "ether proto 0x88b5", "out", false, -1),
			PLACE("a in", a, "ether proto 0x88b5", "in", false, -1),
		};
		struct capture_spec spec = {
			.places = places, .n = ARRAY_SIZE(places), .nonce = NONCE, .text_fd = -1};
		int got = capture_start(&spec, &c, &e);

		TEST_ROW(got == 0, "start", "%s", err_msg(&e));
		send_from(a);
		got = got == 0 ? capture_stop(c, &r, &e) : got;
		TEST_ROW(got == 0, "stop", "%s", err_msg(&e));
		CU_ASSERT_EQUAL(jint(r, "places.0.frames", -1), 2);
		CU_ASSERT_EQUAL(jint(r, "places.0.vlans.10", -1), 2);
		CU_ASSERT_EQUAL(jint(r, "places.0.nonce", -1), 0);
		CU_ASSERT_TRUE(jint(r, "places.0.seen", -1) >= 5);
		CU_ASSERT_EQUAL(jint(r, "places.1.frames", -1), 3);
		CU_ASSERT_EQUAL(jint(r, "places.1.vlans.untagged", -1), 3);
		CU_ASSERT_EQUAL(jint(r, "places.2.frames", -1), 3);
		CU_ASSERT_EQUAL(jint(r, "places.3.frames", -1), 0);
		CU_ASSERT_EQUAL(fstat(pcap, &st), 0);
		TEST_ROW(st.st_size == PCAP_HEADER + 3 * (16 + 64), "pcap", "%lld bytes",
			 (long long)st.st_size);
	}
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	waitpid(a, NULL, 0);
	waitpid(b, NULL, 0);
}

static void refuse(pid_t pid, const char *ifname, const char *filter, int code, const char *says)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_capture_ struct capture *c = NULL;
	struct capture_place p = {.at = (char *)"a",
				  .chain = {pid},
				  .n_chain = 1,
				  .ifname = (char *)ifname,
				  .filter = (char *)filter,
				  .fd = -1};
	struct capture_spec spec = {.places = &p, .n = 1, .text_fd = -1};

	TEST_ROW(capture_start(&spec, &c, &e) == -code, says, "%s", err_msg(&e));
	TEST_ROW(strstr(err_msg(&e), says) != NULL, says, "%s", err_msg(&e));
}

static void test_refusals(void)
{
	pid_t a, b;

	if (geteuid() != 0) {
		test_skip("root");
		return;
	}
	a = keeper();
	b = keeper();
	if (join(a, b)) {
		refuse(a, "eth7", NULL, ENOENT, "there is no interface \"eth7\"; there are eth0");
		refuse(a, "eth0", "vlan ten", EINVAL, "filter \"vlan ten\"");
	}
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	waitpid(a, NULL, 0);
	waitpid(b, NULL, 0);
	refuse(a, "eth0", NULL, ESRCH, "its process is gone");
}

TEST_SUITE(capture, {"counts", test_counts}, {"refusals", test_refusals})
