/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/base64.h"

int nc_file_mkdirs(const char *path)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(p, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/*
 * Numeric id of a name in a file of colon-separated lines, whose third field it is. Read by hand:
 * a static program has no name service switch.
 */
static int lookup(const char *root, const char *file, const char *name, unsigned *ret)
{
	_cleanup_free_ char *path = xasprintf("%s%s", root, file), *line = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t cap = 0;
	long long n;

	if (parse_int(name, 0, INT_MAX, &n) == 0) {
		*ret = (unsigned)n;
		return 0;
	}
	f = fopen(path, "re");
	while (f && getline(&line, &cap, f) > 0) {
		const char *rest = str_after(line, name);

		if (rest && *rest == ':' && sscanf(rest, ":%*[^:]:%u", ret) == 1)
			return 0;
	}
	return -ENOENT;
}

int nc_file_protect(const char *root, const char *path, mode_t mode, const char *owner,
		    struct err *e)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path);
	_cleanup_free_ char *user = owner ? xstrndup(owner, strcspn(owner, ":")) : NULL;
	const char *group = owner && strchr(owner, ':') ? strchr(owner, ':') + 1 : NULL;
	unsigned uid = (unsigned)-1, gid = (unsigned)-1;

	if (chmod(full, mode) < 0)
		return err_errno(e, errno, "mode of %s", path);
	if (!owner || geteuid() != 0)
		return 0;
	if (*user && lookup(root, "/etc/passwd", user, &uid) < 0)
		return err_set(e, ENOENT, "%s: no user \"%s\"", path, user);
	if (group && *group && lookup(root, "/etc/group", group, &gid) < 0)
		return err_set(e, ENOENT, "%s: no group \"%s\"", path, group);
	if (chown(full, uid, gid) < 0)
		return err_errno(e, errno, "owner of %s", path);
	return 0;
}

static int write_data(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int nc_file_write(const char *root, const struct nc_file *f, struct err *e)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, f->path), *dir = xstrdup(full);
	_cleanup_close_ int fd = -1;
	int r;

	*strrchr(dir, '/') = '\0';
	r = *dir ? nc_file_mkdirs(dir) : 0;
	if (r < 0)
		return err_errno(e, -r, "directory of %s", f->path);
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | (f->append ? O_APPEND : O_TRUNC), 0600);
	if (fd < 0)
		return err_errno(e, errno, "%s", f->path);
	r = write_data(fd, f->data, f->len);
	if (r < 0)
		return err_errno(e, -r, "write %s", f->path);
	return nc_file_protect(root, f->path, f->mode, f->owner, e);
}

static int write_one(const char *root, const json_t *o, struct err *e)
{
	const char *content = jstr(o, "content", "");
	_cleanup_buf_ struct buf data = BUF_INIT;
	struct nc_file f = {
		.path = jstr(o, "path", ""),
		.mode = (mode_t)jint(o, "mode", 0644),
		.owner = jstr(o, "owner", NULL),
		.append = jbool(o, "append", false),
	};

	if (!jbool(o, "base64", false))
		buf_adds(&data, content);
	else if (base64_decode(content, strlen(content), &data) < 0)
		return err_set(e, EINVAL, "%s: content is not base64", f.path);
	f.data = buf_str(&data);
	f.len = data.len;
	return nc_file_write(root, &f, e);
}

void nc_file_write_all(const char *root, const json_t *user, struct nc_report *r)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(user, "files"), i, o) {
		_cleanup_err_ struct err e = ERR_INIT;

		if (write_one(root, o, &e) < 0)
			nc_error(r, "write_files.%zu: %s", i, err_msg(&e));
	}
}
