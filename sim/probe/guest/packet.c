/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

int packet_open(int index, uint16_t ethertype, struct err *e)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = index};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return err_errno(e, errno, "packet socket");
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) < 0) {
		r = err_errno(e, errno, "bind packet socket");
		close_fd(fd);
		return r;
	}
	return fd;
}
