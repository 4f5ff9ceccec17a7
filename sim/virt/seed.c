/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/seed.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>

static void archive_freep(struct archive **a)
{
	if (*a)
		archive_write_free(*a);
}

static int fail(struct archive *a, const char *path, struct err *e)
{
	const char *why = archive_error_string(a);

	return err_set(e, archive_errno(a) > 0 ? archive_errno(a) : EIO, "write %s: %s", path,
		       why ? why : "unknown error");
}

static int add_file(struct archive *a, const char *path, const char *name, const json_t *v,
		    struct err *e)
{
	struct archive_entry *entry;
	size_t len = json_string_length(v);
	int r;

	if (!json_is_string(v))
		return err_set(e, EINVAL, "seed file %s is not text", name);
	entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0444);
	archive_entry_set_mtime(entry, 0, 0);
	r = archive_write_header(a, entry);
	archive_entry_free(entry);
	if (r < ARCHIVE_WARN ||
	    (len && archive_write_data(a, json_string_value(v), len) != (la_ssize_t)len))
		return fail(a, path, e);
	return 0;
}

static int write_iso(int fd, const char *path, const char *label, const json_t *files,
		     struct err *e)
{
	_cleanup_(archive_freep) struct archive *a = archive_write_new();
	const char *name;
	json_t *v;

	if (!a)
		return err_set(e, ENOMEM, "write %s", path);
	if (archive_write_set_format_iso9660(a) != ARCHIVE_OK ||
	    archive_write_set_format_option(a, "iso9660", "volume-id", label) != ARCHIVE_OK ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		return fail(a, path, e);
	json_object_foreach((json_t *)files, name, v) {
		int r = add_file(a, path, name, v, e);

		if (r < 0)
			return r;
	}
	return archive_write_close(a) == ARCHIVE_OK ? 0 : fail(a, path, e);
}

int seed_write(const char *path, const char *label, const json_t *files, struct err *e)
{
	_cleanup_free_ char *tmp = xasprintf("%s.tmp", path);
	_cleanup_close_ int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "create %s", tmp);
	r = write_iso(fd, tmp, label, files, e);
	if (r >= 0 && rename(tmp, path) < 0)
		r = err_errno(e, errno, "rename %s to %s", tmp, path);
	if (r < 0)
		unlink(tmp);
	return r;
}
