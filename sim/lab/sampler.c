/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/sampler.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "probe/proto.h"
#include "sys/ns.h"

#define FRAME_MAX 66000
#define BUFFER (8 << 20)

struct place {
	struct sampler *s;
	char *where;
	int fd;
	sd_event_source *io;
	json_t *names; /* {ifindex: name} */
};

struct sampler {
	sd_event *ev;
	uint8_t key[16]; /* magic and nonce, as in the frame */
	uint32_t min_len;
	struct place **places;
	size_t n;
	json_t *counts; /* {"where ifname out|in cell": n} */
	long long lost;
	uint8_t frame[FRAME_MAX];
};

static bool key_make(const char *nonce, uint8_t key[16])
{
	unsigned long long v;
	char *end;

	if (!nonce || strlen(nonce) != 16)
		return false;
	errno = 0;
	v = strtoull(nonce, &end, 16);
	if (errno || *end)
		return false;
	memcpy(key, PROBE_MAGIC, 8);
	for (int i = 0; i < 8; i++)
		key[8 + i] = (uint8_t)(v >> (56 - 8 * i));
	return true;
}

struct sampler *sampler_new(sd_event *ev, const char *nonce, size_t min_len, struct err *e)
{
	struct sampler *s = xcalloc(1, sizeof(*s));

	if (!key_make(nonce, s->key)) {
		free(s);
		err_set(e, EINVAL, "nonce: 16 hex digits are required");
		return NULL;
	}
	s->ev = ev;
	s->min_len = (uint32_t)min_len;
	s->counts = json_object();
	return s;
}

static void place_free(struct place *p)
{
	sd_event_source_disable_unref(p->io);
	close_fd(p->fd);
	json_decref(p->names);
	free(p->where);
	free(p);
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		place_free(s->places[i]);
	free(s->places);
	json_decref(s->counts);
	free(s);
}

/* ---- sockets ---- */

static void name_all(struct place *p)
{
	struct if_nameindex *list = if_nameindex();

	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		_cleanup_free_ char *key = xasprintf("%u", i->if_index);

		json_object_set_new(p->names, key, jstring(i->if_name));
	}
	if_freenameindex(list);
}

static int attach_filter(int fd, uint32_t min_len)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, min_len, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = {.len = ARRAY_SIZE(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* In the place's namespace. Bound to no protocol until the filter is there. */
static int place_open(void *arg, struct err *e)
{
	struct place *p = arg;
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL)};
	int size = BUFFER;

	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return err_errno(e, errno, "packet socket");
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (attach_filter(p->fd, p->s->min_len) < 0 ||
	    bind(p->fd, (struct sockaddr *)&all, sizeof(all)) < 0)
		return err_errno(e, errno, "packet socket");
	name_all(p);
	return 0;
}

/* ---- frames ---- */

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static char *count_key(const char *where, const char *ifname, bool outgoing, uint32_t cell)
{
	return xasprintf("%s %s %s %u", where, ifname, outgoing ? "out" : "in", cell);
}

static void count(struct place *p, size_t len, const struct sockaddr_ll *from)
{
	struct sampler *s = p->s;
	const uint8_t *at = memmem(s->frame, len, s->key, sizeof(s->key));
	_cleanup_free_ char *index = NULL, *key = NULL;
	bool out = from->sll_pkttype == PACKET_OUTGOING;

	if (!at || (size_t)(s->frame + len - at) < sizeof(s->key) + 4)
		return;
	index = xasprintf("%d", from->sll_ifindex);
	key = count_key(p->where, json_string_value(json_object_get(p->names, index)) ?: "?", out,
			be32(at + sizeof(s->key)));
	json_object_set_new(s->counts, key,
			    json_integer(json_integer_value(json_object_get(s->counts, key)) + 1));
}

static void place_drain(struct place *p)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(p->fd, p->s->frame, FRAME_MAX, 0, (struct sockaddr *)&from, &len)) >
	       0) {
		count(p, (size_t)n, &from);
		len = sizeof(from);
	}
}

static int on_io(sd_event_source *src, int fd, uint32_t revents, void *arg)
{
	(void)src;
	(void)fd;
	(void)revents;
	place_drain(arg);
	return 0;
}

int sampler_add(struct sampler *s, const char *where, int netns_fd, struct err *e)
{
	struct place *p = xcalloc(1, sizeof(*p));
	int r;

	*p = (struct place){.s = s, .where = xstrdup(where), .fd = -1, .names = json_object()};
	r = netns_fd < 0 ? place_open(p, e) : ns_in_net(netns_fd, place_open, p, e);
	if (r >= 0) {
		r = sd_event_add_io(s->ev, &p->io, p->fd, EPOLLIN, on_io, p);
		if (r < 0)
			err_errno(e, -r, "event loop");
	}
	if (r < 0) {
		place_free(p);
		return err_wrap(e, "sample frames of %s", where);
	}
	s->places = xrealloc(s->places, (s->n + 1) * sizeof(struct place *));
	s->places[s->n++] = p;
	return 0;
}

void sampler_drain(struct sampler *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct tpacket_stats st;
		socklen_t len = sizeof(st);

		place_drain(s->places[i]);
		if (getsockopt(s->places[i]->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
			s->lost += st.tp_drops;
	}
}

long long sampler_count(const struct sampler *s, const char *where, const char *ifname,
			bool outgoing, uint32_t cell)
{
	_cleanup_free_ char *key = count_key(where, ifname, outgoing, cell);
	const json_t *v = json_object_get(s->counts, key);

	return json_integer_value(v);
}

long long sampler_lost(const struct sampler *s)
{
	return s->lost;
}
