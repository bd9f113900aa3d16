/*
 * fuzz_zdo: a Zigbee device profile message, its cluster before it; what is understood must come back the same when
 * written.
 */
#include "protocols/zdo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t written[1024], again[1024];
	struct zdo_message message, back;

	if (size < 2)
		return 0;
	uint16_t cluster = (uint16_t)(data[0] | data[1] << 8);
	if (zdo_parse(&message, cluster, data + 2, size - 2) < 0)
		return 0;
	size_t written_size = zdo_write(&message, written, sizeof(written));
	if (written_size == 0 || zdo_parse(&back, cluster, written, written_size) < 0)
		abort();
	if (zdo_write(&back, again, sizeof(again)) != written_size || memcmp(written, again, written_size) != 0)
		abort();
	return 0;
}
