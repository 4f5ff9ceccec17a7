/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/capture_out.h"

#include <errno.h>
#include <time.h>

#include "base/buf.h"
#include "lab/frame.h"

#define MAX_HELD 8192
#define NSEC_PER_SEC 1000000000LL
#define NSEC_PER_MSEC 1000000LL

struct file {
	int fd;
	pcap_dumper_t *dump;
	long long bytes;
};

struct held {
	int64_t ns;
	size_t order; /* of arrival: frames of one instant keep it */
	const char *at;
	int pcap_fd;
	bool matched;
	struct pcap_pkthdr h;
	uint8_t *data;
};

struct capture_out {
	pcap_t *dead;
	FILE *text;
	bool named;
	long long max_bytes;
	struct file *files;
	size_t n_files;
	struct held *held;
	size_t n_held, order;
};

struct capture_out *capture_out_new(pcap_t *dead, int text_fd, bool named, long long max_bytes)
{
	struct capture_out *o = xcalloc(1, sizeof(*o));

	o->dead = dead;
	o->text = text_fd >= 0 ? fdopen(text_fd, "w") : NULL;
	o->named = named;
	o->max_bytes = max_bytes;
	return o;
}

int capture_out_add(struct capture_out *o, int fd, struct err *e)
{
	struct file f = {.fd = fd};
	FILE *stream;

	for (size_t i = 0; i < o->n_files; i++)
		if (o->files[i].fd == fd)
			return 0;
	stream = fdopen(fd, "w");
	f.dump = stream ? pcap_dump_fopen(o->dead, stream) : NULL;
	if (!f.dump)
		return err_set(e, EIO, "pcap output: %s",
			       stream ? pcap_geterr(o->dead) : strerror(errno));
	pcap_dump_flush(f.dump);
	o->files = xrealloc(o->files, (o->n_files + 1) * sizeof(*o->files));
	o->files[o->n_files++] = f;
	return 0;
}

void capture_out_hold(struct capture_out *o, const char *at, int pcap_fd, bool matched,
		      const struct pcap_pkthdr *h, const uint8_t *data)
{
	if (pcap_fd < 0 && (!o->text || !matched))
		return;
	if (!(o->n_held & (o->n_held - 1))) /* grows at powers of two */
		o->held = xrealloc(o->held, MAX(o->n_held * 2, 1) * sizeof(*o->held));
	o->held[o->n_held++] = (struct held){.ns = h->ts.tv_sec * NSEC_PER_SEC + h->ts.tv_usec,
					     .order = o->order++,
					     .at = at,
					     .pcap_fd = pcap_fd,
					     .matched = matched,
					     .h = *h,
					     .data = xmemdup(data, h->caplen ? h->caplen : 1)};
}

bool capture_out_waits(const struct capture_out *o)
{
	return o->n_held > 0;
}

/* ---- writing ---- */

static void write_pcap(struct capture_out *o, const struct held *h)
{
	for (size_t i = 0; i < o->n_files; i++) {
		struct file *f = &o->files[i];

		if (f->fd != h->pcap_fd || (o->max_bytes && f->bytes + h->h.caplen > o->max_bytes))
			continue;
		f->bytes += h->h.caplen;
		pcap_dump((u_char *)f->dump, &h->h, h->data);
	}
}

static void write_text(struct capture_out *o, const struct held *h)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	time_t s = h->h.ts.tv_sec;
	struct tm tm;

	localtime_r(&s, &tm);
	buf_printf(&b, "%02d:%02d:%02d.%09ld ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		   (long)h->h.ts.tv_usec);
	if (o->named)
		buf_printf(&b, "%s ", h->at);
	frame_text(&b, h->data, h->h.caplen, h->h.len);
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, o->text);
}

static int cmp_held(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool flush(struct capture_out *o)
{
	bool ok = !o->text || fflush(o->text) == 0;

	for (size_t i = 0; i < o->n_files; i++)
		ok &= pcap_dump_flush(o->files[i].dump) == 0;
	return ok;
}

bool capture_out_write(struct capture_out *o, bool force)
{
	struct timespec now;
	int64_t limit;
	size_t n = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	limit = now.tv_sec * NSEC_PER_SEC + now.tv_nsec - CAPTURE_SETTLE_MS * NSEC_PER_MSEC;
	if (o->n_held)
		qsort(o->held, o->n_held, sizeof(*o->held), cmp_held);
	for (; n < o->n_held && (force || o->n_held - n > MAX_HELD || o->held[n].ns < limit); n++) {
		struct held *h = &o->held[n];

		write_pcap(o, h);
		if (o->text && h->matched)
			write_text(o, h);
		free(h->data);
	}
	if (!n)
		return true;
	o->n_held -= n;
	memmove(o->held, o->held + n, o->n_held * sizeof(*o->held));
	return flush(o);
}
