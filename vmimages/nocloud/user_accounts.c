/* SPDX-License-Identifier: Apache-2.0 */
/* user-data: users, passwords and ssh keys. */
#include "config_priv.h"

/* crypt(3) texts, as cloud-init recognises them in chpasswd.list. */
static bool is_hash(const char *text)
{
	static const char *const prefixes[] = {"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_after(text, prefixes[i]))
			return true;
	return false;
}

static void add_password(json_t *user, const char *name, const char *kind, const char *text)
{
	json_array_append_new(json_object_get(user, "passwords"),
			      json_pack("{s:s, s:o}", "user", name, kind, jstring(text)));
}

static void listed_password(json_t *user, const char *line, const char *path, struct diags *d)
{
	_cleanup_free_ char *name = xstrndup(line, strcspn(line, ":"));
	const char *password = strchr(line, ':');

	if (!password || !*name) {
		diags_add(d, DIAG_ERROR, NULL, path, "expected \"user:password\"");
		return;
	}
	password++;
	if (streq(password, "R") || streq(password, "RANDOM"))
		diags_add(d, DIAG_WARNING, NULL, path, "random passwords are not supported");
	else
		add_password(user, name, is_hash(password) ? "hash" : "plain", password);
}

/* chpasswd.list: one text with a line a user, or a list of such lines. */
static void chpasswd_list(const json_t *v, json_t *user, struct diags *d)
{
	_cleanup_json_ json_t *lines = json_array();
	json_t *item;
	size_t i;

	nc_add_texts(lines, v);
	json_array_foreach(lines, i, item) {
		const char *p = json_string_value(item);

		while (*p) {
			size_t n = strcspn(p, "\n");
			_cleanup_free_ char *line = xstrndup(p, n);

			if (*line)
				listed_password(user, line, "chpasswd.list", d);
			p += n + (p[n] == '\n');
		}
	}
}

static void chpasswd_users(const json_t *v, json_t *user, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(v);
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		_cleanup_free_ char *at = xasprintf("chpasswd.users.%zu", i);
		_cleanup_free_ char *name = nc_text(json_object_get(item, "name"));
		_cleanup_free_ char *password = nc_text(json_object_get(item, "password"));
		const char *type = jstr(item, "type", "hash");

		if (!name || (!password && !streq(type, "RANDOM")))
			diags_add(d, DIAG_ERROR, NULL, at, "expected \"name\" and \"password\"");
		else if (streq(type, "hash") || streq(type, "text"))
			add_password(user, name, *type == 'h' ? "hash" : "plain", password);
		else
			diags_add(d, DIAG_WARNING, NULL, at,
				  "password type \"%s\" is not supported", type);
	}
}

static void text_member(const json_t *in, const char *key, json_t *out, const char *as)
{
	_cleanup_free_ char *text = nc_text(json_object_get(in, key));

	if (text)
		jset_str(out, as, text);
}

static json_t *user_object(const json_t *in, const char *name, const char *path, struct diags *d)
{
	static const char *const known[] = {
		"name",
		"gecos",
		"homedir",
		"home",
		"shell",
		"uid",
		"passwd",
		"hashed_passwd",
		"plain_text_passwd",
		"lock_passwd",
		"groups",
		"primary_group",
		"sudo",
		"ssh_authorized_keys",
		"system",
		"no_create_home",
		"ssh_redirect_user",
		NULL,
	};
	json_t *u = json_pack("{s:s, s:[]}", "name", name, "keys");

	text_member(in, "gecos", u, "gecos");
	text_member(in, "homedir", u, "home");
	text_member(in, "shell", u, "shell");
	text_member(in, "uid", u, "uid");
	text_member(in, "passwd", u, "hash");
	text_member(in, "hashed_passwd", u, "hash");
	text_member(in, "plain_text_passwd", u, "plain");
	/* cloud-init locks the password of a new user unless told otherwise. */
	if (nc_bool(json_object_get(in, "lock_passwd"), true))
		json_object_set_new(u, "lock", json_true());
	nc_add_texts(json_object_get(u, "keys"), json_object_get(in, "ssh_authorized_keys"));
	nc_unknown_keys(in, known, path, d);
	return u;
}

/* Names go into passwd lines and paths. */
static bool name_ok(const char *name, const char *path, struct diags *d)
{
	bool ok = name && *name && strlen(name) <= 32 && !strpbrk(name, ":/\n\t ,") &&
		  name[0] != '-' && name[0] != '.';

	if (!ok)
		diags_add(d, DIAG_ERROR, NULL, path, "expected a user name, found \"%s\"",
			  name ? name : "");
	return ok;
}

static void users(const json_t *cfg, json_t *user, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(cfg, "users"));
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		_cleanup_free_ char *at = xasprintf("users.%zu", i);
		_cleanup_free_ char *name = json_is_object(item)
						    ? nc_text(json_object_get(item, "name"))
						    : nc_text(item);

		if (streq0(name, "default") || !name_ok(name, at, d))
			continue;
		json_array_append_new(json_object_get(user, "users"),
				      user_object(json_is_object(item) ? item : NULL, name, at, d));
	}
}

/* "user: NAME" or "user: {name: …}" renames the default user, which is root here. */
static void default_user(const json_t *cfg, json_t *user, struct diags *d)
{
	json_t *v = json_object_get(cfg, "user"), *u;
	_cleanup_free_ char *name =
		json_is_object(v) ? nc_text(json_object_get(v, "name")) : nc_text(v);

	if (!name || !name_ok(name, "user", d))
		return;
	u = user_object(json_is_object(v) ? v : NULL, name, "user", d);
	json_object_set_new(u, "default", json_true());
	json_array_append_new(json_object_get(user, "users"), u);
}

void nc_user_accounts(const json_t *cfg, json_t *user, struct diags *d)
{
	_cleanup_free_ char *password = nc_text(json_object_get(cfg, "password"));
	json_t *change = json_object_get(cfg, "chpasswd");

	default_user(cfg, user, d);
	users(cfg, user, d);
	if (password)
		add_password(user, "", is_hash(password) ? "hash" : "plain", password);
	chpasswd_list(json_object_get(change, "list"), user, d);
	chpasswd_users(json_object_get(change, "users"), user, d);
	nc_add_texts(json_object_get(user, "keys"), json_object_get(cfg, "ssh_authorized_keys"));
}
