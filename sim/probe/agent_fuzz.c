/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reaches the agent from outside: the first byte chooses between the channel's framing with cell
 * parameters behind it, a captured frame, and a payload.
 */
#include "probe/guest/pure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void cells(const json_t *msg)
{
	_cleanup_err_ struct err e = ERR_INIT;
	const json_t *params = json_object_get(msg, "params"), *cell;
	uint64_t nonce = 0;
	struct cell c;
	size_t i;

	cell_nonce(params, &nonce, &e);
	json_array_foreach(json_object_get(params, "cells"), i, cell)
		if (cell_parse(cell, nonce, &c, &e) == 0 && !c.t.ops)
			abort();
}

static void channel(const uint8_t *data, size_t len)
{
	struct framer f = {0};
	enum framer_event ev;
	const char *text;
	size_t n, half = len / 2;

	for (int part = 0; part < 2; part++) {
		framer_feed(&f, data + (part ? half : 0), part ? len - half : half);
		while ((ev = framer_next(&f, &text, &n)) != FRAMER_MORE) {
			_cleanup_json_ json_t *msg = NULL;

			if (ev != FRAMER_TEXT)
				continue;
			msg = json_loadb(text, n, 0, NULL);
			cells(msg);
		}
	}
	framer_reset(&f);
}

static void frame(const uint8_t *data, size_t len)
{
	struct flow_meta meta = {.outer_vlan = -1};
	struct addr v4 = {.family = 4}, v6 = {.family = 6};
	struct flows f = {0};
	struct dhcp_msg dhcp;
	uint8_t mac[6];

	flows_add(&f, data, len, 0, true, &meta);
	json_decref(flows_json(&f));
	flows_free(&f);
	resolve_match(data, len, &v4, mac);
	resolve_match(data, len, &v6, mac);
	dhcp_get(data, len, 67, &dhcp);
	dhcp_get(data, len, 68, &dhcp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct phdr h;

	if (!len)
		return 0;
	switch (data[0] & 3) {
	case 0:
	case 1:
		channel(data + 1, len - 1);
		break;
	case 2:
		frame(data + 1, len - 1);
		break;
	default:
		if (phdr_find(data + 1, len - 1, 0, &h) && h.length < PROBE_HDR_LEN)
			abort();
	}
	return 0;
}
