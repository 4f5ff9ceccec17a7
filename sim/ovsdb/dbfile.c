/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "ovsdb/diff.h"

/* The first bytes of the SHA-1 of s, as many as out holds (at most 20). */
static void sha1(const char *s, size_t len, unsigned char out[static 20])
{
	if (!EVP_Digest(s, len, out, NULL, EVP_sha1(), NULL))
		abort();
}

char *ovsdb_row_uuid(const char *table, const char *key)
{
	_cleanup_free_ char *name = xasprintf("ovnbed/%s/%s", table, key);
	unsigned char h[20];
	struct buf b = BUF_INIT;

	sha1(name, strlen(name), h);
	h[6] = (h[6] & 0x0f) | 0x50; /* RFC 4122 version 5 */
	h[8] = (h[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++)
		buf_printf(&b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", h[i]);
	return buf_take(&b);
}

/* "OVSDB JSON LENGTH SHA1\n", then LENGTH bytes that end with a newline (ovsdb/log.c). */
static void add_record(struct buf *out, const json_t *j)
{
	_cleanup_free_ char *text = jtext(j);
	_cleanup_buf_ struct buf data = BUF_INIT;
	unsigned char h[20];

	buf_printf(&data, "%s\n", text);
	sha1(data.data, data.len, h);
	buf_printf(out, "OVSDB JSON %zu ", data.len);
	for (size_t i = 0; i < sizeof(h); i++)
		buf_printf(out, "%02x", h[i]);
	buf_addc(out, '\n');
	buf_add(out, data.data, data.len);
}

/* A copy of a wire value with ["named-uuid",n] turned into ["uuid",u]. */
static json_t *settle(const json_t *j, const json_t *uuids)
{
	json_t *out, *v;
	size_t i;

	if (!json_is_array(j))
		return json_incref((json_t *)j);
	if (streq0(json_string_value(json_array_get(j, 0)), "named-uuid"))
		return json_pack("[s,O]", "uuid",
				 json_object_get(uuids, json_string_value(json_array_get(j, 1))));
	out = json_array();
	json_array_foreach(j, i, v)
		json_array_append_new(out, settle(v, uuids));
	return out;
}

static json_t *settle_row(const json_t *row, const json_t *uuids)
{
	json_t *out = json_object(), *v;
	const char *column;

	json_object_foreach((json_t *)row, column, v)
		json_object_set_new(out, column, settle(v, uuids));
	return out;
}

/* {uuid-name: uuid}; operations and changes of a plan against nothing go side by side. */
static json_t *name_rows(const struct ovsdb_delta *d)
{
	json_t *uuids = json_object(), *op;
	size_t i;

	json_array_foreach(d->ops, i, op) {
		const json_t *c = json_array_get(d->changes, i);
		_cleanup_free_ char *u = ovsdb_row_uuid(jstr(c, "table", ""), jstr(c, "key", ""));

		json_object_set_new(uuids, jstr(op, "uuid-name", ""), json_string(u));
	}
	return uuids;
}

/* {"Table":{uuid:row}}. Without the usual "_date": equal plans give equal files. */
static json_t *transaction(const struct ovsdb_delta *d)
{
	_cleanup_json_ json_t *uuids = name_rows(d);
	json_t *txn = json_object(), *op;
	size_t i;

	json_object_set_new(txn, "_comment", json_string("ovnbed"));
	json_array_foreach(d->ops, i, op) {
		const char *table = jstr(op, "table", ""), *name = jstr(op, "uuid-name", "");
		const char *uuid = json_string_value(json_object_get(uuids, name));
		json_t *rows = json_object_get(txn, table);

		if (!rows) {
			rows = json_object();
			json_object_set_new(txn, table, rows);
		}
		json_object_set_new(rows, uuid, settle_row(json_object_get(op, "row"), uuids));
	}
	return txn;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t r = write(fd, p, n);

		if (r < 0 && errno != EINTR)
			return -errno;
		p += MAX(r, 0);
		n -= (size_t)MAX(r, 0);
	}
	return 0;
}

static int write_file(const char *path, const struct buf *b, struct err *e)
{
	_cleanup_free_ char *tmp = xasprintf("%s.new", path);
	_cleanup_close_ int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "create %s", tmp);
	r = write_all(fd, b->data, b->len);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(tmp);
	return r < 0 ? err_errno(e, -r, "write %s", path) : 0;
}

int ovsdb_write_db(const char *path, const json_t *schema, const json_t *desired,
		   json_t *deviations, struct err *e)
{
	_cleanup_schema_ struct ovsdb_schema *s = ovsdb_schema_parse(schema, e);
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!s || ovsdb_diff(s, NULL, desired, NULL, NULL, &d, e) < 0)
		return err_wrap(e, "database %s", path);
	add_record(&b, schema);
	if (json_array_size(d.ops)) {
		_cleanup_json_ json_t *txn = transaction(&d);

		add_record(&b, txn);
	}
	if (deviations)
		json_array_extend(deviations, d.deviations);
	return write_file(path, &b, e);
}
