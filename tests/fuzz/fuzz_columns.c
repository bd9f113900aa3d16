/*
 * fuzz_columns: bytes that may or may not be columns, or rows that become columns; what is read must be writable and
 * read the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/number.h"

#define MOST 2048
#define TEXTS (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct segment_entry entries[MOST];

static bool same_text(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool same(const struct segment_entry *a, const struct segment_entry *b)
{
	const struct reading *left = &a->reading, *right = &b->reading;

	return a->received_ms == b->received_ms && same_text(a->node, b->node) && same_text(left->name, right->name) &&
	       same_text(left->unit, right->unit) && left->kind == right->kind && left->has_time == right->has_time &&
	       left->has_sum == right->has_sum && (!left->has_time || left->is_dated == right->is_dated) &&
	       left->time_us == right->time_us && left->update_time_ms == right->update_time_ms &&
	       (left->kind != READING_NUMBER || number_same(&left->number, &right->number)) &&
	       (left->kind != READING_BOOLEAN || left->boolean == right->boolean) &&
	       (!left->has_sum || number_same(&left->sum, &right->sum)) && same_text(left->text, right->text);
}

static void compare(struct columns_reader *reader, size_t count)
{
	struct segment_entry entry;

	if (columns_readings(reader) != count)
		abort();
	for (size_t i = 0; i < count; i++)
		if (columns_next(reader, &entry) != 1 || !same(&entry, &entries[i]))
			abort();
}

static void read_back(const uint8_t *message, size_t size, size_t count)
{
	struct columns_reader *reader;
	size_t bytes = columns_reader_memory(message, size);
	void *memory = malloc(bytes);

	if (bytes == 0 || !memory || columns_reader_init(&reader, memory, message, size) < 0)
		abort();
	compare(reader, count);
	free(memory);
}

/* Columns of the entries must be read as these entries. */
static void round_trip(size_t count)
{
	static const struct columns_limits limits = { MOST, TEXTS, SIZE_MAX };
	static void *memory;
	size_t kept = 0;

	if (!memory)
		memory = malloc(columns_writer_memory(&limits));
	struct columns_writer *columns = columns_writer_init(memory, &limits);
	for (size_t i = 0; i < count; i++)
		if (columns_add(columns, &entries[i]) == 0)
			entries[kept++] = entries[i];
	uint8_t *message = malloc(columns_bound(columns));
	struct writer out;
	writer_init(&out, message, columns_bound(columns));
	columns_write(columns, &out);
	if (out.failed)
		abort();
	read_back(message, writer_size(&out), kept);
	free(message);
}

static void try_columns(const uint8_t *data, size_t size)
{
	struct columns_reader *reader;
	size_t bytes = columns_reader_memory(data, size);
	void *memory = bytes ? malloc(bytes) : NULL;
	size_t count = 0;

	if (memory && columns_reader_init(&reader, memory, data, size) == 0) {
		while (count < MOST && columns_next(reader, &entries[count]) == 1)
			count++;
		round_trip(count);
	}
	free(memory);
}

/* No parser lets them through, and no reader of columns takes them. */
static bool is_finite(const struct number *number)
{
	return !number->is_double || isfinite(number->real);
}

static void try_rows(const uint8_t *data, size_t size)
{
	static struct segment_walk walk;
	size_t count = 0;

	segment_walk_init(&walk, data, size);
	while (count < MOST && segment_walk_next(&walk, &entries[count]) == 1)
		if (is_finite(&entries[count].reading.number) && is_finite(&entries[count].reading.sum))
			count++;
	round_trip(count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_columns(data, size);
	try_rows(data, size);
	return 0;
}
