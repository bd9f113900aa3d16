/*
 * fuzz_driver_message: heads from a driver's process; what is understood must come out the same once written and read.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/driver_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct driver_message first, second;
	char head[DRIVER_HEAD_MAX], why[128];

	if (driver_message_parse(&first, (struct span){ (const char *)data, size }, why, sizeof(why)) < 0)
		return 0;
	size_t written = driver_message_write(&first, head);
	if (driver_message_parse(&second, (struct span){ head, written }, why, sizeof(why)) < 0 ||
		second.type != first.type || second.id != first.id || strcmp(second.node, first.node) != 0)
		abort();
	return 0;
}
