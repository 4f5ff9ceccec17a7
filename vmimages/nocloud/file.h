/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the seed asks for. */
#ifndef OVNBED_NOCLOUD_FILE_H
#define OVNBED_NOCLOUD_FILE_H

#include "report.h"

struct nc_file {
	const char *path; /* absolute, below root */
	const void *data;
	size_t len;
	mode_t mode;
	const char *owner; /* "user:group" or "user", names or numbers; NULL leaves it */
	bool append;
};

/* Writes a file below root ("" for the real one), making directories on the way. */
int nc_file_write(const char *root, const struct nc_file *f, struct err *e);
/* Mode and owner of an existing path; owner NULL leaves it. Ignored as ordinary user. */
int nc_file_protect(const char *root, const char *path, mode_t mode, const char *owner,
		    struct err *e);
/* mkdir -p. 0 or -errno with errno set. */
int nc_file_mkdirs(const char *path);

/* The write_files of user (as of nc_user_parse()). */
void nc_file_write_all(const char *root, const json_t *user, struct nc_report *r);

#endif
