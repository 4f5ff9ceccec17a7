/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/framer.h"

static void drop_front(struct framer *f, size_t n)
{
	buf_consume(&f->in, n);
	f->scan = (struct jscan){0};
	f->done = 0;
}

void framer_feed(struct framer *f, const void *data, size_t len)
{
	const char *sync;

	buf_consume(&f->in, f->done); /* the scan of what follows goes on */
	f->done = 0;
	buf_add(&f->in, data, len);
	sync = f->in.len ? memrchr(f->in.data, PROBE_SYNC, f->in.len) : NULL;
	if (sync)
		drop_front(f, (size_t)(sync - f->in.data));
}

static bool is_token(const char *p)
{
	return p[0] == PROBE_SYNC && p[PROBE_SYNC_LEN - 1] == '\n' &&
	       strspn(p + 1, "0123456789abcdef") == PROBE_SYNC_LEN - 2;
}

static enum framer_event next_sync(struct framer *f, const char **ret_data, size_t *ret_len)
{
	if (f->in.len - f->done < PROBE_SYNC_LEN)
		return FRAMER_MORE;
	if (!is_token(f->in.data + f->done)) {
		framer_reset(f);
		return FRAMER_GARBAGE;
	}
	*ret_data = f->in.data + f->done;
	*ret_len = PROBE_SYNC_LEN;
	f->done += PROBE_SYNC_LEN;
	return FRAMER_SYNC;
}

enum framer_event framer_next(struct framer *f, const char **ret_data, size_t *ret_len)
{
	const char *p = f->in.data + f->done;
	size_t left = f->in.len - f->done;
	ssize_t n;

	if (!left)
		return FRAMER_MORE;
	if (*p == PROBE_SYNC)
		return next_sync(f, ret_data, ret_len);
	n = jscan_feed(&f->scan, p, left);
	if (n < 0 || (n == 0 && left > FRAMER_MAX_TEXT)) {
		framer_reset(f);
		return FRAMER_GARBAGE;
	}
	if (n == 0)
		return FRAMER_MORE;
	f->scan = (struct jscan){0};
	f->done += (size_t)n;
	*ret_data = p;
	*ret_len = (size_t)n;
	return FRAMER_TEXT;
}

void framer_reset(struct framer *f)
{
	buf_free(&f->in);
	f->scan = (struct jscan){0};
	f->done = 0;
}
