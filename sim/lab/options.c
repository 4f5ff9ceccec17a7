/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/options.h"

#include <errno.h>

#include "base/yaml.h"
#include "lab/topology.h"
#include "sys/caps.h"
#include "sys/prefix.h"

char *program_dir(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return xstrdup(".");
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return xstrdup(*path ? path : "/");
}

char *data_file(const char *name)
{
	_cleanup_free_ char *dir = program_dir();
	const char *env = getenv("OVNBED_DATA");
	char *tries[] = {
		env ? xasprintf("%s/%s", env, name) : xstrdup(""),
		xasprintf("%s/../../%s", dir, name), /* build/MODE/ in the source tree */
		xasprintf("%s/../share/ovnbed/%s", dir, name),
	};
	char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		if (!found && *tries[i] && access(tries[i], R_OK) == 0)
			found = TAKE_PTR(tries[i]);
		free(tries[i]);
	}
	return found;
}

static json_t *load_images(struct err *e)
{
	_cleanup_free_ char *path = data_file("vmimages/images.yaml");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!path) {
		err_set(e, ENOENT,
			"vmimages/images.yaml is missing; set OVNBED_DATA to the "
			"project's directory");
		return NULL;
	}
	if (yaml_parse_file(path, &docs, &d) < 0 || docs.n != 1) {
		for (size_t i = 0; i < d.n; i++)
			diag_print(&d.v[i], &b);
		err_set(e, EINVAL, "%s: %s", path, buf_str(&b));
		return NULL;
	}
	return json_incref(docs.v[0].root);
}

static void add_host(json_t *hosts, const char *name, const json_t *addresses)
{
	const char *cidr = json_string_value(json_array_get(addresses, 0));
	_cleanup_free_ char *a = cidr ? cidr_addr(cidr) : NULL;

	if (a)
		json_object_set_new(hosts, name, jstring(a));
}

static json_t *hosts_map(const json_t *topology)
{
	json_t *hosts = json_object(), *n;
	size_t i;

	add_host(hosts, "control-plane", jget(topology, "control_plane.addresses"));
	json_array_foreach(jget(topology, "nodes"), i, n)
		add_host(hosts, jstr(n, "name", ""), json_object_get(n, "addresses"));
	json_array_foreach(jget(topology, "underlay.hosts"), i, n)
		add_host(hosts, jstr(n, "name", ""), json_object_get(n, "addresses"));
	return hosts;
}

/* "netdev" or "system"; NULL with e set when the kernel lacks what was asked for. */
static const char *datapath(const json_t *topology, struct err *e)
{
	const char *want = jstr(topology, "datapath", "auto");

	if (streq(want, "netdev"))
		return "netdev";
	if (caps_system_datapath())
		return "system";
	if (streq(want, "auto"))
		return "netdev";
	err_set(e, EOPNOTSUPP,
		"datapath: system needs the openvswitch kernel module; use "
		"`datapath: auto` or `netdev`");
	return NULL;
}

static int check_programs(const char *prefix, const char *dir, struct err *e)
{
	static const char *const names[] = {"ovsdb-server", "ovs-vswitchd", "ovn-northd",
					    "ovn-controller"};
	_cleanup_free_ char *agent = xasprintf("%s/ovnbed-agent", dir);

	if (access(agent, X_OK) < 0)
		return err_set(e, ENOENT, "%s is missing; run `make`", agent);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = prefix_program(prefix, names[i], e);

		if (!path)
			return err_wrap(e, "run `sudo tools/setup`, or set OVNBED_PREFIX");
	}
	return 0;
}

json_t *lab_options(const struct lab_paths *p, const json_t *topology, struct err *e)
{
	_cleanup_free_ char *dir = program_dir(), *prefix = prefix_dir(p->cache);
	const char *dp = datapath(topology, e);
	json_t *images;

	if (!dp || check_programs(prefix, dir, e) < 0)
		return NULL;
	images = load_images(e);
	if (!images)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "prefix", prefix, "program_dir", dir,
			 "datapath", dp, "kvm", access("/dev/kvm", R_OK | W_OK) == 0, "hosts",
			 hosts_map(topology), "images", images);
}
