/*
 * fuzz_zigbee_backup: a coordinator backup of another host; what is understood must come back the same when written.
 */
#include "protocols/zigbee_backup.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t written(char *out, size_t size, const struct zigbee_backup *backup)
{
	struct writer writer;

	writer_init(&writer, out, size);
	zigbee_backup_write(&writer, backup);
	return writer_size(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[ZIGBEE_BACKUP_HEAD_BYTES + ROOM * ZIGBEE_BACKUP_DEVICE_BYTES], second[sizeof(first)];
	struct zigbee_backup_device devices[ROOM], others[ROOM];
	struct zigbee_backup backup = { .devices = devices, .device_room = ROOM };
	struct zigbee_backup again = { .devices = others, .device_room = ROOM };
	const char *fault;

	if (zigbee_backup_parse(&backup, (struct span){ (const char *)data, size }, &fault) < 0)
		return 0;
	size_t first_size = written(first, sizeof(first), &backup);
	if (first_size == 0 || zigbee_backup_parse(&again, (struct span){ first, first_size }, &fault) < 0)
		abort();
	if (written(second, sizeof(second), &again) != first_size || memcmp(first, second, first_size) != 0)
		abort();
	return 0;
}
