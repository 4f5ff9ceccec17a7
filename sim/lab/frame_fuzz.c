/* SPDX-License-Identifier: Apache-2.0 */
/* Captured frames: whatever passes an interface is counted and shown. */
#include "lab/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char vlans[FRAME_VLANS_TEXT];

	frame_text(&b, data, len, len);
	frame_vlans(data, len, vlans);
	frame_has_nonce(data, len, 0x0102030405060708);
	if (!b.len || !*vlans)
		abort();
	return 0;
}
