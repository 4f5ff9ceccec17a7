/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as network selection: keys and interface names are unique, errors and result agree. */
#include "ovnk/attach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static void check(const struct selections *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct selection *s = &l->v[i];

		require(s->ns && s->name && s->nad && s->key && s->ifname, "fields are set");
		require(*s->name && *s->ifname && strlen(s->ifname) < 16, "names are sound");
		require(!s->mac || strlen(s->mac) == 17, "MACs are canonical");
		for (size_t k = 0; k < i; k++)
			require(strcmp(s->ifname, l->v[k].ifname), "interface names are unique");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_selections_ struct selections l = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	int r = attach_parse_text(text, "ns", &l, &d);

	require((r < 0) == (diags_count(&d, DIAG_ERROR) > 0), "errors and result agree");
	require(r == 0 || !l.n, "nothing is given out on failure");
	check(&l);
	return 0;
}
