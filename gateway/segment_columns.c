#include "gateway/segment_columns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_pack.h"
#include "protocols/columns.h"

void columns_room_clear(struct columns_room *room)
{
	free(room->walk);
	free(room->writer);
	free(room->data);
	*room = (struct columns_room){ .walk = NULL };
}

/* At least `wanted` bytes, whose content is lost where they are others. */
static int make_room(void **memory, size_t *bytes, size_t wanted)
{
	if (wanted <= *bytes)
		return 0;
	free(*memory);
	*memory = malloc(wanted);
	*bytes = *memory ? wanted : 0;
	return *memory ? 0 : -ENOMEM;
}

static int write_columns(struct columns_room *room, struct columns_writer *columns, struct bytes *out)
{
	size_t bound = columns_bound(columns);
	void *data = room->data;
	struct writer writer;
	int result = make_room(&data, &room->data_bytes, bound);

	room->data = data;
	if (result < 0)
		return result;
	writer_init(&writer, room->data, bound);
	columns_write(columns, &writer);
	*out = (struct bytes){ room->data, writer_size(&writer) };
	return 0;
}

int segment_to_columns(struct columns_room *room, const struct bytes *rows, size_t count, struct bytes *out)
{
	/* A text of the rows is no longer than they are. */
	struct columns_limits limits = { count, rows->size, SIZE_MAX };

	if (count > COLUMNS_READINGS_MAX || rows->size > COLUMNS_TEXT_BYTES_MAX)
		return -ENOBUFS;
	if (!room->walk)
		room->walk = malloc(sizeof(*room->walk));
	if (!room->walk || make_room(&room->writer, &room->writer_bytes, columns_writer_memory(&limits)) < 0)
		return -ENOMEM;
	struct columns_writer *columns = columns_writer_init(room->writer, &limits);
	segment_walk_init(room->walk, rows->data, rows->size);
	int result = columns_add_rows(columns, room->walk);
	return result < 0 ? result : write_columns(room, columns, out);
}

/* What readings become rows with. */
struct transcription {
	struct segment_writer rows;
	struct reading readings[READINGS_MAX]; /* of one report */
	size_t count;
	struct segment_entry last;
};

static int end_report(struct transcription *to)
{
	struct segment_report report = { to->last.node, to->last.received_ms, to->readings, to->count };

	if (to->count == 0)
		return 0;
	to->count = 0;
	/* Columns that say more than a segment may hold come from no writer of ours. */
	return segment_write_report(&to->rows, &report) < 0 ? -EBADMSG : 0;
}

static bool same_report(const struct transcription *to, const struct segment_entry *entry)
{
	return to->count > 0 && to->count < READINGS_MAX && to->last.node.data == entry->node.data &&
	       to->last.received_ms == entry->received_ms;
}

static int write_rows(struct transcription *to, struct columns_reader *columns)
{
	struct segment_entry entry;
	int result = 0;

	while (result == 0 && columns_next(columns, &entry) == 1) {
		if (!same_report(to, &entry))
			result = end_report(to);
		to->last = entry;
		to->readings[to->count++] = entry.reading;
	}
	return result < 0 ? result : end_report(to);
}

static int transcribe(struct columns_reader *columns, uint8_t **out, size_t *out_size)
{
	struct transcription *to = malloc(sizeof(*to));
	uint8_t *data = malloc(SEGMENT_BYTES_MAX);
	int result = -ENOMEM;

	if (to && data) {
		to->count = 0;
		segment_writer_init(&to->rows, data, SEGMENT_BYTES_MAX);
		result = write_rows(to, columns);
	}
	if (result == 0) {
		*out_size = segment_writer_size(&to->rows);
		uint8_t *exact = realloc(data, *out_size ? *out_size : 1);
		*out = exact ? exact : data;
		data = NULL;
	}
	free(to);
	free(data);
	return result;
}

int segment_from_columns(const void *columns, size_t size, uint8_t **out, size_t *out_size)
{
	struct columns_reader *reader;
	size_t bytes = columns_reader_memory(columns, size);

	if (bytes == 0)
		return -EBADMSG;
	void *memory = malloc(bytes);
	if (!memory)
		return -ENOMEM;
	int result = columns_reader_init(&reader, memory, columns, size);
	if (result == 0)
		result = transcribe(reader, out, out_size);
	free(memory);
	return result;
}
