/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's life: set-up, bring-up in phases, serving, death with `up`. */
#include "lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "agent/agent.h"
#include "fabric/fabric.h"
#include "lab/admission.h"
#include "lab/apiserver.h"
#include "lab/bringup.h"
#include "lab/controllers.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "lab/reconcile.h"
#include "lab/verbs.h"
#include "probe/probe.h"
#include "sys/mnt.h"
#include "sys/ns.h"

/* ---- talking to `up` ---- */

static void tell_up(struct lab *lab, json_t *line)
{
	_cleanup_free_ char *text = jtext(line);

	if (lab->out >= 0)
		dprintf(lab->out, "%s\n", text);
	json_decref(line);
}

void lab_progress(struct lab *lab, const char *phase, double seconds)
{
	if (seconds >= 0)
		json_object_set_new(lab->timings, phase, json_real(seconds));
	tell_up(lab, json_pack("{s:s, s:f}", "phase", phase, "seconds", seconds));
}

/* `up` has died (EOF) or is satisfied (one byte). */
static int on_hold(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct lab *lab = arg;
	char c;

	(void)events;
	if (read(fd, &c, 1) != 1) {
		log_error("`ovnbed up` went away before the lab was ready");
		return sd_event_exit(lab->ev, 4);
	}
	lab->hold = close_fd(lab->hold);
	lab->out = close_fd(lab->out);
	return sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

void lab_ready(struct lab *lab)
{
	lab->ready = true;
	lab_progress(lab, "ready", (double)(mono_usec() - lab->epoch) / 1e6);
	tell_up(lab, json_pack("{s:b}", "ready", 1));
}

void lab_failed(struct lab *lab, const struct err *e)
{
	log_error("%s", err_msg(e));
	if (lab->ready)
		return;
	tell_up(lab, json_pack("{s:s, s:i}", "error", err_msg(e), "code", e->code));
	sd_event_exit(lab->ev, 1);
}

/* ---- set-up ---- */

static int64_t wall_clock(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static void on_change(void *arg, enum store_change c, const struct kind *k, json_t *obj,
		      json_t *old)
{
	(void)c;
	(void)obj;
	(void)old;
	if (k != &kind_event)
		reconcile_written(arg);
}

static int listen_api(const struct lab *lab, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(lab->paths->sock) >= sizeof(sa.sun_path))
		return err_set(e, ENAMETOOLONG, "%s is too long for a unix socket",
			       lab->paths->sock);
	memcpy(sa.sun_path, lab->paths->sock, strlen(lab->paths->sock) + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(lab->paths->sock, 0600) < 0 || listen(fd, 64) < 0)
		return err_errno(e, errno, "listen on %s", lab->paths->sock);
	return TAKE_FD(fd);
}

/* Opens the API: from now on the lab counts as running. */
int lab_serve(struct lab *lab, struct err *e)
{
	int fd = listen_api(lab, e);

	if (fd < 0)
		return fd;
	lab->api = apiserver_new(lab->ev, fd, lab->store, e);
	if (!lab->api)
		return -e->code;
	return lab_verbs_register(lab, e);
}

static int init_loop(struct lab *lab, struct err *e)
{
	int r = sd_event_new(&lab->ev);

	if (r >= 0 && lab->hold >= 0)
		r = sd_event_add_io(lab->ev, NULL, lab->hold, EPOLLIN | EPOLLHUP, on_hold, lab);
	if (r < 0)
		return err_errno(e, -r, "event loop");
	return reaper_new(lab->ev, &lab->reaper, e);
}

static int init_store(struct lab *lab, struct err *e)
{
	struct store_config c = {.now = wall_clock, .seed = lab->rng.seed};

	lab->store = store_new(&c);
	store_add_mutator(lab->store, &kind_vmi, ctl_vmi_finalizer, lab);
	admission_register(lab->store);
	store_add_listener(lab->store, on_change, lab);
	lab->net = lab_net_new(lab->topo, e);
	return lab->net ? 0 : -e->code;
}

static int init_images(struct lab *lab, struct err *e)
{
	_cleanup_free_ char *dir = xasprintf("%s/images", lab->paths->cache);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;
	const json_t *root = json_object_get(lab->options, "images");

	if (kubevirt_images_parse(root, dir, &lab->images, &d) == 0)
		return 0;
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	return err_set(e, EINVAL, "images.yaml: %s", buf_str(&b));
}

static int init_mounts(struct lab *lab, struct err *e)
{
	int r = mnt_proc(e);

	if (r >= 0)
		r = mnt_sysfs(e);
	if (r < 0)
		return r;
	/* once here spares it each node */
	return agent_lab_mounts(lab->paths->run, lab->paths->state, lab->paths->cache, e);
}

static void on_fabric(void *arg)
{
	struct lab *lab = arg;

	bringup_fabric(lab);
	reconcile_kick(lab);
}

static int init_fabric(struct lab *lab, struct err *e)
{
	_cleanup_free_ char *agent =
		xasprintf("%s/ovnbed-agent", jstr(lab->options, "program_dir", "."));
	struct fabric_config c = {.ev = lab->ev,
				  .topology = lab->topo,
				  .run = lab->paths->run,
				  .state = lab->paths->state,
				  .agent = agent,
				  .prefix = jstr(lab->options, "prefix", "/"),
				  .reaper = lab->reaper,
				  .changed = on_fabric,
				  .arg = lab};

	return fabric_new(&c, &lab->fabric, e);
}

static void on_hub_state(void *arg, const char *name, bool ready, const char *why)
{
	(void)why;
	if (!ready)
		return;
	if (str_after(name, "host/"))
		endpoint_host_listen(arg, name);
	endpoints_ready(arg);
}

static void add_host_probes(struct lab *lab)
{
	_cleanup_json_ json_t *st = fabric_status(lab->fabric);
	json_t *h;
	size_t i;

	json_array_foreach(json_object_get(st, "hosts"), i, h) {
		_cleanup_free_ char *name = xasprintf("host/%s", jstr(h, "name", ""));

		hub_add(lab->hub, name, jstr(h, "socket", ""));
	}
}

static int start(struct lab *lab, struct err *e)
{
	static int (*const steps[])(struct lab *, struct err *) = {
		init_loop,   init_mounts,     init_store,     init_images,
		init_fabric, lab_nodes_spawn, lab_zones_init, reconcile_init};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](lab, e);

		if (r < 0)
			return r;
	}
	lab->hub = hub_new(lab->ev);
	hub_on_state(lab->hub, on_hub_state, lab);
	add_host_probes(lab);
	bringup_all_made(lab);
	return 0;
}

int lab_main(const struct lab_paths *p, const json_t *topology, const json_t *options, int hold,
	     int out)
{
	struct lab *lab = xcalloc(1, sizeof(*lab));
	_cleanup_err_ struct err e = ERR_INIT;

	prctl(PR_SET_NAME, LAB_COMM);
	log_setup("lab");
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	*lab = (struct lab){.paths = p,
			    .topo = topology,
			    .spec = streq(jstr(topology, "profile", "ovnk"), "spec"),
			    .options = options,
			    .hold = hold,
			    .out = out,
			    .epoch = mono_usec(),
			    .timings = json_object(),
			    .deviations = json_array()};
	lab->kvm = jbool(options, "kvm", false);
	prng_init(&lab->rng, (uint64_t)jint(topology, "seed", 1));
	if (start(lab, &e) < 0) {
		lab_failed(lab, &e);
		return 1;
	}
	/* the end of this process ends everything in its namespaces: nothing is freed one by one */
	return sd_event_loop(lab->ev) < 0 ? 4 : 1;
}
