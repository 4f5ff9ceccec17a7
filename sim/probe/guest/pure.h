/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's pure sources as one translation unit, for its unit test and its fuzz target: neither is
 * linked with the agent, and each includes this once.
 */
#include "probe/guest/addr.c"
#include "probe/guest/cell.c"
#include "probe/guest/classify.c"
#include "probe/guest/csum.c"
#include "probe/guest/dhcp_msg.c"
#include "probe/guest/dissect.c"
#include "probe/guest/flows.c"
#include "probe/guest/framer.c"
#include "probe/guest/phdr.c"
#include "probe/guest/pkt.c"
#include "probe/guest/resolve_match.c"

/* The protocols' names and ports, without their sockets. */
const struct attempt_ops attempt_icmp = {.name = "icmp", .default_timeout_ms = 1000};
const struct attempt_ops attempt_tcp = {
	.name = "tcp", .needs_port = true, .default_timeout_ms = 1000};
const struct attempt_ops attempt_udp = {
	.name = "udp", .needs_port = true, .default_timeout_ms = 1000};
const struct attempt_ops attempt_bulk = {
	.name = "bulk", .needs_port = true, .default_timeout_ms = 5000};
