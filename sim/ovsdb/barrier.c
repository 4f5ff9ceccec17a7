/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/barrier.h"

#include "base/buf.h"

static const struct {
	const char *table, *raise, *answer, *who;
} counters[] = {
	[OVSDB_BARRIER_SB] = {"NB_Global", "nb_cfg", "sb_cfg", "ovn-northd"},
	[OVSDB_BARRIER_HV] = {"NB_Global", "nb_cfg", "hv_cfg", "the chassis"},
	[OVSDB_BARRIER_VSWITCHD] = {"Open_vSwitch", "next_cfg", "cur_cfg", "ovs-vswitchd"},
};

void barrier_add_ops(const struct ovsdb_barrier_opts *opts, json_t *ops)
{
	const char *table = counters[opts->kind].table, *raise = counters[opts->kind].raise;

	if (opts->kind == OVSDB_NO_BARRIER)
		return;
	json_array_append_new(ops, json_pack("{s:s, s:s, s:[], s:[[s,s,i]]}", "op", "mutate",
					     "table", table, "where", "mutations", raise, "+=", 1));
	json_array_append_new(ops, json_pack("{s:s, s:s, s:[], s:[s]}", "op", "select", "table",
					     table, "where", "columns", raise));
}

long long barrier_value(const struct ovsdb_barrier_opts *opts, const json_t *results)
{
	const json_t *last = json_array_get(results, json_array_size(results) - 1);

	return jint(jget(last, "rows.0"), counters[opts->kind].raise, 0);
}

/* Whom OVN waits for: every Chassis_Private whose Chassis is not another zone's (northd.c). */
static bool counts(const struct ovsdb *sb, const json_t *priv)
{
	const json_t *chassis = ovsdb_row(sb, "Chassis", jstr(priv, "chassis.0", ""));

	return !streq(jstr(chassis, "other_config.is-remote", ""), "true");
}

static const char *chassis_name(const struct ovsdb *sb, const json_t *priv)
{
	const json_t *chassis = ovsdb_row(sb, "Chassis", jstr(priv, "chassis.0", ""));
	const char *host = jstr(chassis, "hostname", "");

	return *host ? host : jstr(priv, "name", "?");
}

/* Number of chassis that count; those behind want are listed in lag when it is not NULL. */
static unsigned count_chassis(const struct ovsdb *sb, long long want, unsigned *ret_lagging,
			      struct buf *lag)
{
	_cleanup_json_ json_t *rows = ovsdb_find_all(sb, "Chassis_Private", json_object());
	unsigned n = 0;
	json_t *priv;
	size_t i;

	*ret_lagging = 0;
	json_array_foreach(rows, i, priv) {
		long long cfg = jint(priv, "nb_cfg", 0);

		if (!counts(sb, priv))
			continue;
		n++;
		if (cfg >= want)
			continue;
		(*ret_lagging)++;
		if (lag)
			buf_printf(lag, "%s%s (nb_cfg %lld)", lag->len ? ", " : "",
				   chassis_name(sb, priv), cfg);
	}
	return n;
}

bool barrier_passed(const struct ovsdb *o, const struct ovsdb_barrier_opts *opts, long long want)
{
	const json_t *row = ovsdb_first(o, counters[opts->kind].table);
	unsigned lagging = 0;

	if (jint(row, counters[opts->kind].answer, 0) < want)
		return false;
	if (!opts->sb)
		return true;
	return count_chassis(opts->sb, want, &lagging, NULL) >= opts->chassis && !lagging;
}

char *barrier_describe(const struct ovsdb *o, const struct ovsdb_barrier_opts *opts, long long want)
{
	const json_t *row = ovsdb_first(o, counters[opts->kind].table);
	_cleanup_buf_ struct buf lag = BUF_INIT;
	struct buf b = BUF_INIT;
	unsigned n, lagging;

	buf_printf(&b, "%s: %s is %lld, expected %lld", counters[opts->kind].who,
		   counters[opts->kind].answer, jint(row, counters[opts->kind].answer, 0), want);
	if (opts->kind == OVSDB_BARRIER_HV && jint(row, "sb_cfg", 0) < want)
		buf_printf(&b, " (ovn-northd is behind, too: sb_cfg is %lld)",
			   jint(row, "sb_cfg", 0));
	if (!opts->sb)
		return buf_take(&b);
	n = count_chassis(opts->sb, want, &lagging, &lag);
	if (n < opts->chassis)
		buf_printf(&b, "; %u of %u chassis registered", n, opts->chassis);
	if (lagging)
		buf_printf(&b, "; behind: %s", buf_str(&lag));
	return buf_take(&b);
}
