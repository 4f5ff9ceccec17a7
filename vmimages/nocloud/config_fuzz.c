/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as network-config, user-data and meta-data; what comes out obeys config.h. */
#include "config.h"

#include "base/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static void check_interface(const json_t *itf)
{
	struct ipnet n;
	json_t *v;
	size_t i;

	require(jstr(itf, "name", NULL) != NULL, "an interface has a name");
	json_array_foreach(json_object_get(itf, "addresses"), i, v)
		require(ipnet_parse(json_string_value(v), &n), "addresses have prefix lengths");
	json_array_foreach(json_object_get(itf, "routes"), i, v)
		require(ipnet_parse(jstr(v, "to", ""), &n), "routes go to prefixes");
}

static void check_user(const json_t *user)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(user, "users"), i, v)
		require(!strpbrk(jstr(v, "name", ":"), ":/\n"), "user names fit into passwd");
	json_array_foreach(json_object_get(user, "files"), i, v)
		require(jstr(v, "path", "")[0] == '/', "paths are absolute");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xmemdup(size ? data : (const uint8_t *)"", size + !size);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *net = nc_net_parse(text, size, &d);
	_cleanup_json_ json_t *user = nc_user_parse(text, size, &d);
	_cleanup_json_ json_t *meta = nc_meta_parse(text, size, &d);
	json_t *itf;
	size_t i;

	json_array_foreach(json_object_get(net, "interfaces"), i, itf)
		check_interface(itf);
	check_user(user);
	require(meta != NULL, "meta-data always gives a tree");
	return 0;
}
