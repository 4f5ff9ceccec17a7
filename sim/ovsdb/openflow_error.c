/* SPDX-License-Identifier: Apache-2.0 */
/* What an ERROR message says (ONF TS-025 §A.4.4, Nicira's in OVS' ofp-errors.h). */
#include "ovsdb/openflow_wire.h"

struct code {
	uint16_t type, code;
	const char *name;
};

/* Those that flows and requests of openflow.h can provoke. */
static const struct code codes[] = {
	{0, 0, "OFPHFC_INCOMPATIBLE"},
	{0, 1, "OFPHFC_EPERM"},
	{1, 0, "OFPBRC_BAD_VERSION"},
	{1, 1, "OFPBRC_BAD_TYPE"},
	{1, 2, "OFPBRC_BAD_MULTIPART"},
	{1, 3, "OFPBRC_BAD_EXPERIMENTER"},
	{1, 5, "OFPBRC_EPERM"},
	{1, 6, "OFPBRC_BAD_LEN"},
	{1, 9, "OFPBRC_BAD_TABLE_ID"},
	{2, 0, "OFPBAC_BAD_TYPE"},
	{2, 1, "OFPBAC_BAD_LEN"},
	{2, 2, "OFPBAC_BAD_EXPERIMENTER"},
	{2, 3, "OFPBAC_BAD_EXP_TYPE"},
	{2, 4, "OFPBAC_BAD_OUT_PORT"},
	{2, 5, "OFPBAC_BAD_ARGUMENT"},
	{2, 10, "OFPBAC_MATCH_INCONSISTENT"},
	{2, 13, "OFPBAC_BAD_SET_TYPE"},
	{2, 14, "OFPBAC_BAD_SET_LEN"},
	{2, 15, "OFPBAC_BAD_SET_ARGUMENT"},
	{3, 0, "OFPBIC_UNKNOWN_INST"},
	{3, 1, "OFPBIC_UNSUP_INST"},
	{4, 0, "OFPBMC_BAD_TYPE"},
	{4, 1, "OFPBMC_BAD_LEN"},
	{4, 2, "OFPBMC_BAD_TAG"},
	{4, 5, "OFPBMC_BAD_WILDCARDS"},
	{4, 6, "OFPBMC_BAD_FIELD"},
	{4, 7, "OFPBMC_BAD_VALUE"},
	{4, 8, "OFPBMC_BAD_MASK"},
	{4, 9, "OFPBMC_BAD_PREREQ"},
	{4, 10, "OFPBMC_DUP_FIELD"},
	{5, 0, "OFPFMFC_UNKNOWN"},
	{5, 1, "OFPFMFC_TABLE_FULL"},
	{5, 2, "OFPFMFC_BAD_TABLE_ID"},
	{5, 3, "OFPFMFC_OVERLAP"},
	{5, 4, "OFPFMFC_EPERM"},
	{5, 6, "OFPFMFC_BAD_COMMAND"},
	{12, 1, "OFPMMFC_METER_EXISTS"},
	{12, 2, "OFPMMFC_INVALID_METER"},
	{12, 3, "OFPMMFC_UNKNOWN_METER"},
	{12, 11, "OFPMMFC_OUT_OF_METERS"},
};

char *ofp_error_text(const struct ofp_msg *m)
{
	uint16_t type, code;

	if (m->len < 4)
		return xstrdup("an error without a code");
	type = get_be16(m->body);
	code = get_be16(m->body + 2);
	if (type == 0 && m->len > 4) /* text of the peer's own */
		return xasprintf("OFPHFC_INCOMPATIBLE: %.*s", (int)MIN(m->len - 4, 200),
				 (const char *)m->body + 4);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].type == type && codes[i].code == code)
			return xstrdup(codes[i].name);
	if (type == 0xffff && m->len >= 8)
		return xasprintf("error 0x%x of experimenter 0x%x", code, get_be32(m->body + 4));
	return xasprintf("OpenFlow error type %u code %u", type, code);
}
