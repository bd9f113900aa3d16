/*
 * fuzz_zigbee_upgrade: a frame of the OTA Upgrade cluster; one that is understood must come back the same when written.
 */
#include "protocols/zigbee_upgrade.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct zigbee_upgrade *message, uint8_t sequence)
{
	uint8_t first[512], second[512];
	struct zigbee_upgrade back;
	struct zcl_frame frame;
	struct writer out;

	writer_init(&out, first, sizeof(first));
	zigbee_upgrade_write(&out, message, sequence);
	size_t size = writer_size(&out);
	if (out.failed || zcl_frame_parse(&frame, first, size) < 0 || zigbee_upgrade_parse(&back, &frame) < 0)
		abort();
	writer_init(&out, second, sizeof(second));
	zigbee_upgrade_write(&out, &back, frame.sequence);
	if (writer_size(&out) != size || memcmp(first, second, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zigbee_upgrade message;
	struct zcl_frame frame;

	if (zcl_frame_parse(&frame, data, size) == 0 && zigbee_upgrade_parse(&message, &frame) == 0)
		check(&message, frame.sequence);
	return 0;
}
