/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of frames at any place of a lab: a forked child alone enters the network namespaces,
 * opens a packet socket for each interface, gives up its privileges, counts, and writes pcap or
 * text to descriptors that the caller chose. Usable by the command line, by steps, and by the
 * supervisor. Filters are pcap-filter(7) and see frames as they are in the file: a VLAN tag that the
 * kernel took off is back in its place.
 */
#ifndef OVNBED_LAB_CAPTURE_H
#define OVNBED_LAB_CAPTURE_H

#include "base/json.h"

struct client;
struct lab_paths;

#define CAPTURE_CHAIN 4

/* Where to listen. Zero it (fd -1) or fill it by capture_resolve(); capture_place_free(). */
struct capture_place {
	char *at;		    /* as people name it: "node/worker-a:eth1"; owned */
	pid_t chain[CAPTURE_CHAIN]; /* process whose network namespace it is (lab/launch.h,
				       lab_proc_path()); chain[0] as the caller sees it */
	size_t n_chain;		    /* 0: the caller's own network namespace */
	char *ifname;		    /* NULL: every interface that is up, but lo; owned */
	char *filter;		    /* pcap-filter(7); NULL: everything; owned */
	bool only_nonce;	    /* frames without the nonce of the spec do not match */
	const char *direction;	    /* "in", "out", NULL: both */
	bool write_all;		    /* what does not match goes to fd, too */
	int fd; /* gets the matching frames as nanosecond pcap; borrowed, -1: none.
				 Several places may share one */
};
void capture_place_free(struct capture_place *p);

struct capture_spec {
	const struct capture_place *places; /* borrowed until capture_start() returns */
	size_t n;
	const char *nonce;    /* 16 hex digits (probe/proto.h): count frames that carry it; may be
				   NULL */
	long long max_bytes;  /* of each pcap output; the rest is not written; 0: no limit */
	int text_fd;	      /* gets a line a matching frame; -1: none */
	long long count;      /* ends by itself after so many matching frames; 0: never */
	uint64_t duration_us; /* ends by itself; 0: never */
};

struct capture;

/*
 * Starts it; returns when every socket hears (a few milliseconds; bounded by 10 s). Failures: -ENOENT
 * for an interface that is not there (the message lists those that are), -EINVAL for a filter that
 * does not compile, -EPERM, -ESRCH for a process that is gone. *ret: capture_free().
 */
int capture_start(const struct capture_spec *s, struct capture **ret, struct err *e);
/* Becomes readable when the capture has ended by itself or died. */
int capture_fd(const struct capture *c);
/*
 * Ends it once what is already on its way has been read (some 50 ms), or collects one that ended by
 * itself. *ret (new reference):
 *	{"seconds", "places":[{"at", "ifname", "seen" (all frames of the interface), "frames" (those
 *	 that match the filter), "nonce" (of those, with the nonce; absent without one), "bytes",
 *	 "vlans":{"10":N,"100.20":N,"untagged":N} (of those that match), "dropped" (lost by the kernel:
 *	 counts are lower bounds), "why"? (the interface went away)}]}
 * A place without ifname makes one entry for each interface, in order of name.
 */
int capture_stop(struct capture *c, json_t **ret, struct err *e);
/* As capture_stop(), for a capture that ends by itself: waits for that. */
int capture_wait(struct capture *c, json_t **ret, struct err *e);
void capture_free(struct capture *c);
static inline void capture_freep_(struct capture **c)
{
	capture_free(*c);
}
#define _cleanup_capture_ _cleanup_(capture_freep_)

/*
 * From a user's text to places: node/N, pod/[NS/]P, host/H, vm/[NS/]V (its taps, in its node),
 * switch/NAME, fabric; each with ":IFACE" for one interface (of a switch: ":PORT", the name of a node
 * or host, "NODE:NIC", or the device; of a VM: the network's name in its spec, or the tap). What has
 * several devices makes several places; they are appended to *places (*n of them, reallocated). 0 or
 * -errno.
 */
int capture_resolve(struct client *client, const struct lab_paths *paths, const char *text,
		    struct capture_place **places, size_t *n, struct err *e);
/*
 * The same with what GET endpoint?name= says of the text's name (lab/verbs.h); supervisor: its pid
 * as the caller sees it, 0 in the supervisor itself.
 */
int capture_places(const json_t *described, pid_t supervisor, const char *text,
		   struct capture_place **places, size_t *n, struct err *e);

#endif
