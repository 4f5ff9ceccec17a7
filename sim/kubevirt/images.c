/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/images.h"

#include <errno.h>

#include "kubevirt/network.h"

/* ---- reading the file ---- */

static char *file_at(const json_t *v, const char *key, const char *dir)
{
	const char *s = jstr(v, key, NULL);

	if (!s || !*s)
		return NULL;
	return *s == '/' ? xstrdup(s) : xasprintf("%s/%s", dir, s);
}

static bool find_image(const struct kubevirt_images *im, const char *name, size_t *ret)
{
	for (size_t i = 0; i < im->n; i++)
		if (streq0(im->v[i].name, name)) {
			*ret = i;
			return true;
		}
	return false;
}

static void read_image(const json_t *v, size_t i, const char *dir, struct kubevirt_images *im,
		       struct diags *d)
{
	_cleanup_free_ char *path = xasprintf("images.%zu", i);
	struct kubevirt_image one = {
		.name = xstrdup(jstr(v, "name", "")),
		.kernel = file_at(v, "kernel", dir),
		.initrd = file_at(v, "initrd", dir),
		.cmdline = xstrdup(jstr(v, "cmdline", NULL)),
		.disk = file_at(v, "disk", dir),
		.format = xstrdup(jstr(v, "format", "qcow2")),
		.agent = jbool(v, "agent", false),
		.probe = jbool(v, "probe", false),
		.probe_upload = streq(jstr(v, "probe", ""), "upload"),
		.cloud_init = jbool(v, "cloud_init", true),
	};
	size_t other;

	if (!*one.name)
		diags_add(d, DIAG_ERROR, NULL, path, "expected an image with a name");
	else if (find_image(im, one.name, &other))
		diags_add(d, DIAG_ERROR, NULL, path, "image %s is there twice", one.name);
	if (!one.kernel && !one.disk)
		diags_add(d, DIAG_ERROR, NULL, path,
			  "image %s has neither kernel nor disk: nothing would boot", one.name);
	if (!streq(one.format, "qcow2") && !streq(one.format, "raw"))
		diags_add(d, DIAG_ERROR, NULL, path, "format %s: expected qcow2 or raw",
			  one.format);
	im->v[im->n++] = one;
}

static void read_reference(const json_t *v, size_t i, struct kubevirt_images *im, struct diags *d)
{
	_cleanup_free_ char *path = xasprintf("references.%zu", i);
	const char *match = jstr(v, "match", NULL), *image = jstr(v, "image", NULL);
	struct kubevirt_reference one = {.match = NULL};

	if (!match || !image) {
		diags_add(d, DIAG_ERROR, NULL, path, "expected {match, image}");
	} else if (!find_image(im, image, &one.image)) {
		diags_add(d, DIAG_ERROR, NULL, path, "there is no image %s", image);
	} else {
		one.match = xstrdup(match);
		im->refs[im->n_refs++] = one;
	}
}

int kubevirt_images_parse(const json_t *root, const char *dir, struct kubevirt_images *ret,
			  struct diags *d)
{
	const json_t *images = json_object_get(root, "images");
	const json_t *refs = json_object_get(root, "references");
	const char *fallback = jstr(root, "fallback", NULL);
	_cleanup_kubevirt_images_ struct kubevirt_images im = {0};
	size_t errors = diags_count(d, DIAG_ERROR), i;
	json_t *v;

	im.v = xcalloc(json_array_size(images) + 1, sizeof(*im.v));
	im.refs = xcalloc(json_array_size(refs) + 1, sizeof(*im.refs));
	if (!json_is_array(images))
		diags_add(d, DIAG_ERROR, NULL, "images", "expected a list of images");
	json_array_foreach(images, i, v)
		read_image(v, i, dir, &im, d);
	json_array_foreach(refs, i, v)
		read_reference(v, i, &im, d);
	im.fallback = im.n;
	if (fallback && !find_image(&im, fallback, &im.fallback))
		diags_add(d, DIAG_ERROR, NULL, "fallback", "there is no image %s", fallback);
	if (diags_count(d, DIAG_ERROR) > errors)
		return -EINVAL;
	*ret = im;
	im = (struct kubevirt_images){0};
	return 0;
}

void kubevirt_images_free(struct kubevirt_images *im)
{
	for (size_t i = 0; i < im->n; i++) {
		free(im->v[i].name);
		free(im->v[i].kernel);
		free(im->v[i].initrd);
		free(im->v[i].cmdline);
		free(im->v[i].disk);
		free(im->v[i].format);
	}
	for (size_t i = 0; i < im->n_refs; i++)
		free(im->refs[i].match);
	free(im->v);
	free(im->refs);
	*im = (struct kubevirt_images){0};
}

/* ---- choosing ---- */

static bool glob_match(const char *pattern, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			back = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool boots(const json_t *volume)
{
	return kubevirt_has(volume, "containerDisk") || kubevirt_has(volume, "dataVolume") ||
	       kubevirt_has(volume, "persistentVolumeClaim");
}

/* The volume that the guest starts from: lowest bootOrder, else the first bootable disk, else the
 * first bootable volume. NULL when there is none. */
static const json_t *boot_volume(const json_t *spec)
{
	const json_t *volumes = json_object_get(spec, "volumes"), *best = NULL;
	long long best_order = 0;
	json_t *v;
	size_t i;

	json_array_foreach(jget(spec, "domain.devices.disks"), i, v) {
		const json_t *volume = kubevirt_find_named(volumes, jstr(v, "name", NULL));
		long long order = jint(v, "bootOrder", 0);

		if (!volume || !boots(volume))
			continue;
		if (!best || (order > 0 && (best_order <= 0 || order < best_order))) {
			best = volume;
			best_order = order;
		}
	}
	if (best)
		return best;
	json_array_foreach(volumes, i, v)
		if (boots(v))
			return v;
	return NULL;
}

static char *fallback_message(const json_t *volume, const char *image)
{
	const char *ref = jstr(volume, "containerDisk.image", NULL);

	if (ref)
		return xasprintf("containerDisk %s is not mapped to a local image: %s boots "
				 "instead (add it to vmimages/images.yaml)",
				 ref, image);
	if (volume)
		return xasprintf("volume %s is no containerDisk and there is no storage: %s boots "
				 "instead",
				 jstr(volume, "name", ""), image);
	return xasprintf("the VM has no disk to boot from: %s boots instead", image);
}

const struct kubevirt_image *kubevirt_image_for(const struct kubevirt_images *im, const json_t *vmi,
						char **ret_message, struct err *e)
{
	const json_t *volume = boot_volume(json_object_get(vmi, "spec"));
	const char *ref = jstr(volume, "containerDisk.image", NULL);

	*ret_message = NULL;
	for (size_t i = 0; ref && i < im->n_refs; i++)
		if (glob_match(im->refs[i].match, ref))
			return &im->v[im->refs[i].image];
	if (im->fallback < im->n) {
		*ret_message = fallback_message(volume, im->v[im->fallback].name);
		return &im->v[im->fallback];
	}
	err_set(e, ENOENT, "no local image for %s, and images.yaml names no fallback",
		ref ? ref : "a VM without containerDisk");
	return NULL;
}
