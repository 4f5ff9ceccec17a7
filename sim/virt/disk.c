/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disk files. The overlay is an empty qcow2 (QEMU docs/interop/qcow2.txt), version 3: header,
 * refcount table, one refcount block, L1 table, each in a cluster of its own.
 */
#include "virt/seed.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define CLUSTER_BITS 16
#define CLUSTER (1ull << CLUSTER_BITS)
#define L1_ENTRY_SPAN (CLUSTER / 8 * CLUSTER)	 /* bytes of disk behind one L1 entry */
#define MAX_SIZE (L1_ENTRY_SPAN * (CLUSTER / 8)) /* L1 table in one cluster: 4 TiB */
#define HEADER_LENGTH 104
#define EXT_BACKING_FORMAT 0xe2792acau

struct qcow2_header {
	uint32_t magic, version;
	uint64_t backing_offset;
	uint32_t backing_size, cluster_bits;
	uint64_t size;
	uint32_t crypt_method, l1_size;
	uint64_t l1_offset, refcount_offset;
	uint32_t refcount_clusters, n_snapshots;
	uint64_t snapshots_offset, incompatible, compatible, autoclear;
	uint32_t refcount_order, header_length;
	struct {
		uint32_t type, length;
		char text[8];
	} format;
	uint32_t end_type, end_length;
} __attribute__((packed));

/* Virtual size in bytes of a backing file. */
static int virtual_size(const char *path, const char *format, uint64_t *ret, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	struct {
		uint32_t magic, version;
		uint64_t backing_offset;
		uint32_t backing_size, cluster_bits;
		uint64_t size;
	} __attribute__((packed)) head;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "open disk image %s", path);
	if (streq(format, "raw")) {
		*ret = ((uint64_t)st.st_size + 511) & ~511ull;
		return 0;
	}
	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    be32toh(head.magic) != 0x514649fb)
		return err_set(e, EINVAL, "%s is not a qcow2 image", path);
	*ret = be64toh(head.size);
	return 0;
}

static void fill_header(struct qcow2_header *h, const char *backing, const char *format,
			uint64_t size)
{
	*h = (struct qcow2_header){
		.magic = htobe32(0x514649fb),
		.version = htobe32(3),
		.backing_offset = htobe64(sizeof(*h)),
		.backing_size = htobe32((uint32_t)strlen(backing)),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(size),
		.l1_size = htobe32((uint32_t)((size + L1_ENTRY_SPAN - 1) / L1_ENTRY_SPAN)),
		.l1_offset = htobe64(3 * CLUSTER),
		.refcount_offset = htobe64(CLUSTER),
		.refcount_clusters = htobe32(1),
		.refcount_order = htobe32(4),
		.header_length = htobe32(HEADER_LENGTH),
		.format = {.type = htobe32(EXT_BACKING_FORMAT),
			   .length = htobe32((uint32_t)strlen(format))},
	};
	memcpy(h->format.text, format, MIN(strlen(format), sizeof(h->format.text)));
}

static bool put(int fd, const void *p, size_t n, uint64_t at)
{
	return pwrite(fd, p, n, (off_t)at) == (ssize_t)n;
}

static int write_overlay(int fd, const char *path, const char *backing, const char *format,
			 struct err *e)
{
	const uint64_t table = htobe64(2 * CLUSTER);
	const uint16_t counts[4] = {htobe16(1), htobe16(1), htobe16(1), htobe16(1)};
	struct qcow2_header h;
	uint64_t size = 0;
	int r = virtual_size(backing, format, &size, e);

	if (r < 0)
		return r;
	if (size > MAX_SIZE || strlen(backing) > 1023)
		return err_set(e, ERANGE, "%s is too big, or its path too long, for an overlay",
			       backing);
	fill_header(&h, backing, format, size);
	if (ftruncate(fd, 4 * CLUSTER) < 0 || !put(fd, &h, sizeof(h), 0) ||
	    !put(fd, backing, strlen(backing), sizeof(h)) ||
	    !put(fd, &table, sizeof(table), CLUSTER) ||
	    !put(fd, counts, sizeof(counts), 2 * CLUSTER))
		return err_errno(e, errno, "write %s", path);
	return 0;
}

int disk_create(const json_t *file, struct err *e)
{
	const char *path = jstr(file, "path", NULL), *kind = jstr(file, "kind", "");
	const char *backing = jstr(file, "backing", ""), *format = jstr(file, "format", "qcow2");
	long long size = jint(file, "size", -1);
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (!path || (!streq(kind, "overlay") && !streq(kind, "raw")) ||
	    (streq(kind, "raw") && size < 0) || (!streq(format, "raw") && !streq(format, "qcow2")))
		return err_set(e, EINVAL, "bad disk file description");
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, "create %s", path);
	if (streq(kind, "overlay"))
		r = write_overlay(fd, path, backing, format, e);
	else if (ftruncate(fd, size) < 0)
		r = err_errno(e, errno, "size %s to %lld bytes", path, size);
	if (r < 0)
		unlink(path);
	return r;
}
