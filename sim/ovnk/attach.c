/* SPDX-License-Identifier: Apache-2.0 */
/* The network selection annotation, as Multus and network-attachment-definition-client read it. */
#include "ovnk/attach.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/ip.h"
#include "ovnk/names.h"

#define PATH "metadata.annotations." ATTACH_ANNOTATION
#define IFNAME_MAX 15

static int fail(struct diags *d, const char *fmt, ...) PRINTF(2, 3);
static int fail(struct diags *d, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	struct diag *g;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	g = diags_add(d, DIAG_ERROR, "multus", PATH, "%s", msg);
	diag_hint(g, "write \"nad\", \"ns/nad@ifname\", a list of these with commas, or "
		     "[{\"name\": \"nad\", \"namespace\": \"ns\"}]");
	return -EINVAL;
}

static void selection_free(struct selection *s)
{
	for (size_t i = 0; i < s->n_ips; i++)
		free(s->ips[i]);
	for (size_t i = 0; i < s->n_gateways; i++)
		free(s->gateways[i]);
	free(s->ips);
	free(s->gateways);
	free(s->ns);
	free(s->name);
	free(s->nad);
	free(s->key);
	free(s->ifname);
	free(s->mac);
	free(s->ipam_claim);
}

void selections_free(struct selections *s)
{
	for (size_t i = 0; i < s->n; i++)
		selection_free(&s->v[i]);
	free(s->v);
	*s = (struct selections){0};
}

static struct selection *add(struct selections *l)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n] = (struct selection){0};
	return &l->v[l->n++];
}

static bool is_label(const char *s, size_t n)
{
	if (!n || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_blank_char(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **s, size_t *n)
{
	while (*n && is_blank_char(**s))
		(*s)++, (*n)--;
	while (*n && is_blank_char((*s)[*n - 1]))
		(*n)--;
}

/* Takes the part of *s before the first sep; the rest stays in *s. False when there is no sep. */
static bool split(const char **s, size_t *n, char sep, const char **head, size_t *n_head)
{
	const char *at = memchr(*s, sep, *n);

	if (!at)
		return false;
	*head = *s;
	*n_head = (size_t)(at - *s);
	*n -= *n_head + 1;
	*s = at + 1;
	return true;
}

/* One item of the short form: [ns/]name[@ifname]. */
static int parse_item(const char *s, size_t n, struct selections *l, struct diags *d)
{
	const char *item = s, *ns = NULL, *name = NULL;
	size_t n_item = n, n_ns = 0, n_name = 0;
	struct selection *e;
	bool has_ifname;

	trim(&item, &n_item);
	s = item;
	n = n_item;
	if (split(&s, &n, '/', &ns, &n_ns) && memchr(s, '/', n))
		return fail(d, "invalid network object \"%.*s\": more than one '/'", (int)n_item,
			    item);
	has_ifname = split(&s, &n, '@', &name, &n_name);
	if (has_ifname && memchr(s, '@', n))
		return fail(d, "invalid network object \"%.*s\": more than one '@'", (int)n_item,
			    item);
	if (!has_ifname) {
		name = s;
		n_name = n;
	}
	if (ns)
		trim(&ns, &n_ns);
	trim(&name, &n_name);
	trim(&s, &n);
	if ((ns && !is_label(ns, n_ns)) || !is_label(name, n_name) ||
	    (has_ifname && !is_label(s, n)))
		return fail(d,
			    "invalid network object \"%.*s\": one or more items did not match "
			    "comma-delimited format (must consist of lower case alphanumeric "
			    "characters or '-', and start and end with an alphanumeric character)",
			    (int)n_item, item);
	e = add(l);
	e->ns = ns ? xstrndup(ns, n_ns) : NULL;
	e->name = xstrndup(name, n_name);
	e->ifname = has_ifname ? xstrndup(s, n) : NULL;
	return 0;
}

static int parse_short(const char *text, struct selections *l, struct diags *d)
{
	for (;;) {
		size_t n = strcspn(text, ",");
		int r = parse_item(text, n, l, d);

		if (r < 0 || !text[n])
			return r;
		text += n + 1;
	}
}

static int wrong_type(struct diags *d, size_t i, const char *key, const char *want)
{
	return fail(d, "network selection %zu: \"%s\" must be %s", i, key, want);
}

static int take_string(struct diags *d, size_t i, const char *key, const json_t *v, char **ret)
{
	if (json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return wrong_type(d, i, key, "a string");
	free(*ret);
	*ret = *json_string_value(v) ? xstrdup(json_string_value(v)) : NULL;
	return 0;
}

static bool is_address(const char *s, bool prefix_allowed)
{
	struct ipnet n;
	struct ip a;

	return ip_parse(s, &a) || (prefix_allowed && ipnet_parse(s, &n));
}

static int take_addresses(struct diags *d, size_t i, const char *key, bool prefix_allowed,
			  const json_t *v, char ***ret, size_t *ret_n)
{
	const json_t *a;
	size_t k;

	if (json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return wrong_type(d, i, key, "a list of addresses");
	json_array_foreach(v, k, a) {
		if (!json_is_string(a))
			return wrong_type(d, i, key, "a list of addresses");
		if (!is_address(json_string_value(a), prefix_allowed))
			return fail(d,
				    "network selection %zu: failed to parse IP address \"%s\" of "
				    "\"%s\"",
				    i, json_string_value(a), key);
		*ret = xrealloc(*ret, (*ret_n + 1) * sizeof(**ret));
		(*ret)[(*ret_n)++] = xstrdup(json_string_value(a));
	}
	return 0;
}

static int take_mac(struct diags *d, size_t i, const json_t *v, char **ret)
{
	_cleanup_free_ char *text = NULL;
	char mac[MAC_TEXT_MAX];
	int r = take_string(d, i, "mac", v, &text);

	if (r < 0 || !text)
		return r;
	if (!names_mac_canon(text, mac))
		return fail(d, "network selection %zu: failed to parse mac \"%s\"", i, text);
	free(*ret);
	*ret = xstrdup(mac);
	return 0;
}

static int take_key(struct diags *d, size_t i, const char *key, const json_t *v,
		    struct selection *e)
{
	if (!strcasecmp(key, "name"))
		return take_string(d, i, key, v, &e->name);
	if (!strcasecmp(key, "namespace"))
		return take_string(d, i, key, v, &e->ns);
	if (!strcasecmp(key, "interface"))
		return take_string(d, i, key, v, &e->ifname);
	if (!strcasecmp(key, "ipam-claim-reference"))
		return take_string(d, i, key, v, &e->ipam_claim);
	if (!strcasecmp(key, "mac"))
		return take_mac(d, i, v, &e->mac);
	if (!strcasecmp(key, "ips"))
		return take_addresses(d, i, key, true, v, &e->ips, &e->n_ips);
	if (!strcasecmp(key, "default-route"))
		return take_addresses(d, i, key, false, v, &e->gateways, &e->n_gateways);
	diags_add(d, DIAG_NOTE, "ignored", PATH, "network selection %zu: key \"%s\" has no effect",
		  i, key);
	return 0;
}

static int parse_element(const json_t *o, size_t i, struct selections *l, struct diags *d)
{
	struct selection *e = add(l);
	const char *key;
	json_t *v;

	if (!json_is_object(o))
		return fail(d, "network selection %zu must be an object with \"name\"", i);
	json_object_foreach((json_t *)o, key, v) {
		int r = take_key(d, i, key, v, e);

		if (r < 0)
			return r;
	}
	if (!e->name)
		return fail(d, "network selection %zu has no \"name\"", i);
	return 0;
}

static int parse_json(const char *text, struct selections *l, struct diags *d)
{
	json_error_t je;
	_cleanup_json_ json_t *a = json_loads(text, JSON_DECODE_ANY, &je);
	const json_t *o;
	size_t i;

	if (!a)
		return fail(d,
			    "failed to parse the network selection as JSON: line %d column %d: %s",
			    je.line, je.column, je.text);
	if (!json_is_array(a))
		return fail(d, "the network selection must be a JSON list");
	json_array_foreach(a, i, o) {
		int r = parse_element(o, i, l, d);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_ifname(const struct selections *l, size_t i, struct diags *d)
{
	const char *name = l->v[i].ifname;

	if (strlen(name) > IFNAME_MAX || strpbrk(name, "/ \t\n:") || streq(name, ".") ||
	    streq(name, ".."))
		return fail(d,
			    "\"%s\" cannot be an interface name: at most %d characters without "
			    "'/', ':' and blanks",
			    name, IFNAME_MAX);
	for (size_t k = 0; k < i; k++)
		if (streq(l->v[k].ifname, name))
			return fail(d, "two attachments want the interface name \"%s\"", name);
	return 0;
}

/* Defaults, and the key of the n-th attachment of one NAD. */
static int complete(struct selections *l, const char *ns, struct diags *d)
{
	for (size_t i = 0; i < l->n; i++) {
		struct selection *e = &l->v[i];
		unsigned same = 0;
		int r;

		if (!e->ns)
			e->ns = xstrdup(ns);
		if (!e->ifname)
			e->ifname = xasprintf("net%zu", i + 1);
		e->nad = names_nad_key(e->ns, e->name, 0);
		for (size_t k = 0; k < i; k++)
			same += streq(l->v[k].nad, e->nad);
		e->key = names_nad_key(e->ns, e->name, same);
		r = check_ifname(l, i, d);
		if (r < 0)
			return r;
	}
	return 0;
}

int attach_parse_text(const char *text, const char *ns, struct selections *ret, struct diags *d)
{
	_cleanup_selections_ struct selections l = {0};
	int r = 0;

	if (*text)
		r = strpbrk(text, "[{\"") ? parse_json(text, &l, d) : parse_short(text, &l, d);
	if (r == 0)
		r = complete(&l, ns, d);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct selections){0};
	return 0;
}

int attach_parse(const json_t *pod, struct selections *ret, struct diags *d)
{
	const char *ns = jstr(pod, "metadata.namespace", "default");
	_cleanup_free_ char *object = xasprintf("Pod %s/%s", ns, jstr(pod, "metadata.name", ""));
	const json_t *v = json_object_get(jget(pod, "metadata.annotations"), ATTACH_ANNOTATION);
	size_t from = d->n;
	int r = 0;

	*ret = (struct selections){0};
	if (json_is_string(v) && !jbool(pod, "spec.hostNetwork", false))
		r = attach_parse_text(json_string_value(v), ns, ret, d);
	diags_locate(d, from, NULL, object);
	return r;
}
