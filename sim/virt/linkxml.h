/* SPDX-License-Identifier: Apache-2.0 */
/* Little readers of the domain XML that libvirt itself formats (one element a line). Pure. */
#ifndef OVNBED_VIRT_LINKXML_H
#define OVNBED_VIRT_LINKXML_H

#include "base/buf.h"

/*
 * The <interface> element of a live domain's XML whose MAC is mac (any case), with its link state
 * set, for virDomainUpdateDeviceFlags(). Caller frees; NULL when there is none.
 */
char *linkxml_interface(const char *domain_xml, const char *mac, bool up);
/* True when the guest agent's channel is connected. */
bool linkxml_agent_connected(const char *domain_xml);

#endif
