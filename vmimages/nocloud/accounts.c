/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "file.h"

struct accounts {
	const char *root;
	struct nc_report *r;
	json_t *lines; /* {FILE: [line]} of passwd, shadow and group */
};

char *nc_accounts_hash(const char *password)
{
	static const char set[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char salt[] = "$5$rounds=1000$................";
	size_t at = strlen("$5$rounds=1000$");
	struct crypt_data data = {0};
	uint8_t random[16];
	const char *hash;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return NULL;
	for (size_t i = 0; i < sizeof(random); i++)
		salt[at + i] = set[random[i] % 64];
	hash = crypt_r(password, salt, &data);
	return hash && *hash != '*' ? xstrdup(hash) : NULL;
}

/* ---- the files as lists of lines ---- */

static json_t *read_lines(const char *root, const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path), *line = NULL;
	_cleanup_fclose_ FILE *f = fopen(full, "re");
	json_t *lines = json_array();
	size_t cap = 0;
	ssize_t n;

	while (f && (n = getline(&line, &cap, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			json_array_append_new(lines, jstring(line));
	}
	return lines;
}

static void write_lines(struct accounts *a, const char *path, mode_t mode)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct nc_file f = {.path = path, .mode = mode};
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(a->lines, path), i, line)
		buf_printf(&text, "%s\n", json_string_value(line));
	f.data = buf_str(&text);
	f.len = text.len;
	if (nc_file_write(a->root, &f, &e) < 0)
		nc_error(a->r, "%s", err_msg(&e));
}

/* Index of NAME's line in a file of colon-separated fields, or -1. */
static long find_line(struct accounts *a, const char *path, const char *name)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(a->lines, path), i, line) {
		const char *rest = str_after(json_string_value(line), name);

		if (rest && *rest == ':')
			return (long)i;
	}
	return -1;
}

static void set_line(struct accounts *a, const char *path, const char *name, char *line)
{
	json_t *lines = json_object_get(a->lines, path);
	long i = find_line(a, path, name);

	if (i < 0)
		json_array_append_new(lines, jstring(line));
	else
		json_array_set_new(lines, (size_t)i, jstring(line));
	free(line);
}

/* Field n (0-based) of NAME's line in passwd; "" when absent. Caller frees. */
static char *passwd_field(struct accounts *a, const char *name, int n)
{
	json_t *lines = json_object_get(a->lines, "/etc/passwd");
	long i = find_line(a, "/etc/passwd", name);
	const char *p = i < 0 ? "" : json_string_value(json_array_get(lines, (size_t)i));

	while (n-- > 0) {
		p += strcspn(p, ":");
		p += *p == ':';
	}
	return xstrndup(p, strcspn(p, ":"));
}

/* ---- users ---- */

static unsigned free_uid(struct accounts *a)
{
	unsigned max = 999;
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(a->lines, "/etc/passwd"), i, line) {
		unsigned uid;

		if (sscanf(json_string_value(line), "%*[^:]:%*[^:]:%u", &uid) == 1 && uid > max &&
		    uid < 60000)
			max = uid;
	}
	return max + 1;
}

static void set_shadow(struct accounts *a, const char *name, const char *hash)
{
	set_line(a, "/etc/shadow", name, xasprintf("%s:%s:0::::::", name, hash));
}

static void set_password(struct accounts *a, const char *name, const json_t *from)
{
	const char *plain = jstr(from, "plain", NULL), *hash = jstr(from, "hash", NULL);
	_cleanup_free_ char *made = plain ? nc_accounts_hash(plain) : NULL;

	if (plain && !made)
		nc_error(a->r, "user %s: the password cannot be hashed", name);
	else if (find_line(a, "/etc/passwd", name) < 0)
		nc_error(a->r, "password for %s: no such user", name);
	else if (hash && strpbrk(hash, ":\n"))
		nc_error(a->r, "user %s: malformed password hash", name);
	else if (made || hash)
		set_shadow(a, name, made ? made : hash);
}

/* A colon or line end in a value would forge fields. */
static const char *field(const json_t *u, const char *key, const char *def)
{
	const char *v = jstr(u, key, def);

	return strpbrk(v, ":\n") ? def : v;
}

static void create_user(struct accounts *a, const json_t *u)
{
	const char *name = jstr(u, "name", "");
	_cleanup_free_ char *def_home = xasprintf("/home/%s", name), *home_dir = NULL;
	const char *home = field(u, "home", def_home);
	long long uid;

	if (parse_int(jstr(u, "uid", ""), 1, 60000, &uid) < 0)
		uid = free_uid(a);
	set_line(a, "/etc/passwd", name,
		 xasprintf("%s:x:%lld:%lld:%s:%s:%s", name, uid, uid, field(u, "gecos", ""), home,
			   field(u, "shell", "/bin/sh")));
	set_line(a, "/etc/group", name, xasprintf("%s:x:%lld:", name, uid));
	set_shadow(a, name, "!");
	home_dir = xasprintf("%s%s", a->root, home);
	if (nc_file_mkdirs(home_dir) < 0 || chmod(home_dir, 0755) < 0 ||
	    (geteuid() == 0 && chown(home_dir, (uid_t)uid, (gid_t)uid) < 0))
		nc_error(a->r, "user %s: %s: %s", name, home, strerror(errno));
}

static void add_keys(struct accounts *a, const char *name, const json_t *keys)
{
	_cleanup_free_ char *home = passwd_field(a, name, 5), *dir = NULL, *path = NULL;
	_cleanup_free_ char *owner = xasprintf("%s:%s", name, name);
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct nc_file f = {.mode = 0600, .owner = owner, .append = true};
	json_t *key;
	size_t i;

	if (!json_array_size(keys))
		return;
	json_array_foreach(keys, i, key)
		buf_printf(&text, "%s\n", json_string_value(key));
	dir = xasprintf("%s/.ssh", streq(home, "/") ? "" : home);
	path = xasprintf("%s/authorized_keys", dir);
	f.path = path;
	f.data = buf_str(&text);
	f.len = text.len;
	if (nc_file_write(a->root, &f, &e) < 0 ||
	    nc_file_protect(a->root, dir, 0700, owner, &e) < 0)
		nc_error(a->r, "ssh keys of %s: %s", name, err_msg(&e));
}

static void apply_user(struct accounts *a, const json_t *u)
{
	const char *name = jstr(u, "name", "");

	if (find_line(a, "/etc/passwd", name) < 0)
		create_user(a, u);
	/* A locked password is no password; the default user's own one comes afterwards. */
	if (!jbool(u, "lock", false) || jbool(u, "default", false))
		set_password(a, name, u);
}

static const char *default_user(const json_t *user)
{
	json_t *u;
	size_t i;

	json_array_foreach(json_object_get(user, "users"), i, u)
		if (jbool(u, "default", false))
			return jstr(u, "name", "root");
	return "root";
}

static void load(struct accounts *a)
{
	static const char *const files[] = {"/etc/passwd", "/etc/shadow", "/etc/group"};
	size_t i;

	a->lines = json_object();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		json_object_set_new(a->lines, files[i], read_lines(a->root, files[i]));
}

static void save(struct accounts *a)
{
	write_lines(a, "/etc/passwd", 0644);
	write_lines(a, "/etc/group", 0644);
	write_lines(a, "/etc/shadow", 0600);
}

void nc_accounts_apply(const char *root, const json_t *user, const json_t *keys,
		       struct nc_report *r)
{
	struct accounts a = {.root = root, .r = r};
	const char *def = default_user(user);
	json_t *v;
	size_t i;

	load(&a);
	json_array_foreach(json_object_get(user, "users"), i, v)
		apply_user(&a, v);
	json_array_foreach(json_object_get(user, "passwords"), i, v) {
		const char *name = jstr(v, "user", "");

		set_password(&a, *name ? name : def, v);
	}
	save(&a);
	json_array_foreach(json_object_get(user, "users"), i, v)
		add_keys(&a, jstr(v, "name", ""), json_object_get(v, "keys"));
	add_keys(&a, def, keys);
	add_keys(&a, def, json_object_get(user, "keys"));
	json_decref(a.lines);
}
