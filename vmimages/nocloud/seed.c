/* SPDX-License-Identifier: Apache-2.0 */
#include "seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/log.h"

#define MAX_FILE (1u << 20)
static const char mount_point[] = "/run/ovnbed-seed";

/* Labels are padded with blanks. */
static bool is_cidata(const uint8_t *label, size_t len)
{
	static const char want[] = "cidata";
	size_t n = sizeof(want) - 1;

	if (strncasecmp((const char *)label, want, n) != 0)
		return false;
	for (; n < len && label[n]; n++)
		if (label[n] != ' ')
			return false;
	return true;
}

const char *nc_seed_probe(const uint8_t *data, size_t len)
{
	/* ECMA-119 §8.4: primary volume descriptor in sector 16, volume identifier at byte 41. */
	if (len >= NC_SEED_PROBE_BYTES && memcmp(data + 0x8000, "\1CD001", 6) == 0)
		return is_cidata(data + 0x8000 + 40, 32) ? "iso9660" : NULL;
	/* FAT: extended boot record of FAT12/16 at 0x26, of FAT32 at 0x42; label 5 bytes behind. */
	if (len < 512 || data[510] != 0x55 || data[511] != 0xaa)
		return NULL;
	if (data[0x26] == 0x29 && memcmp(data + 0x36, "FAT", 3) == 0)
		return is_cidata(data + 0x2b, 11) ? "vfat" : NULL;
	if (data[0x42] == 0x29 && memcmp(data + 0x52, "FAT", 3) == 0)
		return is_cidata(data + 0x47, 11) ? "vfat" : NULL;
	return NULL;
}

static ssize_t read_up_to(int fd, uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len) {
		ssize_t got = pread(fd, p + n, len - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static const char *probe_device(const char *dev)
{
	_cleanup_free_ uint8_t *data = xmalloc(NC_SEED_PROBE_BYTES);
	_cleanup_close_ int fd = open(dev, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read_up_to(fd, data, NC_SEED_PROBE_BYTES);

	return n < 0 ? NULL : nc_seed_probe(data, (size_t)n);
}

/* 0 read, 1 no such file. */
static int read_file(const char *dir, const char *name, struct buf *out, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, errno, "%s", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
		return err_set(e, EFBIG, "%s: not a file of at most 1 MiB", name);
	buf_reserve(out, (size_t)st.st_size + 1);
	n = read_up_to(fd, (uint8_t *)out->data, (size_t)st.st_size);
	if (n < 0)
		return err_errno(e, (int)-n, "%s", name);
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

int nc_seed_read_dir(const char *dir, struct nc_seed *seed, struct err *e)
{
	int r = read_file(dir, "meta-data", &seed->meta, e);

	if (r >= 0)
		r = read_file(dir, "user-data", &seed->user, e);
	if (r >= 0)
		r = read_file(dir, "network-config", &seed->net, e);
	if (r < 0)
		return r;
	free(seed->source);
	seed->source = xstrdup(dir);
	return 0;
}

static int read_volume(const char *dev, const char *type, struct nc_seed *seed, struct err *e)
{
	int r;

	mkdir(mount_point, 0700);
	if (mount(dev, mount_point, type, MS_RDONLY | MS_NODEV | MS_NOEXEC | MS_NOSUID, NULL) < 0)
		return err_errno(e, errno, "mount %s (%s)", dev, type);
	r = nc_seed_read_dir(mount_point, seed, e);
	if (umount2(mount_point, MNT_DETACH) < 0)
		log_warn("unmount %s: %s", mount_point, strerror(errno));
	rmdir(mount_point);
	if (r < 0)
		return err_wrap(e, "%s", dev);
	free(seed->source);
	seed->source = xstrdup(dev);
	return 0;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int nc_seed_find(struct nc_seed *seed, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir("/sys/class/block", &names, visible, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *dev = xasprintf("/dev/%s", names[i]->d_name);
		const char *type = r == 0 && !seed->source ? probe_device(dev) : NULL;

		if (type)
			r = read_volume(dev, type, seed, e);
		free(names[i]);
	}
	free(names);
	return r;
}

void nc_seed_free(struct nc_seed *seed)
{
	free(seed->source);
	buf_free(&seed->meta);
	buf_free(&seed->user);
	buf_free(&seed->net);
	*seed = (struct nc_seed){0};
}
