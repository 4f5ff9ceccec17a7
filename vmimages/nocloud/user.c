/* SPDX-License-Identifier: Apache-2.0 */
/* user-data: #cloud-config and #! scripts. */
#include "config_priv.h"

static void hostname(const json_t *cfg, json_t *user)
{
	_cleanup_free_ char *host = nc_text(json_object_get(cfg, "hostname"));
	_cleanup_free_ char *fqdn = nc_text(json_object_get(cfg, "fqdn"));

	/* prefer_fqdn_over_hostname aside, cloud-init sets the short name. */
	if (!host && fqdn)
		host = xstrndup(fqdn, strcspn(fqdn, "."));
	jset_str(user, "hostname", host);
	jset_str(user, "fqdn", fqdn);
}

/* Texts and argument lists; anything else is reported. */
static void commands(const json_t *cfg, const char *key, json_t *user, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(cfg, key));
	json_t *out = json_object_get(user, key), *v;
	size_t i;

	json_array_foreach(list, i, v) {
		_cleanup_free_ char *at = xasprintf("%s.%zu", key, i);

		if (json_is_array(v)) {
			json_t *argv = json_array();

			nc_add_texts(argv, v);
			if (json_array_size(argv) && json_array_size(argv) == json_array_size(v)) {
				json_array_append_new(out, argv);
				continue;
			}
			json_decref(argv);
		} else if (json_is_string(v)) {
			json_array_append(out, v);
			continue;
		} else if (json_is_null(v)) {
			continue;
		}
		diags_add(d, DIAG_ERROR, NULL, at, "expected a text or a list of texts");
	}
}

static void cloud_config(const json_t *cfg, json_t *user, struct diags *d)
{
	static const char *const known[] = {
		"hostname",
		"fqdn",
		"preserve_hostname",
		"manage_etc_hosts",
		"password",
		"chpasswd",
		"ssh_authorized_keys",
		"ssh_pwauth",
		"user",
		"users",
		"disable_root",
		"write_files",
		"bootcmd",
		"runcmd",
		"timezone",
		"locale",
		NULL,
	};

	hostname(cfg, user);
	nc_user_accounts(cfg, user, d);
	nc_user_files(cfg, user, d);
	commands(cfg, "bootcmd", user, d);
	commands(cfg, "runcmd", user, d);
	nc_unknown_keys(cfg, known, NULL, d);
}

static void parse_cloud_config(const char *text, size_t len, json_t *user, struct diags *d)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	size_t from = d->n;
	json_t *root = nc_yaml(text, len, "user-data", &docs, d);

	if (root)
		cloud_config(root, user, d);
	nc_locate(&docs, d, from, "user-data");
}

/* First line without the line end and trailing blanks. */
static char *first_line(const char *text, size_t len)
{
	const char *nl = memchr(text, '\n', len);
	size_t n = nl ? (size_t)(nl - text) : len;

	while (n && strchr(" \t\r", text[n - 1]))
		n--;
	return xstrndup(text, n);
}

static bool blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	return true;
}

json_t *nc_user_parse(const char *text, size_t len, struct diags *d)
{
	json_t *user = json_pack("{s:[], s:[], s:[], s:[], s:[], s:[]}", "users", "passwords",
				 "keys", "files", "bootcmd", "runcmd");
	_cleanup_free_ char *line = NULL, *script = NULL;

	if (blank(text, len))
		return user;
	line = first_line(text, len);
	if (streq(line, "#cloud-config")) {
		parse_cloud_config(text, len, user, d);
	} else if (str_after(line, "#!")) {
		script = xstrndup(text, len);
		json_object_set_new(user, "script", jstring(script));
	} else {
		struct diag *g =
			diags_add(d, DIAG_ERROR, NULL, NULL,
				  "expected \"#cloud-config\" or \"#!\" in the first line, "
				  "found \"%.40s\": nothing of it is applied",
				  line);

		g->file = xstrdup("user-data");
		g->line = g->col = 1;
	}
	return user;
}
