// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_dbus - Messages from the bus, and their bodies by their own signatures
 */
#include "cgroups/dbus_message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = fuzz_copy(data, size);
	struct dbus_message m;
	size_t whole;

	if (size >= DBUS_HEADER_BYTES && dbus_message_size(copy, &whole) == 0 &&
	    dbus_message_parse(copy, size, &m) == 0) {
		dbus_skip(&m.body, m.signature);
		if (m.body.pos > m.body.len)
			abort();
		dbus_message_done(&m);
	}
	free(copy);
	return 0;
}
