/*
 * fuzz_segment: bytes that may or may not be a segment; what is read must be writable and read the same.
 */
#include <stdlib.h>

#include "protocols/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct segment_walk walk, again;
	static struct segment_writer writer;
	static uint8_t buffer[1 << 20];
	struct segment_entry entry, copy;

	segment_walk_init(&walk, data, size);
	while (segment_walk_next(&walk, &entry) == 1) {
		segment_writer_init(&writer, buffer, sizeof(buffer));
		struct segment_report report = { entry.node, entry.received_ms, &entry.reading, 1 };
		if (segment_write_report(&writer, &report) < 0)
			continue;
		segment_walk_init(&again, buffer, segment_writer_size(&writer));
		if (segment_walk_next(&again, &copy) != 1 || copy.reading.time_us != entry.reading.time_us ||
			copy.reading.name.size != entry.reading.name.size)
			abort();
	}
	return 0;
}
