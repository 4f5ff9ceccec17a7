/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <time.h>

static char log_who[64] = "ovnbed";
static enum log_level log_max = LOG_INFO_;

void log_setup(const char *who)
{
	static const char *const names[] = {"err", "warn", "info", "debug"};
	const char *want = getenv("OVNBED_LOG");

	snprintf(log_who, sizeof(log_who), "%s", who);
	for (size_t i = 0; want && i < ARRAY_SIZE(names); i++)
		if (streq(want, names[i]))
			log_max = (enum log_level)i;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	static const char tags[] = "EWID";
	_cleanup_free_ char *msg = NULL;
	uint64_t t = mono_usec();
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "%llu.%06llu %c %s: %s\n", (unsigned long long)(t / USEC_PER_SEC),
		(unsigned long long)(t % USEC_PER_SEC), tags[level], log_who, msg);
}

uint64_t mono_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

void wall_rfc3339(char out[static 21])
{
	time_t t = time(NULL);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
