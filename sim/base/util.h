/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, descriptors and cleanup attributes used everywhere. Running out of memory aborts. */
#ifndef OVNBED_BASE_UTIL_H
#define OVNBED_BASE_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))

#define USEC_PER_SEC 1000000ULL
#define USEC_PER_MSEC 1000ULL

/* Moves a pointer out of a variable that a cleanup attribute guards. */
#define TAKE_PTR(p)                        \
	({                                 \
		__typeof__(p) *pp_ = &(p); \
		__typeof__(p) p_ = *pp_;   \
		*pp_ = NULL;               \
		p_;                        \
	})
#define TAKE_FD(fd)                \
	({                         \
		int *fdp_ = &(fd); \
		int fd_ = *fdp_;   \
		*fdp_ = -1;        \
		fd_;               \
	})

/* Allocation; each aborts the process when memory is out. The caller owns the result. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
void *xmemdup(const void *p, size_t n);
char *xstrdup(const char *s);		 /* NULL gives NULL */
char *xstrndup(const char *s, size_t n); /* at most n bytes, always terminated */
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF(1, 0);

/* True when both are NULL or equal. */
bool streq0(const char *a, const char *b);
static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
/* Returns the rest of s behind prefix, or NULL when s does not start with it. */
const char *str_after(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Closes fd unless negative; keeps errno; returns -1 for assignment. */
int close_fd(int fd);

/* Parses a whole decimal string in [min, max]. 0 or -EINVAL / -ERANGE; *ret untouched on failure. */
int parse_int(const char *s, long long min, long long max, long long *ret);

static inline void freep_(void *p)
{
	free(*(void **)p);
}
static inline void close_fdp_(int *fd)
{
	close_fd(*fd);
}
static inline void fclosep_(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep_)
#define _cleanup_close_ _cleanup_(close_fdp_)
#define _cleanup_fclose_ _cleanup_(fclosep_)

#endif
