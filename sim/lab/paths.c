/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/paths.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

bool lab_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n < 1 || n > 24 || name[0] == '-' || name[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '-')
			return false;
	return true;
}

/* $VAR/ovnbed, or $HOME/FALLBACK/ovnbed. NULL when neither variable is set. */
static char *user_dir(const char *var, const char *fallback)
{
	const char *v = getenv(var), *home = getenv("HOME");

	if (v && *v == '/')
		return xasprintf("%s/ovnbed", v);
	if (fallback && home && *home == '/')
		return xasprintf("%s/%s/ovnbed", home, fallback);
	return NULL;
}

char *lab_cache_dir(void)
{
	const char *env = getenv("OVNBED_CACHE");
	char *d;

	if (env && *env == '/')
		return xstrdup(env);
	if (geteuid() == 0)
		return xstrdup("/var/cache/ovnbed");
	d = user_dir("XDG_CACHE_HOME", ".cache");
	return d ? d : xstrdup("/var/cache/ovnbed");
}

char *lab_paths_root(struct err *e)
{
	_cleanup_free_ char *base =
		geteuid() == 0 ? xstrdup("/run/ovnbed") : user_dir("XDG_RUNTIME_DIR", NULL);

	if (!base) {
		err_set(e, ENOENT,
			"XDG_RUNTIME_DIR is not set; log in through a session or run as root");
		return NULL;
	}
	return xasprintf("%s/labs", base);
}

int lab_paths_init(struct lab_paths *ret, const char *name, struct err *e)
{
	_cleanup_free_ char *root = NULL, *state = NULL;

	if (!lab_name_valid(name))
		return err_set(
			e, EINVAL,
			"lab name \"%s\": expected 1 to 24 of a-z, 0-9 and -, not starting or "
			"ending with -",
			name);
	root = lab_paths_root(e);
	if (!root)
		return -ENOENT;
	state = geteuid() == 0 ? xstrdup("/var/lib/ovnbed")
			       : user_dir("XDG_STATE_HOME", ".local/state");
	if (!state)
		return err_set(e, ENOENT, "neither XDG_STATE_HOME nor HOME is set");
	*ret = (struct lab_paths){
		.name = xstrdup(name),
		.run = xasprintf("%s/%s", root, name),
		.state = xasprintf("%s/labs/%s", state, name),
		.cache = lab_cache_dir(),
		.sock = xasprintf("%s/%s/api.sock", root, name),
	};
	return 0;
}

void lab_paths_free(struct lab_paths *p)
{
	free(p->name);
	free(p->run);
	free(p->state);
	free(p->cache);
	free(p->sock);
	*p = (struct lab_paths){0};
}

int path_mkdirs(const char *path, struct err *e)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *s = p + 1;; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return err_errno(e, errno, "mkdir %s", p);
		if (!c)
			return 0;
		*s = c;
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? errno : 0;
}

int path_remove(const char *path, struct err *e)
{
	int r = nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	if (r < 0 && errno == ENOENT)
		return 0;
	if (r != 0)
		return err_errno(e, r > 0 ? r : errno, "remove %s", path);
	return 0;
}
