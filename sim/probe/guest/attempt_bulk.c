/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk transfer over TCP: a connect proves little, many bytes with digests both ways do. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "probe/guest/attempt.h"
#include "probe/guest/csum.h"

#define CHUNK 16384
#define STEPS_PER_WAKE 64

/* The answer: header, identity, our digest, stream, its digest, retransmits. */
struct bulk {
	struct bulk_stream tx_stream, rx_stream;
	struct sha256 tx, rx;
	uint8_t sent_digest[SHA256_LEN];
	uint32_t send_left, recv_left;
	uint64_t sent, received;
	bool damaged;
	uint64_t connected_at;
};

static int bulk_begin(struct attempt *a)
{
	struct phdr h = {.nonce = a->t->nonce,
			 .cell = a->t->cell,
			 .seq = a->t->seq,
			 .length = PROBE_HDR_LEN + a->t->bytes,
			 .kind = PROBE_KIND_BULK,
			 .aux = PHDR_AUX_CLOSE | (a->t->plain ? PHDR_AUX_PLAIN : 0)};
	uint8_t hdr[PROBE_HDR_LEN];
	int r = attempt_socket(a, SOCK_STREAM, 0);

	if (r == 0)
		r = attempt_connect(a);
	if (r < 0 && r != -EINPROGRESS)
		return r;
	a->bulk = xcalloc(1, sizeof(*a->bulk));
	a->bulk->send_left = a->bulk->recv_left = a->t->bytes;
	bulk_stream_init(&a->bulk->tx_stream, h.nonce, h.cell, false);
	bulk_stream_init(&a->bulk->rx_stream, h.nonce, h.cell, true);
	sha256_init(&a->bulk->tx);
	sha256_init(&a->bulk->rx);
	phdr_put(&h, hdr);
	buf_add(&a->out, hdr, sizeof(hdr));
	return evl_add(a->evl, &a->io, a->fd, EPOLLOUT);
}

static void hex(const uint8_t *p, char out[static 2 * SHA256_LEN + 1])
{
	for (int i = 0; i < SHA256_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void broken(struct attempt *a, int err, const char *what)
{
	attempt_end(a, PROBE_BROKEN, err, "%s after %llu bytes sent and %llu received", what,
		    (unsigned long long)a->bulk->sent, (unsigned long long)a->bulk->received);
}

static void bulk_report(struct attempt *a, const uint8_t *rx_digest, bool ok, uint32_t peer_retrans)
{
	double seconds = (double)(mono_usec() - a->bulk->connected_at) / 1e6;
	char sent[2 * SHA256_LEN + 1], received[2 * SHA256_LEN + 1];
	struct tcp_info ti = {0};
	socklen_t len = sizeof(ti);

	getsockopt(a->fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	hex(a->bulk->sent_digest, sent);
	hex(rx_digest, received);
	a->r.bulk = json_pack("{s:I, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:f, s:f}", "bytes",
			      (json_int_t)a->t->bytes, "sentDigest", sent, "receivedDigest",
			      received, "digestOk", ok, "retransmits",
			      (json_int_t)ti.tcpi_total_retrans, "peerRetransmits",
			      (json_int_t)peer_retrans, "mss", (json_int_t)ti.tcpi_snd_mss, "pmtu",
			      (json_int_t)ti.tcpi_pmtu, "seconds", seconds, "bytesPerSecond",
			      seconds > 0 ? 2.0 * a->t->bytes / seconds : 0.0);
}

/* Everything is here: in holds header, identity, digest, and the trailer. */
static void bulk_finish(struct attempt *a, const struct phdr *h)
{
	const uint8_t *p = (uint8_t *)a->in.data + PROBE_HDR_LEN;
	const uint8_t *got = p + h->idlen, *tx = got + SHA256_LEN;
	uint8_t rx[SHA256_LEN];
	bool ok;

	sha256_final(&a->bulk->rx, rx);
	ok = !a->bulk->damaged && memcmp(got, a->bulk->sent_digest, SHA256_LEN) == 0 &&
	     memcmp(tx, rx, SHA256_LEN) == 0;
	bulk_report(a, rx, ok, get32(tx + SHA256_LEN));
	a->r.rtt_us = mono_usec() - a->r.at_us;
	if (!attempt_check_peer(a, p, h->idlen))
		return;
	if (ok)
		attempt_end(a, PROBE_ALLOWED, 0, "%s", "");
	else
		attempt_end(a, PROBE_BROKEN, EBADMSG, "digests differ: the data was damaged");
}

static void check_stream(struct attempt *a, const uint8_t *p, size_t n)
{
	struct bulk *b = a->bulk;
	uint8_t want[CHUNK];

	if (a->t->plain)
		return;
	bulk_stream_fill(&b->rx_stream, want, n);
	if (memcmp(want, p, n) != 0)
		b->damaged = true;
	sha256_add(&b->rx, p, n);
}

static bool header_ok(const struct attempt *a, struct phdr *h)
{
	return phdr_get((uint8_t *)a->in.data, a->in.len, h) && h->kind == PROBE_KIND_BULK_REPLY &&
	       h->nonce == a->t->nonce && h->cell == a->t->cell &&
	       h->length == PROBE_HDR_LEN + h->idlen + SHA256_LEN + a->t->bytes + SHA256_LEN + 4;
}

/* Takes some of n received bytes: into in (what surrounds the stream) or as stream. 0: it ended. */
static size_t bulk_take(struct attempt *a, const uint8_t *p, size_t n)
{
	struct bulk *b = a->bulk;
	size_t front = PROBE_HDR_LEN, k;
	struct phdr h = {0};

	if (a->in.len >= PROBE_HDR_LEN) {
		if (!header_ok(a, &h)) {
			attempt_end(a, PROBE_WRONG_PEER, 0, "the answer is not a probe's");
			return 0;
		}
		front += h.idlen + SHA256_LEN;
	}
	if (a->in.len >= PROBE_HDR_LEN && a->in.len >= front && b->recv_left) {
		k = MIN(n, b->recv_left);
		check_stream(a, p, k);
		b->recv_left -= (uint32_t)k;
		b->received += k;
		return k;
	}
	if (a->in.len >= PROBE_HDR_LEN && a->in.len >= front)
		front += SHA256_LEN + 4;
	k = MIN(n, front - a->in.len);
	buf_add(&a->in, p, k);
	if (a->in.len == (size_t)PROBE_HDR_LEN + h.idlen + 2 * SHA256_LEN + 4 && !b->recv_left) {
		bulk_finish(a, &h);
		return 0;
	}
	return k;
}

/* The deadline is one of progress; a socket may be called writable again and again and take nothing.
 */
static void progress(struct attempt *a)
{
	evl_after(a->evl, &a->timer, a->t->timeout_us);
}

static int bulk_receive(struct attempt *a)
{
	uint8_t chunk[CHUNK];
	ssize_t n = recv(a->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		broken(a, n < 0 ? errno : 0, n < 0 ? strerror(errno) : "closed");
		return 0;
	}
	progress(a);
	for (size_t at = 0, k; at < (size_t)n; at += k) {
		k = bulk_take(a, chunk + at, (size_t)n - at);
		if (!k)
			return 0;
	}
	return 1;
}

static void bulk_fill(struct attempt *a)
{
	struct bulk *b = a->bulk;
	uint8_t chunk[CHUNK] = {0};
	uint32_t n = MIN(b->send_left, (uint32_t)sizeof(chunk));

	if (!a->t->plain) {
		bulk_stream_fill(&b->tx_stream, chunk, n);
		sha256_add(&b->tx, chunk, n);
	}
	buf_add(&a->out, chunk, n);
	b->send_left -= n;
	if (!b->send_left)
		sha256_final(&b->tx, b->sent_digest);
}

static int bulk_send(struct attempt *a)
{
	ssize_t n;

	if (!a->out.len)
		bulk_fill(a);
	n = send(a->fd, a->out.data, a->out.len, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		broken(a, errno, strerror(errno));
		return 0;
	}
	progress(a);
	a->bulk->sent += (uint64_t)n;
	buf_consume(&a->out, (size_t)n);
	if (!a->out.len && !a->bulk->send_left)
		evl_mod(a->evl, &a->io, EPOLLIN);
	return 1;
}

static bool bulk_connected(struct attempt *a)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (a->connected)
		return true;
	getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		attempt_end_errno(a, err);
		return false;
	}
	progress(a);
	a->bulk->connected_at = mono_usec();
	return a->connected = true;
}

static void bulk_io(struct attempt *a, uint32_t events UNUSED)
{
	int r = 1;

	if (!bulk_connected(a))
		return;
	for (int i = 0; r > 0 && i < STEPS_PER_WAKE; i++)
		r = a->out.len || a->bulk->send_left ? bulk_send(a) : bulk_receive(a);
}

/* Reset, or the kernel goes on repeating what does not pass, into whatever is measured next. */
static void bulk_deadline(struct attempt *a)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (a->connected)
		broken(a, 0, "stalled");
	else
		attempt_end(a, PROBE_TIMEOUT, 0, "no answer to SYN");
}

const struct attempt_ops attempt_bulk = {"bulk", true, 5000, bulk_begin, bulk_io, bulk_deadline};
