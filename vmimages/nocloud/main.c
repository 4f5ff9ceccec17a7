/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ovnbed-nocloud: the cloud-init of the tiny guest. `init` runs before anything else is started:
 * names, network, accounts, files. `final` runs when the guest is up: the seed's commands and
 * script. Errors are shown and do not stop the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "command.h"
#include "config.h"
#include "file.h"
#include "net_apply.h"
#include "report.h"
#include "seed.h"

#include "base/log.h"

#define LOG "/run/ovnbed-nocloud.log"
#define RESULT "/run/ovnbed-nocloud.json"
#define LATER "/run/ovnbed-nocloud.later.json"

static void set_hostname(const char *name, const char *fqdn, struct nc_report *r)
{
	_cleanup_free_ char *host = xstrndup(name, strcspn(name, "."));
	_cleanup_free_ char *line = xasprintf("%s\n", host);
	_cleanup_free_ char *hosts =
		xasprintf("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s%s%s\n",
			  fqdn ? fqdn : "", fqdn ? " " : "", host);
	struct nc_file a = {"/etc/hostname", line, strlen(line), 0644, NULL, false};
	struct nc_file b = {"/etc/hosts", hosts, strlen(hosts), 0644, NULL, false};
	_cleanup_err_ struct err e = ERR_INIT;

	if (sethostname(host, strlen(host)) < 0)
		nc_error(r, "hostname %s: %s", host, strerror(errno));
	if (nc_file_write("", &a, &e) < 0 || nc_file_write("", &b, &e) < 0)
		nc_error(r, "%s", err_msg(&e));
	json_object_set_new(r->root, "hostname", jstring(host));
}

static void run_commands(const json_t *list, const char *key, struct nc_report *r)
{
	json_t *cmd, *arg;
	size_t i, k;

	json_array_foreach(list, i, cmd) {
		const char **argv = xcalloc(MAX(json_array_size(cmd), 3) + 1, sizeof(*argv));
		_cleanup_err_ struct err e = ERR_INIT;
		int status = 0;

		if (json_is_string(cmd)) {
			argv[0] = "sh";
			argv[1] = "-c";
			argv[2] = json_string_value(cmd);
		}
		json_array_foreach(cmd, k, arg)
			argv[k] = json_string_value(arg);
		if (nc_command_run(argv, &status, &e) < 0)
			nc_error(r, "%s.%zu: %s", key, i, err_msg(&e));
		else if (status)
			nc_error(r, "%s.%zu: exit status %d", key, i, status);
		free(argv);
	}
}

static void run_script(const json_t *user, struct nc_report *r)
{
	const char *text = jstr(user, "script", NULL);
	const char *argv[] = {"/run/user-data-script", NULL};
	_cleanup_err_ struct err e = ERR_INIT;
	struct nc_file f = {.path = argv[0], .data = text, .mode = 0700};
	int status = 0;

	if (!text)
		return;
	f.len = strlen(text);
	if (nc_file_write("", &f, &e) < 0 || nc_command_run(argv, &status, &e) < 0)
		nc_error(r, "user-data script: %s", err_msg(&e));
	else if (status)
		nc_error(r, "user-data script: exit status %d", status);
}

/* For the second stage; not the accounts, whose passwords would be readable. */
static void save_commands(const json_t *user, struct nc_report *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *later =
		json_pack("{s:O, s:O*}", "runcmd", json_object_get(user, "runcmd"), "script",
			  json_object_get(user, "script"));

	if (jsave_file(LATER, later, &e) < 0)
		nc_error(r, "%s", err_msg(&e));
}

/* cloud-init's order: network before accounts and files, which commands may rely on. */
static void apply(const struct nc_seed *seed, struct nc_report *r)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *meta = nc_meta_parse(buf_str(&seed->meta), seed->meta.len, &d);
	_cleanup_json_ json_t *user = nc_user_parse(buf_str(&seed->user), seed->user.len, &d);
	_cleanup_json_ json_t *net = nc_net_parse(buf_str(&seed->net), seed->net.len, &d);
	const char *host = jstr(user, "hostname", jstr(meta, "hostname", NULL));

	nc_report_diags(r, &d);
	jset_str(r->root, "instance-id", jstr(meta, "instance-id", NULL));
	if (host)
		set_hostname(host, jstr(user, "fqdn", NULL), r);
	nc_net_apply(net, r);
	run_commands(json_object_get(user, "bootcmd"), "bootcmd", r);
	nc_file_write_all("", user, r);
	nc_accounts_apply("", user, json_object_get(meta, "keys"), r);
	save_commands(user, r);
}

static int finish(struct nc_report *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	bool errors = json_array_size(json_object_get(r->root, "errors")) > 0;

	if (nc_report_close(r, RESULT, &e) < 0) {
		log_error("%s", err_msg(&e));
		return 1;
	}
	return errors;
}

static int stage_init(const char *dir)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct nc_seed seed = {0};
	struct nc_report r;

	nc_report_open(&r, LOG);
	if ((dir ? nc_seed_read_dir(dir, &seed, &e) : nc_seed_find(&seed, &e)) < 0)
		nc_error(&r, "seed: %s", err_msg(&e));
	else if (!seed.source)
		nc_note(&r, "no volume with the label cidata");
	jset_str(r.root, "seed", seed.source);
	apply(&seed, &r);
	jset_str(r.root, "stage", "init");
	nc_seed_free(&seed);
	return finish(&r);
}

/* Goes on with the report of the first stage. */
static int stage_final(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *user = jload_file(LATER, &e), *before = NULL;
	struct nc_report r;

	nc_report_open(&r, LOG);
	before = jload_file(RESULT, NULL);
	if (before) {
		json_decref(r.root);
		r.root = json_incref(before);
	}
	if (!user)
		nc_error(&r, "%s", err_msg(&e));
	run_commands(json_object_get(user, "runcmd"), "runcmd", &r);
	run_script(user, &r);
	jset_str(r.root, "stage", "final");
	return finish(&r);
}

int main(int argc, char **argv)
{
	log_setup("ovnbed-nocloud");
	umask(022);
	if (argc >= 2 && streq(argv[1], "init") && argc <= 3)
		return stage_init(argc > 2 ? argv[2] : NULL);
	if (argc == 2 && streq(argv[1], "final"))
		return stage_final();
	fputs("usage: ovnbed-nocloud init [SEED-DIRECTORY] | final\n", stderr);
	return 2;
}
