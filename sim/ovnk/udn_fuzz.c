/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any specification of a user-defined network that the API admits: what is rendered is a NAD that the
 * parser takes, and an error means that nothing was rendered.
 */
#include "api/kind.h"
#include "api/meta.h"
#include "ovnk/nad.h"
#include "ovnk/udn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static void check_nads(const json_t *nads, const struct ovnk_config *c)
{
	json_t *nad;
	size_t i;

	json_array_foreach(nads, i, nad) {
		_cleanup_netconf_ struct netconf conf = {0};
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		require(nad_parse(nad, c, &conf, &d) == NAD_OK, "a rendered NAD is sound");
		require(meta_controller(nad) != NULL, "it has an owner");
		require(streq(conf.role, "secondary"), "it is secondary");
	}
}

static void try_kind(const struct kind *k, const json_t *spec)
{
	json_t *obj = meta_new(k, "ns", "net");
	_cleanup_json_ json_t *objects = json_pack("[o]", obj), *nads = json_array();
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_ovnk_config_ struct ovnk_config c;

	ovnk_config_init(&c);
	json_object_set_new(obj, "spec", json_deep_copy(spec));
	if (kind_admit(obj, NULL, KIND_IGNORE, &d) < 0)
		return;
	diags_free(&d);
	udn_render_all(objects, &c, nads, &d);
	require(!json_array_size(nads) || !diags_count(&d, DIAG_ERROR), "errors and result agree");
	udn_retitle(nads, &d);
	check_nads(nads, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *spec = jparse((const char *)data, size, NULL);

	if (!json_is_object(spec))
		return 0;
	try_kind(&kind_cudn, spec);
	try_kind(&kind_udn, spec);
	return 0;
}
