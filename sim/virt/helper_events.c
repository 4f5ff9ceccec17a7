/* SPDX-License-Identifier: Apache-2.0 */
/* libvirt's events, translated in its thread, handled in the main one. */
#include "virt/helper_priv.h"

#include <errno.h>

/* ---- main thread ---- */

static void remove_files(struct helper *h, const char *uid)
{
	json_t *path;
	size_t i;

	json_array_foreach(json_object_get(h->files, uid), i, path)
		if (unlink(json_string_value(path)) < 0 && errno != ENOENT)
			log_warn("remove %s: %m", json_string_value(path));
	json_object_del(h->files, uid);
}

static void on_event(struct helper *h, void *arg)
{
	_cleanup_json_ json_t *data = arg;
	const char *event = jstr(data, "event", ""), *uid = jstr(data, "uid", "");

	helper_notify(h, "event", json_incref(data));
	if (streq(event, "agent-connected")) {
		guest_connected(h, uid);
	} else if (streq(event, "agent-disconnected")) {
		guest_gone(h, uid);
	} else if (streq(event, "stopped") || streq(event, "crashed")) {
		guest_gone(h, uid);
		remove_files(h, uid);
	}
}

/* ---- libvirt's thread ---- */

static void put_event(struct helper *h, virDomainPtr dom, const char *event, const char *reason)
{
	char uid[VIR_UUID_STRING_BUFLEN];

	if (virDomainGetUUIDString(dom, uid) < 0)
		return;
	outbox_put(&h->outbox, on_event,
		   json_pack("{s:s, s:s, s:s, s:s}", "uid", uid, "name", virDomainGetName(dom),
			     "event", event, "reason", reason));
}

static const char *at(const char *const *names, size_t n, int i)
{
	return i >= 0 && (size_t)i < n ? names[i] : "unknown";
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *arg)
{
	static const char *const started[] = {"booted", "migrated", "restored", "from-snapshot",
					      "wakeup"};
	static const char *const suspended[] = {"paused",    "migrated",  "io-error",
						"watchdog",  "restored",  "from-snapshot",
						"api-error", "post-copy", "post-copy-failed"};
	static const char *const resumed[] = {"unpaused", "migrated", "from-snapshot", "post-copy"};
	static const char *const stopped[] = {"shutdown", "destroyed", "crashed",      "migrated",
					      "saved",	  "failed",    "from-snapshot"};
	struct helper *h = arg;

	(void)conn;
	switch ((virDomainEventType)event) {
	case VIR_DOMAIN_EVENT_STARTED:
		put_event(h, dom, "started", at(started, ARRAY_SIZE(started), detail));
		break;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		put_event(h, dom, "suspended", at(suspended, ARRAY_SIZE(suspended), detail));
		break;
	case VIR_DOMAIN_EVENT_RESUMED:
		put_event(h, dom, "resumed", at(resumed, ARRAY_SIZE(resumed), detail));
		break;
	case VIR_DOMAIN_EVENT_STOPPED:
		put_event(h, dom,
			  detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED ? "crashed" : "stopped",
			  at(stopped, ARRAY_SIZE(stopped), detail));
		break;
	case VIR_DOMAIN_EVENT_SHUTDOWN:
		put_event(h, dom, "shutdown",
			  detail == VIR_DOMAIN_EVENT_SHUTDOWN_GUEST ? "guest" : "host");
		break;
	case VIR_DOMAIN_EVENT_CRASHED:
		put_event(h, dom, "crashed", "panicked");
		break;
	default: /* defined, undefined, PM suspended */
		break;
	}
	return 0;
}

static void on_agent(virConnectPtr conn, virDomainPtr dom, int state, int reason, void *arg)
{
	bool up = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;

	(void)conn;
	put_event(arg, dom, up ? "agent-connected" : "agent-disconnected",
		  reason == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_REASON_CHANNEL
			  ? "channel"
			  : "domain-started");
}

static void on_reboot(virConnectPtr conn, virDomainPtr dom, void *arg)
{
	(void)conn;
	put_event(arg, dom, "rebooted", "guest");
}

int helper_events(struct helper *h, struct err *e)
{
	const struct {
		int id;
		virConnectDomainEventGenericCallback fn;
	} rows[] = {
		{VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
		{VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_agent)},
		{VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (virConnectDomainEventRegisterAny(h->conn, NULL, rows[i].id, rows[i].fn, h,
						     NULL) < 0)
			return call_error(e, "register for events");
	return 0;
}
