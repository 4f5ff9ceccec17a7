/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol between the probe engine and the traffic agent (`ovnbed-agent`): JSON-RPC 1.0 texts as
 *in base/jrpc.h over a unix stream socket (pods, hosts) or a virtio-serial port (guests).
 *
 * Synchronisation. A virtio-serial port keeps old bytes across connections, so each connection
 * starts with a token: the engine sends PROBE_SYNC, 8 hex digits, '\n'; the agent forgets all input
 * and pending output of that channel and sends the same 10 bytes back. PROBE_SYNC is a control
 * character that JSON text cannot contain. What arrives before the newest token is discarded.
 * On a virtio-serial port the agent sends a "hello" notification when it opens the port, so that a
 * guest that rebooted is noticed (another boot nonce).
 *
 * Addresses are text ("192.0.2.1", "2001:db8::1", prefixes with "/24"), MAC addresses lower case,
 * nonces 16 hex digits. Times are integers in the unit of the name. Every failing call has an
 * error {"code": errno, "message": "…"}. Unknown members are ignored.
 *
 * hello {} -> {version, boot, pid, host, identity, caps {ipv6, sctp, packet, raw, netAdmin}}
 *	boot: changes with every start of the agent.
 *
 * ifaces {} -> {interfaces [IFACE]}
 *	IFACE {name, index, mac, mtu, minMtu, maxMtu, up, running, addresses [{address "a/p", family
 *4|6, scope "global"|"link"|"host", tentative, dadFailed}]} link-set {name, mtu?, mac?, up?} -> {}
 * addr-add {name, address "a/p"} -> {}		without duplicate address detection; present is no
 *error addr-del {name, address "a/p"} -> {}		absent is no error addr-flush {name,
 *family?} -> {removed}		global addresses only route-add {dst "a/p"|"default", via?, dev?,
 *type? "blackhole"|"unreachable"|"prohibit"} -> {}
 * route-del (same) -> {}				absent is no error
 * offload {name, txChecksum?} -> {txChecksum}	sets it when given; ETHTOOL_STXCSUM
 * neigh {ifname?, addr?} -> {entries [{addr, ifname, mac?, state}]}
 *	state: incomplete, reachable, stale, delay, probe, failed, noarp, permanent
 * neigh-flush {ifname?, addr?} -> {removed}
 *
 * listen {identity, specs [{proto "tcp"|"udp", port, family 4|6}], exact?} ->
 *	{listening [SPEC], failed [SPEC + {errno, error}]}
 *	Listeners last until the agent ends; exact: those not listed are closed. identity goes into
 *	every answer. Loopback included: the engine checks a listener by `run` against 127.0.0.1 /
 *::1.
 *
 * run {nonce, cells [CELL], window? (64)} -> {cells [RESULT]}		same order
 *	CELL {id (0…2^32-1), proto "icmp"|"tcp"|"udp"|"bulk", dst, port?, src?, ifname?, peer?
 *(identity that must answer), tries? (3), timeoutMs? (1000, a try), size? (bytes of payload),
 *bytes? (bulk, default 262144), flushNeigh?, all? (make all tries even after a success)} RESULT
 *{id, outcome, errno?, detail?, attempts [{tUs, outcome, errno?, detail?, sport?, rttUs?}], rttUs?,
 *peer?, sent, neigh? {addr, ifname, mac?, state}, bulk? {bytes, sentDigest, receivedDigest,
 *	digestOk, retransmits, peerRetransmits, mss, pmtu, seconds, bytesPerSecond}}
 *	neigh is of the next hop, looked up when the cell is done; absent when the destination is local.
 *	outcome is the strongest of the attempts': ALLOWED, WRONG_PEER, BROKEN, REFUSED, UNREACH,
 *	TIMEOUT, LOCAL_ERROR (see enum probe_outcome). sent counts attempts that left the machine.
 *
 * mtu {nonce, id, dst, proto? "udp"|"icmp", port, src?, ifname, min, max, tries? (3), timeoutMs?
 *(500), raise? (bool)} -> {ifMtu, ifMaxMtu, raisedTo?, largest, firstFail?, class, ptbMtu?, probes
 *[{size, class, ptbMtu?, errno?}]} Binary search for the largest IP packet (header included) that
 *arrives whole at the destination: class is that of firstFail. largest 0: not even min passed. UDP
 *needs the destination's listener and tests one direction, for its answers are short; ICMP tests
 *both. raise: the interface MTU is raised for the time of the search so that the probes really
 *leave, and restored in any case. CLASSES: see enum probe_mtu_class. mtu-force {nonce, id, dst,
 *ifname, dstMac, srcMac?, src, sizes [n…], tries? (3)} -> {sent, errno?, error?} Sends IP packets
 *(TCP to a closed port, nonce in the payload) of the given sizes whatever the interface MTU, as
 *segments of a GSO frame of a packet socket; what arrives is read from the destination's sniffer
 *("lengths").
 *
 * sniff-start {id, nonce, ifname? (all but lo), outgoing? (false), promisc? (false), syn? (false)}
 *-> {} sniff-read {id} -> {flows [FLOW], frames, dropped, overflow}		dropped: by the
 *kernel, unseen sniff-stop {id} -> (as sniff-read) FLOW {ifname, proto
 *"tcp"|"udp"|"icmp"|"arp"|"nd"|"eth", ethertype, vlans [vid…], srcMac, dstMac, src?, dst?, sport?,
 *dport?, cell?, outgoing, frames, bytes, badChecksum, fragments, maxLength} Counts frames that
 *carry PROBE_MAGIC and the nonce anywhere, and with syn all TCP SYN segments (which carry no
 *payload: match sport with the attempts' sport). badChecksum: the L4 checksum is wrong on the wire.
 *maxLength: longest IP packet.
 *
 * l2-send {ifname, nonce, id, count? (1), frames [{dstMac, srcMac?, ethertype? (0x88b5), vlan?,
 *size?}]} -> {sent, errors} garp {ifname, addr, nonce, id, srcMac?, count?} -> {sent}	gratuitous
 *ARP / unsolicited NA, nonce behind resolve {ifname, addr, src?, srcMac?, nonce?, id?, tries? (3),
 *timeoutMs? (500)} -> {answers [{mac, tUs}], sent, src?} Own ARP request or neighbour solicitation;
 *all who answer within the time. Without an address on the interface: an ARP probe from 0.0.0.0, or
 *a solicitation from ::.
 *
 * soak {dst, port, proto "tcp"|"udp", count, window? (64), timeoutMs? (2000), peer?, src?, nonce}
 *-> {counts {OUTCOME: n}, seconds, rate, firstErrors [{outcome, errno?, detail?}]} count short
 *connections (TCP: connect, nonce echo, close; UDP: a fresh socket each).
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
 * What travels in payloads. All integers big-endian:
 *	0 magic 8 | 8 nonce 8 | 16 cell 4 | 20 length 4 | 24 seq 2 | 26 kind 1 | 27 idlen 1 | 28 aux
 *4 then idlen bytes of identity, then padding. length is that of the whole message, header
 *included. Bulk: the request is followed by length - 32 bytes of a stream that both sides can
 *compute; the answer holds identity, SHA-256 of what arrived, as many bytes of the other stream,
 *their SHA-256, and the sender's TCP retransmits (4 bytes).
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
