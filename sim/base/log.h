/* SPDX-License-Identifier: Apache-2.0 */
/* Process log: one line a message to stderr (or the process' log file, which is its stderr). */
#ifndef OVNBED_BASE_LOG_H
#define OVNBED_BASE_LOG_H

#include "base/util.h"

enum log_level { LOG_ERR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };

/* Who is speaking ("lab", "node/worker-a"); copied, up to 63 bytes. Level from OVNBED_LOG (err…debug). */
void log_setup(const char *who);
void log_msg(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
#define log_error(...) log_msg(LOG_ERR_, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_WARN_, __VA_ARGS__)
#define log_info(...) log_msg(LOG_INFO_, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_DEBUG_, __VA_ARGS__)

/* Monotonic clock, microseconds. */
uint64_t mono_usec(void);
/* RFC 3339 UTC, seconds ("2026-11-24T08:00:00Z"); for metadata only. */
void wall_rfc3339(char out[static 21]);

#endif
