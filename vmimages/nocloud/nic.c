/* SPDX-License-Identifier: Apache-2.0 */
#include "nic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>

char *nc_nic_path_name(const char *pci_address)
{
	unsigned domain, bus, slot, function;
	int end = 0;

	if (sscanf(pci_address, "%4x:%2x:%2x.%1u%n", &domain, &bus, &slot, &function, &end) != 4 ||
	    pci_address[end])
		return NULL;
	if (domain)
		return xasprintf("enP%up%us%u", domain, bus, slot);
	return function ? xasprintf("enp%us%uf%u", bus, slot, function)
			: xasprintf("enp%us%u", bus, slot);
}

/* First line of ROOT/NAME/FILE, "" when unreadable. Caller frees. */
static char *attribute(const char *root, const char *name, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/%s", root, name, file);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return xstrndup(text, strcspn(text, "\n"));
}

/* The target of a link, "" when it is none. Caller frees. */
static char *link_target(const char *root, const char *name, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/%s", root, name, file);
	char target[PATH_MAX];

	return xstrdup(realpath(path, target) ? target : "");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The device, or, for virtio, the PCI function above it. */
static char *predictable(const char *root, const char *name)
{
	_cleanup_free_ char *device = link_target(root, name, "device");
	char *slash;

	if (str_after(base_name(device), "virtio")) {
		slash = strrchr(device, '/');
		*slash = '\0';
	}
	return nc_nic_path_name(base_name(device));
}

static json_t *nic(const char *root, const char *name)
{
	_cleanup_free_ char *index = attribute(root, name, "ifindex");
	_cleanup_free_ char *mac = attribute(root, name, "address");
	_cleanup_free_ char *driver = link_target(root, name, "device/driver");
	_cleanup_free_ char *path = predictable(root, name);
	long long n;

	if (parse_int(index, 1, INT_MAX, &n) < 0)
		return NULL;
	return json_pack("{s:s, s:I, s:s, s:s, s:s*}", "name", name, "ifindex", n, "mac", mac,
			 "driver", base_name(driver), "path", path);
}

static int by_ifindex(const void *a, const void *b)
{
	long long x = jint(*(json_t *const *)a, "ifindex", 0);
	long long y = jint(*(json_t *const *)b, "ifindex", 0);

	return (x > y) - (x < y);
}

static json_t *sorted(json_t **v, size_t n)
{
	json_t *out = json_array();
	size_t i;

	if (n)
		qsort(v, n, sizeof(*v), by_ifindex);
	for (i = 0; i < n; i++)
		json_array_append_new(out, v[i]);
	return out;
}

json_t *nc_nics(const char *root)
{
	_cleanup_free_ json_t **v = NULL;
	DIR *dir = opendir(root);
	struct dirent *ent;
	size_t n = 0;

	while (dir && (ent = readdir(dir))) {
		_cleanup_free_ char *type = attribute(root, ent->d_name, "type");
		json_t *one;

		/* 1 is ARPHRD_ETHER. */
		if (ent->d_name[0] == '.' || !streq(type, "1"))
			continue;
		one = nic(root, ent->d_name);
		if (one) {
			v = xrealloc(v, (n + 1) * sizeof(*v));
			v[n++] = one;
		}
	}
	if (dir)
		closedir(dir);
	return sorted(v, n);
}

static bool name_matches(const json_t *nic, const char *pattern)
{
	return fnmatch(pattern, jstr(nic, "name", ""), 0) == 0 ||
	       fnmatch(pattern, jstr(nic, "path", ""), 0) == 0;
}

/* Every given criterion must hold. */
static bool match_holds(const json_t *nic, const json_t *match)
{
	const char *mac = jstr(match, "mac", NULL), *name = jstr(match, "name", NULL);
	const char *driver = jstr(match, "driver", NULL);

	return (mac || name || driver) && (!mac || strcasecmp(mac, jstr(nic, "mac", "")) == 0) &&
	       (!name || name_matches(nic, name)) &&
	       (!driver || fnmatch(driver, jstr(nic, "driver", ""), 0) == 0);
}

json_t *nc_nic_find(const json_t *nics, const json_t *itf)
{
	const json_t *match = json_object_get(itf, "match");
	const char *name = jstr(itf, "name", "");
	json_t *n;
	size_t i;

	json_array_foreach(nics, i, n)
		if (match ? match_holds(n, match) : streq(jstr(n, "name", ""), name))
			return n;
	json_array_foreach(nics, i, n)
		if (!match && streq0(jstr(n, "path", NULL), name))
			return n;
	return NULL;
}
