/* SPDX-License-Identifier: Apache-2.0 */
/* KubeVirt: pkg/cloud-init. */
#include "kubevirt/cloudinit.h"

#include <errno.h>

#include "api/meta.h"
#include "base/base64.h"
#include "kubevirt/network.h"
#include "kubevirt/render.h"

struct ctx {
	const char *ns;
	kubevirt_secret_fn secret;
	void *arg;
};

/* ---- Secrets ---- */

/* Value of a key in data (base64) or stringData, as bytes in out. */
static int secret_value(const json_t *secret, const char *key, struct buf *out, struct err *e)
{
	const char *coded =
		json_string_value(json_object_get(json_object_get(secret, "data"), key));
	const char *plain =
		json_string_value(json_object_get(json_object_get(secret, "stringData"), key));

	if (plain) {
		buf_adds(out, plain);
		return 0;
	}
	if (!coded)
		return -ENOENT;
	if (base64_decode(coded, strlen(coded), out) < 0)
		return err_set(e, EINVAL, "secret %s: data.%s is not base64", meta_name(secret),
			       key);
	return 0;
}

static int find_secret(const struct ctx *c, const char *name, const json_t **ret, struct err *e)
{
	*ret = c->secret ? c->secret(c->arg, c->ns, name) : NULL;
	if (!*ret)
		return err_set(e, ENOENT, "secret %s/%s does not exist", c->ns, name);
	return 0;
}

/* KubeVirt looks for the lower-case key too. */
static int secret_text(const struct ctx *c, const char *name, const char *const keys[2],
		       struct buf *out, struct err *e)
{
	const json_t *secret;
	int r = find_secret(c, name, &secret, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < 2; i++) {
		r = secret_value(secret, keys[i], out, e);
		if (r != -ENOENT)
			return r;
	}
	return err_set(e, ENOENT, "secret %s/%s has no key %s", c->ns, name, keys[0]);
}

/* ---- user-data and network-config ---- */

static int data_text(const struct ctx *c, const json_t *ci, const char *data, const char *secret,
		     const char *lower, struct buf *out, struct err *e)
{
	_cleanup_free_ char *base64 = xasprintf("%sBase64", data);
	const char *const keys[2] = {data, lower};
	const char *plain = jstr(ci, data, ""), *coded = jstr(ci, base64, "");
	const char *ref = jstr(json_object_get(ci, secret), "name", "");

	if (*plain)
		buf_adds(out, plain);
	else if (*coded && base64_decode(coded, strlen(coded), out) < 0)
		return err_set(e, EINVAL, "%s is not base64", base64);
	else if (!*coded && *ref)
		return secret_text(c, ref, keys, out, e);
	return 0;
}

static int put_text(json_t *files, const char *name, const struct buf *b, struct err *e)
{
	json_t *s = json_stringn(b->data ? b->data : "", b->len);

	if (!s || strlen(json_string_value(s)) != b->len) {
		json_decref(s);
		return err_set(e, EINVAL, "cloud-init %s is not UTF-8 text", name);
	}
	json_object_set_new(files, name, s);
	return 0;
}

/* ---- meta-data ---- */

static int add_keys(const struct ctx *c, const char *name, json_t *keys, struct err *e)
{
	const json_t *secret, *v;
	const char *key;
	int r = find_secret(c, name, &secret, e);

	if (r < 0)
		return r;
	json_object_foreach(json_object_get(secret, "data"), key, v) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *index = xasprintf("%zu", json_object_size(keys));

		r = secret_value(secret, key, &b, e);
		if (r < 0)
			return r;
		while (b.len && strchr(" \t\r\n", b.data[b.len - 1]))
			b.data[--b.len] = '\0';
		json_object_set_new(keys, index, jstring(buf_str(&b)));
	}
	return 0;
}

/* Public keys that travel by cloud-init; index as key, in the order of the credentials. */
static int public_keys(const struct ctx *c, const json_t *spec, json_t *keys, struct err *e)
{
	json_t *cred;
	size_t i;

	json_array_foreach(json_object_get(spec, "accessCredentials"), i, cred) {
		const json_t *how = jget(cred, "sshPublicKey.propagationMethod");
		const char *name = jstr(cred, "sshPublicKey.source.secret.secretName", "");
		int r = 0;

		if (*name && (kubevirt_has(how, "noCloud") || kubevirt_has(how, "configDrive")))
			r = add_keys(c, name, keys, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int meta_data(const struct ctx *c, const json_t *vmi, struct buf *out, struct err *e)
{
	_cleanup_free_ char *host = kubevirt_hostname(vmi), *text = NULL;
	_cleanup_json_ json_t *keys = json_object();
	_cleanup_json_ json_t *meta = json_pack("{s:o, s:o}", "instance-id",
						jstringf("%s.%s", meta_name(vmi), meta_ns(vmi)),
						"local-hostname", jstring(host));
	int r = public_keys(c, json_object_get(vmi, "spec"), keys, e);

	if (r < 0)
		return r;
	if (json_object_size(keys))
		json_object_set(meta, "public-keys", keys);
	text = jtext(meta);
	buf_adds(out, text);
	return 0;
}

static const json_t *cloud_init_of(const json_t *spec)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(spec, "volumes"), i, v) {
		if (kubevirt_has(v, "cloudInitNoCloud"))
			return json_object_get(v, "cloudInitNoCloud");
		if (kubevirt_has(v, "cloudInitConfigDrive"))
			return json_object_get(v, "cloudInitConfigDrive");
	}
	return NULL;
}

int kubevirt_seed(const json_t *vmi, kubevirt_secret_fn secret, void *arg, json_t **ret,
		  struct err *e)
{
	const json_t *ci = cloud_init_of(json_object_get(vmi, "spec"));
	struct ctx c = {.ns = meta_ns(vmi), .secret = secret, .arg = arg};
	_cleanup_buf_ struct buf meta = BUF_INIT, user = BUF_INIT, network = BUF_INIT;
	_cleanup_json_ json_t *files = json_object();
	int r;

	if (!ci) {
		*ret = NULL;
		return 0;
	}
	r = meta_data(&c, vmi, &meta, e);
	if (r >= 0)
		r = data_text(&c, ci, "userData", "secretRef", "userdata", &user, e);
	if (r >= 0)
		r = data_text(&c, ci, "networkData", "networkDataSecretRef", "networkdata",
			      &network, e);
	if (r >= 0)
		r = put_text(files, "meta-data", &meta, e);
	/* an empty user-data is written: without the file cloud-init takes the seed for incomplete */
	if (r >= 0)
		r = put_text(files, "user-data", &user, e);
	if (r >= 0 && network.len)
		r = put_text(files, "network-config", &network, e);
	if (r >= 0)
		*ret = TAKE_PTR(files);
	return r;
}
