/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/log.h"
#include "lab/client.h"
#include "lab/paths.h"
#include "scenario/logs.h"
#include "scenario/step_capture.h"

#define MAX_PAIRS 4

static void save_text(const char *path, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0)
		log_warn("%s: %s", path, strerror(errno));
}

/* Indents the first lines of text for stderr. */
static void show(const char *title, const char *text, size_t lines)
{
	fprintf(stderr, "    %s\n", title);
	for (size_t i = 0; i < lines && *text; i++) {
		size_t n = strcspn(text, "\n");

		fprintf(stderr, "      %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void collect_trace(struct step_ctx *c, const char *dir, const json_t *pair, size_t i,
			  json_t *paths, const char *rel)
{
	json_t *body = json_pack(
		"{s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}", "from", json_object_get(pair, "from"), "to",
		json_object_get(pair, "to"), "proto", json_object_get(pair, "proto"), "port",
		json_object_get(pair, "port"), "family", json_object_get(pair, "family"), "network",
		json_object_get(pair, "network"));
	_cleanup_free_ char *path = xasprintf("%s/trace-%zu.txt", dir, i + 1);
	_cleanup_free_ char *relpath = xasprintf("%s/trace-%zu.txt", rel, i + 1);
	_cleanup_free_ char *title = NULL;
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(c, "trace", body, &reply, &e);

	if (code != 200) {
		fprintf(stderr, "    no trace: %s\n",
			code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
		return;
	}
	save_text(path, jstr(reply, "text", ""));
	json_array_append_new(paths, jstring(relpath));
	title = xasprintf("%s > %s: %s", jstr(pair, "from", "?"), jstr(pair, "to", "?"),
			  jstr(reply, "summary", "see the trace"));
	fprintf(stderr, "    %s\n", title);
}

static void collect_json(json_t *paths, const char *dir, const char *rel, const char *name,
			 const json_t *j)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_free_ char *relpath = xasprintf("%s/%s", rel, name);
	_cleanup_err_ struct err e = ERR_INIT;

	if (jsave_file(path, j, &e) < 0)
		log_warn("%s", err_msg(&e));
	else
		json_array_append_new(paths, jstring(relpath));
}

json_t *evidence_collect(struct step_ctx *c, const char *dir, const char *id)
{
	_cleanup_free_ char *rel = xasprintf("checks/%s", id), *d = xasprintf("%s/%s", dir, rel);
	_cleanup_json_ json_t *status = NULL, *ports = NULL, *tails = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *paths = json_array(), *pair;
	size_t i;

	if (path_mkdirs(d, &e) < 0) {
		log_warn("%s", err_msg(&e));
		return paths;
	}
	show(id, buf_str(&c->why), 6);
	json_array_foreach(c->pairs, i, pair)
		if (i < MAX_PAIRS)
			collect_trace(c, d, pair, i, paths, rel);
	if (step_get(c->client, "/apis/ovnbed.io/v1alpha1/status", &status, &e) == 200) {
		json_t *r;

		collect_json(paths, d, rel, "status.json", status);
		json_array_foreach(json_object_get(status, "reasons"), i, r)
			fprintf(stderr, "    lab: %s\n", json_string_value(r));
	}
	if (step_get(c->client, "/apis/ovnbed.io/v1alpha1/ports", &ports, &e) == 200) {
		json_t *p;

		collect_json(paths, d, rel, "ports.json", ports);
		json_array_foreach(json_object_get(ports, "problems"), i, p)
			fprintf(stderr, "    ports: %s\n", json_string_value(p));
	}
	step_capture_save(c->capture, d, rel, paths);
	tails = logs_tail(c->paths->state, 20);
	collect_json(paths, d, rel, "log-tails.json", tails);
	collect_json(paths, d, rel, "details.json", c->details);
	return paths;
}

void evidence_dump(struct client *client, const char *state, const char *dir)
{
	static const char *const what[] = {"objects", "databases", "status", "ports"};

	(void)state;
	for (size_t i = 0; client && i < ARRAY_SIZE(what); i++) {
		_cleanup_free_ char *url = xasprintf("/apis/ovnbed.io/v1alpha1/%s", what[i]);
		_cleanup_free_ char *path = xasprintf("%s/%s.json", dir, what[i]);
		_cleanup_json_ json_t *reply = NULL;
		_cleanup_err_ struct err e = ERR_INIT;

		if (step_get(client, url, &reply, &e) == 200)
			jsave_file(path, reply, NULL);
	}
}

static void copy_file(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	while (in >= 0 && out >= 0 && sendfile(out, in, NULL, 1 << 20) > 0)
		;
}

void evidence_logs(const char *state, const char *dir)
{
	_cleanup_free_ char *pat = xasprintf("%s/n/*/log/*/*.log", state);
	_cleanup_free_ char *lab = xasprintf("%s/lab.log", state);
	_cleanup_free_ char *logs = xasprintf("%s/logs", dir), *dst = NULL;
	glob_t g;

	if (path_mkdirs(logs, NULL) < 0)
		return;
	dst = xasprintf("%s/lab.log", logs);
	copy_file(lab, dst);
	if (glob(pat, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		_cleanup_free_ char *name = xstrdup(g.gl_pathv[i] + strlen(state) + 3);
		_cleanup_free_ char *to = NULL;

		for (char *p = name; *p; p++)
			if (*p == '/')
				*p = '.';
		to = xasprintf("%s/%s", logs, name);
		copy_file(g.gl_pathv[i], to);
	}
	globfree(&g);
}
