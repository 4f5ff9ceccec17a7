/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of one probe: a socket, a deadline, a typed outcome. */
#ifndef OVNBED_PROBE_GUEST_ATTEMPT_H
#define OVNBED_PROBE_GUEST_ATTEMPT_H

#include <net/if.h>

#include "base/buf.h"
#include "probe/guest/addr.h"
#include "probe/guest/evl.h"
#include "probe/guest/phdr.h"

struct attempt;
struct bulk;

struct attempt_ops {
	const char *name; /* the protocol's */
	bool needs_port;
	uint32_t default_timeout_ms;
	/* Opens the socket and sends. 0, or -errno for what the own system refused. */
	int (*begin)(struct attempt *a);
	void (*on_io)(struct attempt *a, uint32_t events);
	/* Silence: the outcome of a deadline that passed. */
	void (*on_deadline)(struct attempt *a);
};
extern const struct attempt_ops attempt_icmp, attempt_tcp, attempt_udp, attempt_bulk;

/* What to probe. Stays unchanged and alive for the time of the attempt. */
struct target {
	const struct attempt_ops *ops;
	struct addr dst, src; /* src.family 0: the kernel chooses */
	char ifname[IF_NAMESIZE];
	uint16_t port, seq;
	uint64_t nonce;
	uint32_t cell;
	uint32_t size;	/* bytes of payload, header included */
	uint32_t bytes; /* bulk: each way */
	bool plain;	/* bulk: contents do not matter */
	uint64_t timeout_us;
	uint8_t kind; /* PROBE_KIND_REQUEST, or _SHORT (UDP) */
	bool df;      /* never fragment, ignore what is known of the path MTU */
	char peer[PROBE_MAX_IDENTITY + 1]; /* "": any */
};

struct attempt_result {
	enum probe_outcome outcome;
	int err;
	char detail[160];
	uint64_t at_us, rtt_us;
	uint16_t sport;
	struct addr src;    /* chosen by the kernel or the target */
	uint32_t ptb_mtu;   /* of a "too big" from the path; 0: none */
	uint32_t reply_aux; /* of the answer's header */
	char peer[PROBE_MAX_IDENTITY + 1];
	json_t *bulk; /* owned by the attempt until it is closed */
};

struct attempt {
	struct evl *evl;
	const struct target *t;
	void (*done)(struct attempt *a);
	struct evl_io io;
	struct evl_timer timer;
	int fd;
	bool starting, over;
	struct attempt_result r;
	struct buf in, out;
	struct bulk *bulk;
	bool connected, dropped;
};

/* Starts; done runs once, never inside. The attempt is zeroed or closed memory. */
void attempt_start(struct attempt *a, struct evl *evl, const struct target *t,
		   void (*done)(struct attempt *a));
/* Stops and frees what the attempt holds; the result's bulk goes too. Twice is harmless. */
void attempt_close(struct attempt *a);

/* ---- for the protocols ---- */

/* Ends the attempt. err 0: none. */
void attempt_end(struct attempt *a, enum probe_outcome o, int err, const char *fmt, ...)
	PRINTF(4, 5);
/* Ends it with what the socket's error (and its error queue) says. */
void attempt_end_errno(struct attempt *a, int err);
/* Opens a socket of the target's family, bound to src and ifname, with error reports. */
int attempt_socket(struct attempt *a, int type, int protocol);
/* connect() to the target; 0, -EINPROGRESS or -errno. */
int attempt_connect(struct attempt *a);
/* The request's payload: header and padding up to size. */
void attempt_payload(const struct target *t, uint8_t kind, uint32_t aux, struct buf *b);
/* Judges an answer (header, identity, padding) and ends the attempt; false: not ours, go on. */
bool attempt_answer(struct attempt *a, const uint8_t *p, size_t len);
/* Fails the attempt when the identity is not the expected one; true when it is. */
bool attempt_check_peer(struct attempt *a, const uint8_t *id, size_t len);

/* An entry of a socket's error queue. */
struct sock_error {
	int err;
	uint8_t origin, type, code; /* SO_EE_ORIGIN_* */
	uint32_t info;		    /* next hop MTU */
	struct addr offender;	    /* family 0: unknown */
	bool offender_local;	    /* it is this machine */
};
/*
 * What an errno means for an attempt; se may be NULL. A host that cannot be resolved comes as an
 * "unreachable" from this machine itself: that is local, and no answer of the network.
 */
enum probe_outcome attempt_classify(int err, const struct sock_error *se);
/* Of several attempts of one cell the one with the highest rank is the cell's outcome. */
int outcome_rank(enum probe_outcome o);
/* Reads the newest entry; data (up to len bytes of the packet that caused it) may be NULL. */
bool attempt_read_error(struct attempt *a, struct sock_error *ret, uint8_t *data, size_t *len);
/* Ends the attempt with an entry. */
void attempt_end_error(struct attempt *a, const struct sock_error *se);

/* Fills in ops by name ("icmp", …); NULL when unknown. */
const struct attempt_ops *attempt_ops_find(const char *proto);

#endif
