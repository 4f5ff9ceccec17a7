/* SPDX-License-Identifier: Apache-2.0 */
/* From what users write to places: the lab is asked what the name stands for. */
#include <errno.h>

#include "base/buf.h"
#include "lab/capture.h"
#include "lab/client.h"
#include "lab/launch.h"

static void add(const json_t *reply, pid_t supervisor, char *at, const char *ifname,
		struct capture_place **places, size_t *n)
{
	struct capture_place p = {.at = at, .fd = -1, .ifname = xstrdup(ifname)};
	size_t i;
	json_t *pid;

	if (supervisor)
		p.chain[p.n_chain++] = supervisor;
	json_array_foreach(json_object_get(reply, "pids"), i, pid)
		if (p.n_chain < CAPTURE_CHAIN)
			p.chain[p.n_chain++] = (pid_t)json_integer_value(pid);
	*places = xrealloc(*places, (*n + 1) * sizeof(**places));
	(*places)[(*n)++] = p;
}

/* "worker-a" stands for all of its NICs; "eth1" of a host and devices are names in full. */
static bool port_matches(const json_t *device, const char *port)
{
	const char *name = jstr(device, "port", ""), *rest = str_after(name, port);

	return streq(name, port) || streq(jstr(device, "device", ""), port) ||
	       (rest && *rest == ':');
}

static int no_such_port(const char *name, const char *port, const json_t *devices, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t i;
	json_t *d;

	json_array_foreach(devices, i, d)
		buf_printf(&b, "%s%s", i ? ", " : "", jstr(d, "port", "?"));
	if (!b.len)
		return err_set(e, ENOENT, "%s has no ports", name);
	return err_set(e, ENOENT, "%s: there is no port \"%s\"; there are %s", name, port,
		       buf_str(&b));
}

/* Ports that have a name of their own stand for devices of the namespace. */
static int add_devices(const json_t *reply, pid_t supervisor, const char *name, const char *port,
		       struct capture_place **places, size_t *n, struct err *e)
{
	const json_t *devices = json_object_get(reply, "devices");
	size_t i, before = *n;
	json_t *d;

	json_array_foreach(devices, i, d) {
		if (port && !port_matches(d, port))
			continue;
		add(reply, supervisor, xasprintf("%s:%s", name, jstr(d, "port", "?")),
		    jstr(d, "device", "?"), places, n);
	}
	return *n > before ? 0 : no_such_port(name, port, devices, e);
}

int capture_places(const json_t *described, pid_t supervisor, const char *text,
		   struct capture_place **places, size_t *n, struct err *e)
{
	const char *colon = strchr(text, ':'), *ifname = colon && colon[1] ? colon + 1 : NULL;
	_cleanup_free_ char *name = xstrndup(text, strcspn(text, ":"));

	if (json_object_get(described, "devices"))
		return add_devices(described, supervisor, name, ifname, places, n, e);
	add(described, supervisor, xstrdup(text), ifname, places, n);
	return 0;
}

int capture_resolve(struct client *client, const struct lab_paths *paths, const char *text,
		    struct capture_place **places, size_t *n, struct err *e)
{
	_cleanup_free_ char *name = xstrndup(text, strcspn(text, ":"));
	char *path = xstrdup("/apis/ovnbed.io/v1alpha1/endpoint");
	_cleanup_json_ json_t *reply = NULL;
	pid_t supervisor = 0;

	client_add_query(&path, "name", name);
	reply = client_call(client, "GET", path, NULL, e);
	free(path);
	if (!reply)
		return -e->code;
	if (lab_state_of(paths, &supervisor) != LAB_RUNNING)
		return err_set(e, EHOSTDOWN, "the lab is gone");
	return capture_places(reply, supervisor, text, places, n, e);
}
