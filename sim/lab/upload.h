/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traffic agent for guests whose image does not bring it: uploaded and started through the QEMU
 * guest agent once that is connected. One attempt a VMI; the outcome is the annotation
 * ovnbed.io/probe-agent ("uploaded", or "failed: why") and an Event.
 */
#ifndef OVNBED_LAB_UPLOAD_H
#define OVNBED_LAB_UPLOAD_H

#include "lab/lab.h"

/* Starts uploads to running VMIs that need one and have had none. Called by every reconciliation. */
void uploads_update(struct lab *lab);

#endif
