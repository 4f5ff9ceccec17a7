/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include <unistd.h>

struct progress {
	bool live, color;
	bool pending; /* a line without its end is on the terminal */
};

bool color_wanted(int fd)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(fd) && !(no && *no) && term && !streq(term, "dumb");
}

const char *status_color(const char *status, bool on)
{
	if (!on)
		return "";
	if (streq(status, "pass") || streq(status, "ok"))
		return "\033[32m";
	if (streq(status, "skip") || streq(status, "unsupported") || streq(status, "xfail"))
		return "\033[33m";
	return "\033[31m";
}

const char *color_off(bool on)
{
	return on ? "\033[0m" : "";
}

struct progress *progress_new(void)
{
	struct progress *p = xcalloc(1, sizeof(*p));

	p->color = p->live = color_wanted(STDERR_FILENO);
	return p;
}

struct progress *progress_new_plain(void)
{
	struct progress *p = progress_new();

	p->live = false;
	return p;
}

void progress_free(struct progress *p)
{
	if (p && p->pending)
		fputs("\r\033[K", stderr);
	free(p);
}

static void clear_line(struct progress *p)
{
	if (p->pending)
		fputs("\r\033[K", stderr);
	p->pending = false;
}

void progress_phase(struct progress *p, const char *phase, double seconds)
{
	if (!p)
		return;
	clear_line(p);
	if (seconds >= 0) {
		fprintf(stderr, "  %-20s %6.2f s\n", phase, seconds);
	} else if (p->live) {
		fprintf(stderr, "  %s …", phase);
		fflush(stderr);
		p->pending = true;
	}
}

void progress_item(struct progress *p, const char *what, const char *status, double seconds)
{
	if (!p)
		return;
	if (seconds < 0) {
		progress_phase(p, what, seconds);
		return;
	}
	clear_line(p);
	fprintf(stderr, "  %s%-11s%s %-40s %6.2f s\n", status_color(status, p->color), status,
		color_off(p->color), what, seconds);
}
