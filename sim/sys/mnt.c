/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mnt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/buf.h"

/* The source by which our own layers are known again in mountinfo. */
#define LAYER "ovnbed"

int mnt_proc(struct err *e)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_errno(e, errno, "mount /proc");
	return 0;
}

/*
 * The old /sys goes with all that is mounted below it (cgroups, tracing …), which would otherwise
 * stay in the mount table and mislead programs that read it. In a user namespace it cannot be taken
 * away and is only covered. The new one is made first: the kernel wants to see the old one then.
 */
int mnt_sysfs(struct err *e)
{
	_cleanup_close_ int fs = fsopen("sysfs", FSOPEN_CLOEXEC), fd = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_errno(e, errno, "make a sysfs");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "make a mount of sysfs");
	umount2("/sys", MNT_DETACH);
	if (move_mount(fd, "", AT_FDCWD, "/sys", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_errno(e, errno, "mount /sys");
	return 0;
}

int mnt_mkdirs(const char *path, struct err *e)
{
	_cleanup_free_ char *p = xstrdup(path);
	char *s;

	for (s = p + 1;; s++) {
		char c = *s;

		if (c && c != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return err_errno(e, errno, "make directory %s", p);
		if (!c)
			return 0;
		*s = c;
	}
}

/* ---- kept subtrees ---- */

struct kept {
	int fd;
	const char *path;
};
struct kepts {
	struct kept *v;
	size_t n;
};

static void kepts_free(struct kepts *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		close_fd(k->v[i].fd);
	free(k->v);
}

static bool is_below(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (*rest == '/' || *rest == '\0' || streq(dir, "/"));
}

/* Takes hold of those keep paths that lie below dir and exist, before dir is covered. */
static int kepts_take(const char *dir, const char *const *keep, struct kepts *k, struct err *e)
{
	for (; keep && *keep; keep++) {
		int fd;

		if (!is_below(*keep, dir))
			continue;
		fd = open_tree(AT_FDCWD, *keep, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return err_errno(e, errno, "take hold of %s", *keep);
		k->v = xrealloc(k->v, (k->n + 1) * sizeof(*k->v));
		k->v[k->n++] = (struct kept){fd, *keep};
	}
	return 0;
}

static int kepts_put(const struct kepts *k, struct err *e)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		int r = mnt_mkdirs(k->v[i].path, e);

		if (r < 0)
			return r;
		if (move_mount(k->v[i].fd, "", AT_FDCWD, k->v[i].path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return err_errno(e, errno, "bring back %s", k->v[i].path);
	}
	return 0;
}

/* ---- layers ---- */

static int tmpfs_on(const char *dir, struct err *e)
{
	if (mount(LAYER, dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
		return err_errno(e, errno, "mount a tmpfs on %s", dir);
	return 0;
}

int mnt_fresh(const char *dir, const char *const *keep, struct err *e)
{
	_cleanup_(kepts_free) struct kepts k = {NULL, 0};
	int r = kepts_take(dir, keep, &k, e);

	if (r >= 0)
		r = tmpfs_on(dir, e);
	return r < 0 ? r : kepts_put(&k, e);
}

/* True when path lies on a layer of ours: the source of its mount in mountinfo says so. */
static bool on_layer(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL, *id = NULL;
	struct statx sx;
	size_t cap = 0;

	if (!f || statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) < 0 ||
	    !(sx.stx_mask & STATX_MNT_ID))
		return false;
	id = xasprintf("%llu ", (unsigned long long)sx.stx_mnt_id);
	while (getline(&line, &cap, f) > 0)
		if (str_after(line, id))
			return strstr(line, " - tmpfs " LAYER " ") ||
			       strstr(line, " - overlay " LAYER " ");
	return false;
}

/* dir_fd: dir as it was before anything covered it. */
static int overlay_on(const char *dir, int dir_fd, struct err *e)
{
	_cleanup_free_ char *up = xasprintf("%s/upper", dir), *work = xasprintf("%s/work", dir);
	_cleanup_free_ char *opts =
		xasprintf("lowerdir=/proc/self/fd/%d,upperdir=%s,workdir=%s", dir_fd, up, work);
	int r = tmpfs_on(dir, e);

	if (r < 0)
		return r;
	/* The tmpfs stays below the overlay, reachable by nobody else. */
	if (mkdir(up, 0755) == 0 && mkdir(work, 0755) == 0 &&
	    mount(LAYER, dir, "overlay", MS_NOSUID | MS_NODEV, opts) == 0)
		return 0;
	r = err_errno(e, errno, "mount an overlay on %s", dir);
	umount2(dir, MNT_DETACH);
	return r;
}

static int bind_entry(const char *dir, int dir_fd, const char *name, struct err *e)
{
	_cleanup_free_ char *src = xasprintf("/proc/self/fd/%d/%s", dir_fd, name);
	_cleanup_free_ char *dst = xasprintf("%s/%s", dir, name);
	char link[4096];
	struct stat st;
	ssize_t n;
	int fd;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "look at %s", dst);
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dir_fd, name, link, sizeof(link) - 1);
		if (n < 0)
			return err_errno(e, errno, "read link %s", dst);
		link[n] = '\0';
		return symlink(link, dst) < 0 ? err_errno(e, errno, "make link %s", dst) : 0;
	}
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(dst, 0755) < 0)
			return err_errno(e, errno, "make directory %s", dst);
	} else {
		fd = open(dst, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return err_errno(e, errno, "make %s", dst);
		close(fd);
	}
	if (mount(src, dst, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_errno(e, errno, "bind %s", dst);
	return 0;
}

static int tmpfs_of_binds(const char *dir, int dir_fd, struct err *e)
{
	int list = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = list < 0 ? NULL : fdopendir(list);
	struct dirent *de;
	int r;

	if (!d)
		return err_errno(e, errno, "list %s", dir);
	r = tmpfs_on(dir, e);
	while (r == 0 && (de = readdir(d)))
		if (!streq(de->d_name, ".") && !streq(de->d_name, ".."))
			r = bind_entry(dir, dir_fd, de->d_name, e);
	closedir(d);
	return r;
}

int mnt_layer_as(enum mnt_layer_kind kind, const char *dir, const char *const *keep, struct err *e)
{
	_cleanup_(kepts_free) struct kepts k = {NULL, 0};
	_cleanup_close_ int fd = -1;
	int r;

	if (on_layer(dir))
		return 0;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "open %s", dir);
	r = kepts_take(dir, keep, &k, e);
	if (r < 0)
		return r;
	r = -ENODEV;
	if (kind != MNT_LAYER_BINDS)
		r = overlay_on(dir, fd, e);
	if (r < 0 && kind != MNT_LAYER_OVERLAY) {
		if (e)
			err_clear(e);
		r = tmpfs_of_binds(dir, fd, e);
	}
	return r < 0 ? r : kepts_put(&k, e);
}

int mnt_layer(const char *const *dirs, const char *const *keep, struct err *e)
{
	int r = 0;

	for (; r == 0 && *dirs; dirs++)
		r = mnt_layer_as(MNT_LAYER_ANY, *dirs, keep, e);
	return r;
}

/* ---- binds ---- */

/* Makes a missing mount point, after putting a layer on the nearest directory that exists. */
static int make_target(const struct mnt_bind *b, const char *const *keep, struct err *e)
{
	_cleanup_free_ char *dir = xstrdup(b->target), *parent = NULL;
	struct stat st;
	char *slash;
	int r, fd;

	if (stat(b->target, &st) == 0)
		return 0;
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		if (stat(dir, &st) == 0)
			break;
	}
	if (!slash || slash == dir)
		return err_set(e, EINVAL, "cannot make %s without touching /", b->target);
	r = mnt_layer_as(MNT_LAYER_ANY, dir, keep, e);
	if (r < 0)
		return r;
	if (b->kind == MNT_DIR)
		return mnt_mkdirs(b->target, e);
	parent = xstrndup(b->target, (size_t)(strrchr(b->target, '/') - b->target));
	r = mnt_mkdirs(parent, e);
	if (r < 0)
		return r;
	fd = open(b->target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(e, errno, "make %s", b->target);
	close(fd);
	return 0;
}

int mnt_targets(const struct mnt_bind *b, size_t n, const char *const *keep, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = make_target(&b[i], keep, e);
	return r;
}

int mnt_binds(const struct mnt_bind *b, size_t n, const char *const *keep, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int r = b[i].kind == MNT_DIR ? mnt_mkdirs(b[i].source, e) : 0;

		if (r >= 0)
			r = make_target(&b[i], keep, e);
		if (r < 0)
			return r;
		if (mount(b[i].source, b[i].target, NULL, MS_BIND | MS_REC, NULL) < 0)
			return err_errno(e, errno, "bind %s at %s", b[i].source, b[i].target);
	}
	return 0;
}
