/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to an object between a request and its storing. */
#include "api/meta.h"
#include "api/status.h"
#include "api/store_priv.h"
#include "base/prng.h"

/* How often key was asked for before; counted unless dry. */
static long long take_count(struct store *s, const char *key, bool dry)
{
	long long n = json_integer_value(json_object_get(s->counters, key));

	if (!dry)
		json_object_set_new(s->counters, key, json_integer(n + 1));
	return n;
}

static void draw_suffix(uint64_t seed, char out[static 6])
{
	/* As Kubernetes: no vowels, no look-alikes. */
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	struct prng p;

	prng_init(&p, seed);
	for (size_t i = 0; i < 5; i++)
		out[i] = letters[prng_below(&p, sizeof(letters) - 1)];
	out[5] = '\0';
}

/* The first free name of those that the prefix draws. */
static char *generate_name(struct store *s, const struct kind *k, const char *ns,
			   const char *prefix)
{
	_cleanup_free_ char *key = xasprintf("name %s.%s %s/%s", k->plural, k->group, ns, prefix);

	for (;;) {
		_cleanup_free_ char *nth = xasprintf("%lld", take_count(s, key, false));
		_cleanup_free_ char *name = NULL;
		char suffix[6];

		draw_suffix(prng_hash(s->config.seed, key, nth), suffix);
		name = xasprintf("%s%s", prefix, suffix);
		if (!store_peek(s, k, ns, name))
			return TAKE_PTR(name);
	}
}

void store_stamp_name(struct store *s, const struct kind *k, json_t *obj, bool dry_run)
{
	json_t *metadata = json_object_get(obj, "metadata");
	const char *prefix = jstr(metadata, "generateName", "");
	_cleanup_json_ json_t *counters = dry_run ? json_copy(s->counters) : NULL;
	_cleanup_free_ char *name = NULL;

	if (*meta_name(obj) || !*prefix)
		return;
	name = generate_name(s, k, meta_ns(obj), prefix);
	jset_str(obj, "metadata.name", name);
	if (dry_run) {
		json_decref(s->counters);
		s->counters = TAKE_PTR(counters);
	}
}

/* A uid depends on the name and on how often that name was used, not on what else goes on. */
static void set_uid(struct store *s, const struct kind *k, json_t *obj, bool dry)
{
	_cleanup_free_ char *key =
		xasprintf("uid %s.%s %s/%s", k->plural, k->group, meta_ns(obj), meta_name(obj));
	_cleanup_free_ char *nth = xasprintf("%s %lld", key, take_count(s, key, dry));
	char uid[37];

	store_uuid(s, nth, uid);
	jset_str(obj, "metadata.uid", uid);
}

void store_stamp_new(struct store *s, const struct kind *k, json_t *obj, bool dry_run)
{
	json_t *metadata = json_object_get(obj, "metadata");
	char stamp[21];

	set_uid(s, k, obj, dry_run);
	meta_time(store_now(s), stamp);
	jset_str(obj, "metadata.creationTimestamp", stamp);
	if (k->has_generation)
		json_object_set_new(metadata, "generation", json_integer(1));
	else
		json_object_del(metadata, "generation");
	if (k->has_status)
		json_object_del(obj, "status");
	if (k->create_fn)
		k->create_fn(obj);
}

static void run_hooks(const struct store_hook *v, size_t n, struct store *s, enum store_op op,
		      const struct kind *k, json_t *obj, const json_t *old, struct diags *d)
{
	for (size_t i = 0; i < n; i++)
		if (!v[i].kind || v[i].kind == k)
			v[i].fn(v[i].arg, s, op, k, obj, old, d);
}

/* What only the server sets. After the check of the structure, so that nonsense is refused. */
static void drop_foreign(json_t *obj)
{
	static const char *const foreign[] = {"resourceVersion", "deletionTimestamp",
					      "deletionGracePeriodSeconds", "managedFields",
					      "selfLink"};
	json_t *metadata = json_object_get(obj, "metadata");

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		json_object_del(metadata, foreign[i]);
}

static void admit(struct store *s, enum store_op op, const struct kind *k, json_t *obj,
		  const json_t *old, enum kind_unknown unknown, struct diags *d)
{
	if (op != STORE_DELETE && kind_prepare(obj, unknown, d) < 0)
		return;
	if (op == STORE_CREATE)
		drop_foreign(obj);
	if (old && obj && json_equal(obj, old))
		return;
	run_hooks(s->mutators, s->n_mutators, s, op, k, obj, old, d);
	if (op != STORE_DELETE)
		kind_validate(obj, old, d);
	if (diags_count(d, DIAG_ERROR) == 0)
		run_hooks(s->validators, s->n_validators, s, op, k, obj, old, d);
}

json_t *store_admit(struct store *s, enum store_op op, const struct kind *k, json_t *obj,
		    const json_t *old, const struct store_opts *o)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *title = NULL;
	const json_t *named = obj ? obj : old;

	admit(s, op, k, obj, old, o->unknown, &d);
	if (diags_count(&d, DIAG_ERROR) > 0) {
		const char *name = meta_name(named);

		return status_invalid(k, *name ? name : jstr(named, "metadata.generateName", ""),
				      &d);
	}
	if (o->findings && d.n) {
		title = meta_title(named);
		diags_locate(&d, 0, NULL, title);
		diags_merge(o->findings, &d);
	}
	return NULL;
}
