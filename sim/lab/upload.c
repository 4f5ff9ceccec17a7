/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/upload.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/controllers.h"
#include "virt/guest.h"

#define NOTE "ovnbed.io/probe-agent"
#define GUEST_PATH "/tmp/ovnbed-agent"
#define PORT "/dev/virtio-ports/org.ovnbed.probe.0"
#define RPC_TIMEOUT (30 * USEC_PER_SEC)

struct upload {
	struct lab *lab;
	struct lab_node *node;
	char *uid;
	char *data; /* the program */
	size_t len, done;
	long long handle;
	enum { OPENING, WRITING, CLOSING, CHMOD, CHECKING, STARTING } step;
	long long pid; /* of chmod in the guest */
};

static void upload_free(struct upload *u)
{
	free(u->uid);
	free(u->data);
	free(u);
}

/* Ends the attempt and writes its outcome on the VMI, if that is still there. */
static void finish(struct upload *u, const char *error)
{
	const json_t *vmi = store_peek_uid(u->lab->store, u->uid);
	_cleanup_free_ char *note = error ? xasprintf("failed: %s", error) : xstrdup("uploaded");
	_cleanup_json_ json_t *keep = json_incref((json_t *)vmi);

	if (vmi) {
		store_annotate(u->lab->store, vmi, NOTE, note);
		store_event(u->lab->store, vmi, error ? "Warning" : "Normal",
			    error ? "ProbeAgentFailed" : "ProbeAgentUploaded", "virt-handler",
			    "traffic agent %s", note);
	}
	upload_free(u);
}

static void on_reply(void *arg, const json_t *result, const json_t *error);

static void send_cmd(struct upload *u, json_t *cmd)
{
	jrpc_call(u->node->rpc, "vm",
		  json_pack("[{s:s, s:s, s:{s:o, s:i}}]", "uid", u->uid, "verb", "agent", "args",
			    "cmd", cmd, "timeout", 20),
		  RPC_TIMEOUT, on_reply, u);
}

static void make_executable(struct upload *u)
{
	static const char *const argv[] = {"chmod", "755", GUEST_PATH, NULL};

	u->step = CHMOD;
	send_cmd(u, guest_exec(argv, NULL, NULL, 0));
}

static void start_program(struct upload *u)
{
	static const char *const argv[] = {GUEST_PATH, "--port", PORT, NULL};

	u->step = STARTING;
	send_cmd(u, guest_exec(argv, NULL, NULL, 0));
}

/* chmod has ended, or its end is asked for again: each question costs a round trip to the guest. */
static int check_chmod(struct upload *u, const json_t *result, struct err *e)
{
	_cleanup_guest_result_ struct guest_result g = {0};
	int r = guest_exec_result(result, &g, e);

	if (r < 0)
		return r;
	if (!g.exited)
		send_cmd(u, guest_exec_status(u->pid));
	else if (g.code != 0)
		return err_set(e, EIO, "chmod in the guest: exit %d", g.code);
	else
		start_program(u);
	return 0;
}

static void next_chunk(struct upload *u)
{
	size_t n = MIN(u->len - u->done, (size_t)GUEST_CHUNK);

	if (n) {
		u->step = WRITING;
		send_cmd(u, guest_file_write(u->handle, u->data + u->done, n));
	} else {
		u->step = CLOSING;
		send_cmd(u, guest_file_close(u->handle));
	}
}

/* One answer of the guest agent; -errno with e when it is not what the step expects. */
static int advance(struct upload *u, const json_t *result, struct err *e)
{
	long long n;

	switch (u->step) {
	case OPENING:
		u->handle = guest_file_handle(result, e);
		if (u->handle < 0)
			return -EPROTO;
		next_chunk(u);
		return 0;
	case WRITING:
		n = guest_file_written(result, e);
		if (n <= 0)
			return e->code ? -e->code : err_set(e, EIO, "the guest wrote nothing");
		u->done += (size_t)n;
		next_chunk(u);
		return 0;
	case CLOSING:
		make_executable(u);
		return 0;
	case CHMOD:
		u->pid = guest_exec_pid(result, e);
		if (u->pid < 0)
			return -EPROTO;
		u->step = CHECKING;
		send_cmd(u, guest_exec_status(u->pid));
		return 0;
	case CHECKING:
		return check_chmod(u, result, e);
	case STARTING:
		if (guest_exec_pid(result, e) < 0)
			return -EPROTO;
		finish(u, NULL);
		return 0;
	}
	return 0;
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct upload *u = arg;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *text = error ? jtext(error) : NULL;

	if (!result)
		finish(u, json_is_string(error) ? json_string_value(error) : text);
	else if (advance(u, result, &e) < 0)
		finish(u, err_msg(&e));
}

static int read_program(struct lab *lab, struct upload *u, struct err *e)
{
	_cleanup_free_ char *path =
		xasprintf("%s/ovnbed-agent", jstr(lab->options, "program_dir", "."));
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	struct buf b = BUF_INIT;
	char tmp[65536];
	size_t n;

	if (!f)
		return err_errno(e, errno, "%s", path);
	while ((n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_add(&b, tmp, n);
	u->len = b.len;
	u->data = buf_take(&b);
	return 0;
}

static bool consider(void *arg, json_t *vmi)
{
	struct lab *lab = arg;
	const struct kubevirt_image *image;
	_cleanup_free_ char *note = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct upload *u;
	const json_t *pod;

	if (!meta_condition_true(vmi, "AgentConnected") || meta_annotation(vmi, NOTE) ||
	    meta_deleting(vmi))
		return true;
	image = kubevirt_image_for(&lab->images, vmi, &note, &e);
	pod = ctl_launcher_pod(lab, vmi);
	if (!image || image->probe || !pod)
		return true;
	u = xcalloc(1, sizeof(*u));
	u->lab = lab;
	u->uid = xstrdup(meta_uid(vmi));
	u->node = lab_node_find(lab, jstr(pod, "spec.nodeName", ""));
	store_annotate(lab->store, vmi, NOTE, "uploading");
	if (!u->node || u->node->death)
		finish(u, "the node is dead");
	else if (read_program(lab, u, &e) < 0)
		finish(u, err_msg(&e));
	else
		send_cmd(u, guest_file_open(GUEST_PATH, "w"));
	return true;
}

void uploads_update(struct lab *lab)
{
	struct store_query q = {.kind = &kind_vmi};

	store_each(lab->store, &q, consider, lab);
}
