/*
 * fuzz_segment: bytes that may or may not be a segment; what is read must be writable and read the same, and rows
 * become the same columns by either way.
 */
#include <stdlib.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of at most so many readings; `whole` or each by itself. */
static size_t make_columns(const uint8_t *data, size_t size, bool whole, uint8_t *out, int *result)
{
	static const struct columns_limits limits = { 256, 4096, 1 << 16 };
	static struct segment_walk walk;
	struct columns_writer *columns = NULL;
	void *memory = malloc(columns_writer_memory(&limits));
	struct segment_entry entry;
	struct writer writer;

	if (!memory)
		abort();
	columns = columns_writer_init(memory, &limits);
	segment_walk_init(&walk, data, size);
	if (whole)
		*result = columns_add_rows(columns, &walk);
	while (!whole && (*result = segment_walk_next(&walk, &entry)) == 1)
		if ((*result = columns_add(columns, &entry)) < 0)
			break;
	writer_init(&writer, out, 1 << 16);
	columns_write(columns, &writer);
	free(memory);
	return writer_size(&writer);
}

static void check_columns(const uint8_t *data, size_t size)
{
	static uint8_t each[1 << 16], whole[1 << 16];
	int each_result, whole_result;
	size_t each_size = make_columns(data, size, false, each, &each_result);
	size_t whole_size = make_columns(data, size, true, whole, &whole_result);

	if (each_result != whole_result || each_size != whole_size || memcmp(each, whole, each_size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct segment_walk walk, again;
	static struct segment_writer writer;
	static uint8_t buffer[1 << 20];
	struct segment_entry entry, copy;

	check_columns(data, size);
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
