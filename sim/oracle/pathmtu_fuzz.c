/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any tree {"topology","objects","live"} as a cluster: what the lint reports is too small indeed, a
 * path's limit is its smallest hop, and going back meets the same hops.
 */
#include <limits.h>

#include "oracle/pathmtu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static void check_path(const struct pathmtu_path *p)
{
	int limit = pathmtu_limit(p);

	for (size_t i = 0; i < p->n; i++) {
		require(p->v[i].name && p->v[i].why, "hops have a name and a reason");
		require(!limit || pathmtu_room(&p->v[i]) >= limit, "no hop is below the limit");
	}
	require(pathmtu_first(p, INT_MIN) == p->n, "the smallest packet passes");
	json_decref(pathmtu_json(p));
}

static void check_pair(const struct pathmtu *m, const char *network, const char *a, const char *b)
{
	_cleanup_pathmtu_path_ struct pathmtu_path there, back;

	pathmtu_between(m, network, a, b, &there);
	pathmtu_between(m, network, b, a, &back);
	check_path(&there);
	check_path(&back);
	if (!there.why && !back.why)
		require(pathmtu_limit(&there) == pathmtu_limit(&back), "both ways are as wide");
}

static void check(const json_t *input, bool policies)
{
	static const char *const ends[] = {"node/a", "node/b", "host/h"};
	static const char *const nets[] = {"net", "dc"};
	_cleanup_pathmtu_ struct pathmtu *m =
		pathmtu_new(json_object_get(input, "topology"), json_object_get(input, "objects"),
			    json_object_get(input, "live"), policies);
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	pathmtu_lint(m, &d);
	for (size_t i = 0; i < d.n; i++)
		require(d.v[i].severity == DIAG_WARNING && d.v[i].object && d.v[i].path &&
				d.v[i].hint,
			"findings are warnings with a place and a hint");
	for (size_t n = 0; n < ARRAY_SIZE(nets); n++)
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			for (size_t k = 0; k < ARRAY_SIZE(ends); k++)
				check_pair(m, nets[n], ends[i], ends[k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *input = jparse((const char *)data, size, NULL);

	if (!json_is_object(input))
		return 0;
	check(input, true);
	check(input, false);
	return 0;
}
