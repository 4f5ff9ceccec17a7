/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol between the probe engine and the traffic agent (`ovnbed-agent`): JSON-RPC 1.0 texts, as
 * in base/jrpc.h, over a unix stream socket (pods, hosts) or a virtio-serial port (guests).
 *
 * Synchronisation. A virtio-serial port keeps old bytes across connections, so each connection
 * starts with a token: the engine sends PROBE_SYNC, 8 hex digits, '\n'; the agent forgets all input
 * and pending output of that channel and sends the same 10 bytes back. PROBE_SYNC is a control
 * character that JSON text cannot contain. What arrives before the newest token is discarded.
 * On a virtio-serial port the agent sends a "hello" notification when it opens the port, so that a
 * guest that rebooted is noticed (another boot nonce).
 *
 * Addresses are text ("192.0.2.1", "2001:db8::1"), a/p is an address with prefix length, MAC
 * addresses are lower case, nonces 16 hex digits. Times are integers in the unit of the name. A
 * failing call has an error {"code": errno, "message": "…"}. Unknown members are ignored; `?` marks
 * what may be absent, with its default in brackets.
 *
 * hello {} -> {version, boot, pid, host, identity, caps {ipv6, sctp, packet, raw, netAdmin}}
 *   boot changes with every start of the agent.
 *
 * Interfaces
 *
 * ifaces {} -> {interfaces [IFACE]}
 *   IFACE {name, index, mac, mtu, minMtu, maxMtu, up, running, addresses [
 *     {address a/p, family 4|6, scope "global"|"link"|"host", tentative, dadFailed}]}
 * link-set {name, mtu?, mac?, up?} -> {}
 * addr-add {name, address a/p} -> {}
 *   Without duplicate address detection; an address that is there already is no error.
 * addr-del {name, address a/p} -> {}
 *   An address that is not there is no error.
 * addr-flush {name, family?} -> {removed}
 *   Global addresses only.
 * route-add {dst a/p|"default", via?, dev?, type? "blackhole"|"unreachable"|"prohibit"} -> {}
 * route-del (the same) -> {}
 * offload {name, txChecksum?} -> {txChecksum}
 *   Sets it when given (ETHTOOL_STXCSUM).
 *
 * neigh {ifname?, addr?} -> {entries [{addr, ifname, mac?, state}]}
 *   state: incomplete, reachable, stale, delay, probe, failed, noarp, permanent, none.
 * neigh-flush {ifname?, addr?} -> {removed}
 * neigh-reserve {addrs [addr], ifname?} -> {}
 *   Entries that the limit which all namespaces of a machine share does not count.
 *
 * Listeners
 *
 * listen {identity, specs [SPEC], exact?} -> {listening [SPEC], failed [SPEC + {errno, error}]}
 *   SPEC {proto "tcp"|"udp", port, family 4|6}
 *   Listeners last until the agent ends; with exact those not listed are closed. The identity goes
 *   into every answer. The engine checks a listener by `run` against 127.0.0.1 or ::1.
 *
 * Probes
 *
 * run {nonce, cells [CELL], window? (64)} -> {cells [RESULT]}, in the same order
 *   CELL {id (0…2^32-1), proto "icmp"|"tcp"|"udp"|"bulk", dst, port?, src?, ifname?,
 *     peer? (identity that must answer), tries? (3), timeoutMs? (a try; 1000, bulk 5000 without
 *     progress), size? (of the payload), bytes? (bulk, each way; 262144), plain? (bulk: zeros
 *     that nobody checks, for speed), flushNeigh?,
 *     all? (make all tries even after a success)}
 *   RESULT {id, outcome, src (as used), errno?, detail?, rttUs?, peer?, sent, attempts [
 *     {tUs, outcome, errno?, detail?, sport?, rttUs?}], neigh? {addr, ifname, mac?, state},
 *     bulk? {bytes, sentDigest, receivedDigest, digestOk, retransmits, peerRetransmits, mss,
 *     pmtu, seconds, bytesPerSecond}}
 *   window bounds the cells at work; one that has been silent for 100 ms makes room for the next.
 *   outcome is the strongest of the attempts': ALLOWED, WRONG_PEER, BROKEN, REFUSED, UNREACH,
 *   TIMEOUT, LOCAL_ERROR (enum probe_outcome). sent counts attempts that left the machine. neigh is
 *   the next hop's entry when the cell is done; absent when the destination is local, state "none"
 *   without an entry, "noroute" without a route.
 *
 * soak {dst, port, proto "tcp"|"udp", count, nonce, window? (64), timeoutMs? (2000), peer?, src?,
 *     ifname?} -> {counts {OUTCOME: n}, seconds, rate, firstErrors [{outcome, errno?, detail?}]}
 *   Short connections (TCP: connect, nonce echo, close; UDP: a fresh socket each).
 *
 * stream-start {id (text), nonce, dst, port, proto, intervalMs? (10), timeoutMs?, peer?, src?,
 *     ifname?, hold? (false)} -> {}
 *   One fresh probe every interval, from now on; 20000 at the most. hold: requests on one TCP
 *   connection instead.
 * stream-stop {id, moreMs? (0)} -> {attempts [[atUs, outcome, tookUs], …]}
 *   Goes on for so long, then waits until every probe has its outcome. atUs is the monotonic clock's,
 *   which pods and the lab share.
 *
 * mtu {nonce, id, dst, port, ifname, proto? "udp"|"icmp", src?, peer?, min?, max, hints? [size],
 *     tries? (3), timeoutMs? (500), raise?} -> {ifMtu, ifMaxMtu, raisedTo?, largest, firstFail?,
 *     class, ptbMtu?, probes [{size, class, ptbMtu?, errno?}]}
 *   Searches the largest IP packet (header included) that arrives whole at the destination; class
 *   is that of firstFail (enum probe_mtu_class), largest 0 when not even min passed. UDP needs the
 *   destination's listener and tests one direction, for its answers are short; ICMP tests both.
 *   With raise the interface MTU is raised to max while the search lasts, so that all probes really
 *   leave, and restored in any case.
 * mtu-force {nonce, id, dst, src, ifname, dstMac, srcMac?, sizes [size], tries? (3)} -> {sent}
 *   Sends IP packets of these sizes whatever the interface MTU: TCP to a closed port with the nonce
 *   in the payload, cell id + size, as segments of a GSO frame. The destination's sniffer tells
 *   what arrived.
 *
 * Frames
 *
 * sniff-start {id, nonce, ifname? (all but lo), outgoing?, promisc?, syn?} -> {}
 * sniff-read {id} -> {flows [FLOW], frames, seen, dropped, overflow}
 * sniff-stop {id} -> (the same)
 *   FLOW {ifname, proto "tcp"|"udp"|"icmp"|"arp"|"nd"|"ip"|"eth", ethertype, vlans [vid], srcMac,
 *     dstMac, src?, dst?, sport?, dport?, cell?, outgoing, frames, bytes, badChecksum, fragments,
 *     maxLength}
 *   Counts frames that carry PROBE_MAGIC and the nonce anywhere, and with syn all TCP SYN segments:
 *   they carry no payload, compare their sport with the attempts'. badChecksum: wrong L4 checksum
 *   on the wire. maxLength: the longest IP packet. dropped: lost by the kernel before we saw them.
 *
 * l2-send {ifname, nonce, id, count? (1), frames [
 *     {dstMac, srcMac?, id? (instead of the common one), ethertype? (0x88b5), vlan?,
 *      tags? [{tpid? (0x8100), vid, pcp?}], head? (hex, before the payload),
 *      udp? {src, dst, sport? (7007), dport? (7007)} (instead of ethertype and head), size? (of
 *      the payload)}]} -> {sent, errors}
 * garp {ifname, addr, nonce, id, srcMac?, count?} -> {sent, errors}
 *   Gratuitous ARP or unsolicited neighbour advertisement, the nonce behind it.
 * resolve {ifname, addr, src?, srcMac?, nonce?, id?, tries? (3), timeoutMs? (500)} ->
 *     {answers [{mac, tUs}], sent, src?}
 *   Own ARP request or neighbour solicitation, and all who answer within the time. Without an
 *   address on the interface: an ARP probe from 0.0.0.0, a solicitation from ::.
 *
 * dhcp-serve {ifname, seconds? (60)} -> {}
 *   Gives leases out of the subnet of the interface's first IPv4 address, from host part 100 on.
 * dhcp-stop {ifname} -> {}
 * dhcp-lease {ifname, server? (any), timeoutMs? (3000)} ->
 *     {address? a/p, server?, leaseS?, us?, why?, sent, others (answers of other servers)}
 *   Discover, request; the address is not configured. why without a lease.
 * group-join {ifname, group}, group-leave {ifname, group} -> {}
 *   Membership of a multicast group, as long as the agent lives.
 */
#ifndef OVNBED_PROBE_PROTO_H
#define OVNBED_PROBE_PROTO_H

#include "base/json.h"

#define PROBE_PROTO_VERSION 1
#define PROBE_SYNC 0x18
#define PROBE_SYNC_LEN 10 /* PROBE_SYNC, 8 hex digits, newline */

/* Ports that the engine uses of itself (mtu, bulk); probes of a scenario may use any. */
#define PROBE_PORT_MTU 7007
#define PROBE_PORT_BULK 7008

/* Ethernet type of raw frames: IEEE local experimental 1. */
#define PROBE_ETHERTYPE 0x88b5

/*
 * What travels in payloads. All integers big-endian, offset and size in bytes:
 *
 *   0 magic 8, 8 nonce 8, 16 cell 4, 20 length 4, 24 seq 2, 26 kind 1, 27 idlen 1, 28 aux 4
 *
 * then idlen bytes of identity, then padding. length is that of the whole message, header included.
 * Bulk: the request is followed by length - 32 bytes of a stream that both sides can compute; the
 * answer holds identity, SHA-256 of what arrived, as many bytes of the other stream, their SHA-256,
 * and the sender's TCP retransmits (4 bytes). With bit 1 of aux the streams are zeros and the digests
 * those of nothing.
 */
#define PROBE_MAGIC "OvnBedP1"
#define PROBE_HDR_LEN 32
#define PROBE_MAX_IDENTITY 200

enum probe_kind {
	PROBE_KIND_REQUEST = 1,
	PROBE_KIND_REPLY,
	PROBE_KIND_SHORT, /* request: answer with the header and identity only; aux of the answer:
			     length that arrived */
	PROBE_KIND_BULK,
	PROBE_KIND_BULK_REPLY,
	PROBE_KIND_L2,
};

/* Outcomes of one attempt and of a cell. The first five are facts about the path. */
enum probe_outcome {
	PROBE_ALLOWED,	   /* the nonce came back, from the peer that was expected */
	PROBE_TIMEOUT,	   /* silence */
	PROBE_REFUSED,	   /* RST, or ICMP port unreachable */
	PROBE_UNREACH,	   /* ICMP unreachable or prohibited from another machine */
	PROBE_LOCAL_ERROR, /* it never left: no route, neighbour not resolved, EMSGSIZE, … (errno)
			    */
	PROBE_WRONG_PEER,  /* something answered that is not the expected peer */
	PROBE_BROKEN,	   /* connected, then stalled, was reset, or the data was damaged */
	PROBE_INFRA,	   /* agent dead or harness fault: never a verdict */
	PROBE_N_OUTCOMES
};

/* Classes of an MTU probe. */
enum probe_mtu_class {
	PROBE_MTU_PASS,
	PROBE_MTU_LOCAL_EMSGSIZE, /* the sender's own stack refused: says nothing about the path */
	PROBE_MTU_BLACKHOLE,	  /* it left, nothing came back */
	PROBE_MTU_PTB,		  /* someone on the path said how much fits */
	PROBE_MTU_FRAGMENTED,	  /* arrived, but in pieces */
	PROBE_MTU_ERROR,	  /* another failure (no route, refused): no statement */
	PROBE_N_MTU_CLASSES
};

/* Names as in the protocol ("ALLOWED", "LOCAL_EMSGSIZE"). The parsers return -1 for unknown text.
 */
static inline const char *probe_outcome_name(enum probe_outcome o)
{
	static const char *const names[PROBE_N_OUTCOMES] = {
		"ALLOWED",     "TIMEOUT",    "REFUSED", "UNREACH",
		"LOCAL_ERROR", "WRONG_PEER", "BROKEN",	"INFRA",
	};

	return (unsigned int)o < PROBE_N_OUTCOMES ? names[o] : "?";
}

static inline int probe_outcome_parse(const char *s)
{
	for (int i = 0; s && i < PROBE_N_OUTCOMES; i++)
		if (streq(s, probe_outcome_name((enum probe_outcome)i)))
			return i;
	return -1;
}

static inline const char *probe_mtu_class_name(enum probe_mtu_class c)
{
	static const char *const names[PROBE_N_MTU_CLASSES] = {
		"PASS", "LOCAL_EMSGSIZE", "BLACKHOLE", "PTB", "FRAGMENTED", "ERROR",
	};

	return (unsigned int)c < PROBE_N_MTU_CLASSES ? names[c] : "?";
}

#endif
