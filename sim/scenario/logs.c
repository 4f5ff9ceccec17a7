/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/logs.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <regex.h>
#include <sys/stat.h>

#include "sys/proc.h"

#define MAX_LINES 50

/* Lines that healthy daemons write in a lab, each with its reason. */
static const struct {
	const char *regex, *reason;
} known[] = {
	{"dpif_netlink|netlink_socket.*Generic Netlink family .* (does not exist|is not)",
	 "the kernel has no openvswitch module; the userspace datapath is used"},
	{"failed to retrieve datapath Id|Cannot find (datapath|vport) family",
	 "the kernel has no openvswitch module"},
	{"system@ovs-system: failed to (add|query)", "the kernel has no openvswitch module"},
	{"netdev_linux.*(ethtool|Failed to get|failed to get|unsupported).*",
	 "a virtual link that lacks an ethtool operation"},
	{"connection (closed|dropped) by peer|connection dropped|receive error: Connection reset",
	 "a client of the lab has closed its connection"},
	{"connection attempt failed|waiting [0-9.]+ seconds before reconnect",
	 "a daemon started before the one that it connects to"},
	{"timeval.*(Unreasonably long|context switches|faults:|disk:)",
	 "the machine is slow, not the lab"},
	{"poll_loop.*wakeup due to", "a busy daemon on a small machine"},
	{"Dropped [0-9]+ log messages", "rate limit of lines that were judged themselves"},
	{"ovs_rcu.*blocked", "the machine is slow, not the lab"},
	{"pmd|No PMD|dpdk|DPDK|vhost", "no polled ports in this build"},
	{"lib/cpu|hugepage|mlockall", "no pinned memory in this build"},
	{"Failed to (increase|set) .*(rlimit|RLIMIT|limit)", "limits of an unprivileged process"},
	{"bridge.*could not open network device .*No such device.*",
	 "a pod's or domain's link went before its port"},
	{"netdev.*(failed to set MTU|is not (up|running)).*", "a link that is being set up"},
	{"dpif\\(revalidator.*failed to (put\\[modify\\]|flow_del|flow_get) \\(No such file or "
	 "directory\\)",
	 "a flow of the datapath that was purged while a revalidator looked at it"},
	{"revalidator.*Failed to acquire udpif_key .*unexpected flow \\(No such file or directory",
	 "the same: its key went with the purge, the flow goes next"},
	{"(netdev_linux|dpif_netdev).*error (receiving|sending) .*Network is down",
	 "a link that is down"},
	{"tunnel.*(receive|send) tunnel .*no (route|such)", "a peer that is not up yet"},
	{"failed to initialize representor VIF plug provider", "no SR-IOV representors in a lab"},
	{"ipam.*Duplicate IP set",
	 "other_config:subnet makes ovn-northd hold the first address for a router; OVN-Kubernetes "
	 "gives it to a pod"},
	{"Unknown chassis .* requested-chassis|requested-chassis.*[Uu]nknown chassis",
	 "ports are written before the chassis has registered"},
	{"fatal_signal.*terminating with signal 15", "a daemon that was told to stop"},
	{"ovn_lflow_cache|lflow_cache", "memory trimming notice"},
	{"(MLD|IGMP|igmp|mld).*", "multicast membership noise of guests"},
};

struct file {
	char *path, *node, *program;
	long pos;
};
struct logs {
	char *state;
	struct file *v;
	size_t n;
	bool from_now;
	regex_t re[ARRAY_SIZE(known)];
};

static void compile_known(regex_t *re)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (regcomp(&re[i], known[i].regex, REG_EXTENDED | REG_NOSUB) != 0)
			abort();
}

const char *logs_known(const char *line)
{
	regex_t re[ARRAY_SIZE(known)];
	const char *why = NULL;

	compile_known(re);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!why && regexec(&re[i], line, 0, NULL, 0) == 0)
			why = known[i].reason;
		regfree(&re[i]);
	}
	return why;
}

struct logs *logs_new(const char *state, bool from_now)
{
	struct logs *l = xcalloc(1, sizeof(*l));

	l->state = xstrdup(state);
	compile_known(l->re);
	l->from_now = from_now;
	if (from_now)
		json_decref(logs_unexpected(l, NULL, NULL));
	l->from_now = false;
	return l;
}

void logs_free(struct logs *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].node);
		free(l->v[i].program);
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		regfree(&l->re[i]);
	free(l->v);
	free(l->state);
	free(l);
}

/* STATE/n/NODE/log/{openvswitch,ovn}/PROGRAM.log */
static struct file *file_get(struct logs *l, const char *path)
{
	const char *rest = path + strlen(l->state) + 3, *slash = strchr(rest, '/');
	const char *base = strrchr(path, '/') + 1;
	struct file *f;

	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].path, path))
			return &l->v[i];
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	f = &l->v[l->n++];
	*f = (struct file){.path = xstrdup(path),
			   .node = xstrndup(rest, slash ? (size_t)(slash - rest) : 0),
			   .program = xstrndup(base, strcspn(base, "."))};
	return f;
}

static const char *level_of(const char *line)
{
	static const char *const levels[] = {"|WARN|", "|ERR|", "|EMER|"};
	static const char *const names[] = {"WARN", "ERR", "EMER"};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strstr(line, levels[i]))
			return names[i];
	return NULL;
}

static bool matches(const json_t *list, const char *line)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		regex_t re;
		bool hit;

		if (!json_is_string(v) ||
		    regcomp(&re, json_string_value(v), REG_EXTENDED | REG_NOSUB) != 0)
			continue;
		hit = regexec(&re, line, 0, NULL, 0) == 0;
		regfree(&re);
		if (hit)
			return true;
	}
	return false;
}

static bool tolerated(const struct logs *l, const char *line, const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (regexec(&l->re[i], line, 0, NULL, 0) == 0)
			return true;
	return matches(a, line) || matches(b, line);
}

static void read_file(struct logs *l, struct file *f, const json_t *a, const json_t *b, json_t *out,
		      size_t *more)
{
	_cleanup_fclose_ FILE *in = fopen(f->path, "re");
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!in || fseek(in, f->pos, SEEK_SET) < 0)
		return;
	if (l->from_now)
		fseek(in, 0, SEEK_END);
	while ((n = getline(&line, &cap, in)) > 0) {
		const char *level = level_of(line);

		line[strcspn(line, "\n")] = '\0';
		if (!level || tolerated(l, line, a, b))
			continue;
		if (json_array_size(out) < MAX_LINES)
			json_array_append_new(
				out, json_pack("{s:s, s:s, s:s, s:o}", "node", f->node, "program",
					       f->program, "level", level, "line", jstring(line)));
		else
			(*more)++;
	}
	f->pos = ftell(in);
}

json_t *logs_unexpected(struct logs *l, const json_t *expected, const json_t *expected2)
{
	static const char *const dirs[] = {"openvswitch", "ovn"};
	json_t *out = json_array();
	size_t more = 0;

	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
		_cleanup_free_ char *pat = xasprintf("%s/n/*/log/%s/*.log", l->state, dirs[d]);
		glob_t g;

		if (glob(pat, 0, NULL, &g) != 0)
			continue;
		for (size_t i = 0; i < g.gl_pathc; i++)
			read_file(l, file_get(l, g.gl_pathv[i]), expected, expected2, out, &more);
		globfree(&g);
	}
	if (more)
		json_array_append_new(out, json_pack("{s:I}", "more", (json_int_t)more));
	return out;
}

json_t *logs_tail(const char *state, size_t n)
{
	_cleanup_free_ char *pat = xasprintf("%s/n/*/log/*/*.log", state);
	json_t *out = json_object();
	glob_t g;

	if (glob(pat, 0, NULL, &g) != 0)
		return out;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *rest = g.gl_pathv[i] + strlen(state) + 3;

		json_object_set_new(out, rest, proc_log_tail(g.gl_pathv[i], n));
	}
	globfree(&g);
	return out;
}
