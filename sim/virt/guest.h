/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The QEMU guest agent's protocol as JSON: commands for the "agent" request of virt.h, and readers
 * of their answers. Pure, so that the supervisor can drive a guest over RPC.
 */
#ifndef OVNBED_VIRT_GUEST_H
#define OVNBED_VIRT_GUEST_H

#include "base/json.h"

/* {"execute":…,"arguments":…}; arguments stolen, may be NULL. New reference, as all below. */
json_t *guest_cmd(const char *execute, json_t *arguments);

/* guest-exec of argv (argv[0] is the path or a name for the guest's PATH) with captured output;
 * env NULL-terminated "K=V" or NULL; input NULL or bytes for stdin. */
json_t *guest_exec(const char *const *argv, const char *const *env, const void *input, size_t len);
/* The pid of its answer, or -EPROTO. */
long long guest_exec_pid(const json_t *ret, struct err *e);
json_t *guest_exec_status(long long pid);

struct guest_result {
	bool exited;
	int code;   /* exit code, or -1 when ended by a signal */
	int signal; /* 0 unless ended by one */
	char *out, *err;
	size_t out_len, err_len;
	bool truncated; /* the agent keeps 16 MiB a stream at most */
};
/* Reads guest-exec-status' answer. Outputs only once exited. */
int guest_exec_result(const json_t *ret, struct guest_result *res, struct err *e);
void guest_result_free(struct guest_result *res);
#define _cleanup_guest_result_ _cleanup_(guest_result_free)

/* File upload: open (mode "w"), its handle, write chunks of at most GUEST_CHUNK bytes, close. */
#define GUEST_CHUNK 32768u
json_t *guest_file_open(const char *path, const char *mode);
long long guest_file_handle(const json_t *ret, struct err *e);
json_t *guest_file_write(long long handle, const void *data, size_t len);
/* Bytes written according to the answer; -EPROTO when it has none. */
long long guest_file_written(const json_t *ret, struct err *e);
json_t *guest_file_close(long long handle);

/* Base64 of bytes; caller frees. And back, NUL-terminated: NULL when malformed. */
char *guest_base64(const void *data, size_t len);
char *guest_unbase64(const char *text, size_t *ret_len);

#endif
