/* SPDX-License-Identifier: Apache-2.0 */
/* The blocking calls. Each runs in a thread of its own: nothing here touches struct helper. */
#include "virt/helper_priv.h"

#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "virt/linkxml.h"
#include "virt/seed.h"

int call_error(struct err *e, const char *what)
{
	return err_set(e, EIO, "%s: %s", what, virGetLastErrorMessage());
}

virDomainPtr call_domain(virConnectPtr conn, const json_t *args, struct err *e)
{
	const char *uid = jstr(args, "uid", "");
	virDomainPtr d = virDomainLookupByUUIDString(conn, uid);

	if (!d)
		err_set(e, ENOENT, "there is no domain %s", uid);
	return d;
}

/* {} when r is a success of `what`. */
static json_t *done(int r, const char *what, struct err *e)
{
	if (r >= 0)
		return json_object();
	call_error(e, what);
	return NULL;
}

/* ---- start ---- */

static int make_files(const json_t *args, struct err *e)
{
	const json_t *seed = json_object_get(args, "seed");
	const char *path = jstr(args, "seed_path", NULL);
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(args, "files"), i, f) {
		int r = disk_create(f, e);

		if (r < 0)
			return r;
	}
	if (!json_object_size(seed))
		return 0;
	if (!path)
		return err_set(e, EINVAL, "a seed without seed_path");
	return seed_write(path, "cidata", seed, e);
}

static void drop_files(const json_t *args)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(args, "files"), i, f)
		if (jstr(f, "path", NULL))
			unlink(jstr(f, "path", NULL));
	if (jstr(args, "seed_path", NULL))
		unlink(jstr(args, "seed_path", NULL));
}

static json_t *call_start(virConnectPtr conn, const json_t *args, struct err *e)
{
	const char *xml = jstr(args, "xml", NULL);
	_cleanup_domain_ virDomainPtr d = NULL;

	if (!xml) {
		err_set(e, EINVAL, "start without xml");
		return NULL;
	}
	d = virDomainLookupByUUIDString(conn, jstr(args, "uid", ""));
	if (d) {
		err_set(e, EEXIST, "domain %s runs already", jstr(args, "uid", ""));
		return NULL;
	}
	if (make_files(args, e) < 0) {
		drop_files(args);
		return NULL;
	}
	d = virDomainCreateXML(conn, xml, 0);
	if (!d) {
		call_error(e, "start the domain");
		drop_files(args);
		return NULL;
	}
	return json_object();
}

/* ---- power ---- */

static json_t *call_shutdown(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);

	/* the power button, as KubeVirt: an agent may say yes and do nothing */
	return d ? done(virDomainShutdownFlags(d, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN), "shut down",
			e)
		 : NULL;
}

static json_t *call_destroy(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, NULL);

	if (!d)
		return json_object();
	if (virDomainDestroy(d) < 0 && virDomainIsActive(d) == 1)
		return done(-1, "destroy", e);
	return json_object(); /* it may have ended by itself in between */
}

static json_t *call_reboot(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);

	return d ? done(virDomainReboot(d, 0), "reboot", e) : NULL;
}

static json_t *call_reset(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);

	return d ? done(virDomainReset(d, 0), "reset", e) : NULL;
}

static json_t *call_suspend(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);

	return d ? done(virDomainSuspend(d), "suspend", e) : NULL;
}

static json_t *call_resume(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);

	return d ? done(virDomainResume(d), "resume", e) : NULL;
}

/* ---- guest agent ---- */

static json_t *call_agent(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);
	_cleanup_free_ char *cmd = jtext(json_object_get(args, "cmd")), *answer = NULL;
	_cleanup_json_ json_t *j = NULL;
	int timeout = (int)jint(args, "timeout", 5);
	json_t *ret;

	if (!d)
		return NULL;
	answer = virDomainQemuAgentCommand(d, cmd, timeout < 1 ? 5 : timeout, 0);
	if (!answer) {
		call_error(e, "guest agent");
		return NULL;
	}
	j = jparse(answer, strlen(answer), e);
	ret = json_object_get(j, "return");
	if (!ret && j)
		err_set(e, EPROTO, "guest agent: %s", jstr(j, "error.desc", "no answer"));
	return json_incref(ret);
}

/* ---- devices ---- */

static json_t *call_set_link(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);
	_cleanup_free_ char *xml = NULL, *nic = NULL;
	const char *mac = jstr(args, "mac", "");

	if (!d)
		return NULL;
	xml = virDomainGetXMLDesc(d, 0);
	if (!xml)
		return done(-1, "read the domain", e);
	nic = linkxml_interface(xml, mac, jbool(args, "up", true));
	if (!nic) {
		err_set(e, ENOENT, "the domain has no interface with MAC %s", mac);
		return NULL;
	}
	return done(virDomainUpdateDeviceFlags(d, nic, VIR_DOMAIN_AFFECT_LIVE), "set the link", e);
}

static json_t *call_xml(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);
	_cleanup_free_ char *xml = d ? virDomainGetXMLDesc(d, 0) : NULL;

	if (d && !xml)
		return done(-1, "read the domain", e);
	return xml ? jstring(xml) : NULL;
}

/* ---- list, version ---- */

static const char *state_name(virDomainPtr d)
{
	int state = VIR_DOMAIN_NOSTATE;

	virDomainGetState(d, &state, NULL, 0);
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return "running";
	case VIR_DOMAIN_PAUSED:
	case VIR_DOMAIN_PMSUSPENDED:
		return "paused";
	case VIR_DOMAIN_SHUTDOWN:
		return "shutdown";
	case VIR_DOMAIN_CRASHED:
		return "crashed";
	default:
		return "shutoff";
	}
}

static json_t *row_of(virDomainPtr d)
{
	_cleanup_free_ char *xml = virDomainGetXMLDesc(d, 0);
	char uid[VIR_UUID_STRING_BUFLEN] = "";

	virDomainGetUUIDString(d, uid);
	return json_pack("{s:s, s:s, s:s, s:b}", "uid", uid, "name", virDomainGetName(d), "state",
			 state_name(d), "agent_connected", xml && linkxml_agent_connected(xml));
}

json_t *call_list(virConnectPtr conn, const json_t *args, struct err *e)
{
	virDomainPtr *v = NULL;
	int n = virConnectListAllDomains(conn, &v, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	json_t *out;

	(void)args;
	if (n < 0)
		return done(-1, "list domains", e);
	out = json_array();
	for (int i = 0; i < n; i++) {
		/* one that has ended stays listed until its last event is out */
		if (!streq(state_name(v[i]), "shutoff"))
			json_array_append_new(out, row_of(v[i]));
		virDomainFree(v[i]);
	}
	free(v);
	return out;
}

static json_t *dotted(unsigned long v)
{
	return jstringf("%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
}

json_t *call_version(virConnectPtr conn, const json_t *args, struct err *e)
{
	unsigned long lib = 0, hv = 0;

	(void)args;
	if (virConnectGetLibVersion(conn, &lib) < 0 || virConnectGetVersion(conn, &hv) < 0)
		return done(-1, "ask for versions", e);
	return json_pack("{s:o, s:o}", "libvirt", dotted(lib), "qemu", dotted(hv));
}

const struct helper_method *helper_method_find(const char *name)
{
	static const struct helper_method all[] = {
		{"start", call_start, false},	   {"shutdown", call_shutdown, true},
		{"destroy", call_destroy, true},   {"reboot", call_reboot, true},
		{"reset", call_reset, true},	   {"suspend", call_suspend, true},
		{"resume", call_resume, true},	   {"agent", call_agent, false},
		{"set-link", call_set_link, true}, {"list", call_list, true},
		{"xml", call_xml, true},	   {"guest", call_guest, false},
		{"version", call_version, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (streq(all[i].name, name))
			return &all[i];
	return NULL;
}
