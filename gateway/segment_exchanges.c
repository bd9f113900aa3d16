#include "gateway/segment_exchanges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_pack.h"
#include "protocols/columns.h"
#include "protocols/fingerprint.h"
#include "protocols/segment.h"
#include "store/segment_store.h"

/*
 * Goes through the reports of a segment. Columns do not say where one ends if the next is of the same node and
 * millisecond, so rows are read as if they did not either.
 */
struct report_walk {
	int (*read)(struct report_walk *walk, struct segment_entry *out); /* as segment_walk_next() */
	struct segment_entry entry;                                       /* the first of the next report */
	int state;                                                        /* what the last read returned */
};

struct rows_walk {
	struct report_walk base;
	struct segment_walk rows;
};

struct columns_walk {
	struct report_walk base;
	struct columns_reader *columns;
};

static int read_row(struct report_walk *walk, struct segment_entry *out)
{
	return segment_walk_next(&((struct rows_walk *)walk)->rows, out);
}

static int read_column(struct report_walk *walk, struct segment_entry *out)
{
	return columns_next(((struct columns_walk *)walk)->columns, out);
}

static void report_walk_begin(
	struct report_walk *walk, int (*read)(struct report_walk *walk, struct segment_entry *out))
{
	walk->read = read;
	walk->state = read(walk, &walk->entry);
}

static bool same_report(const struct segment_entry *entry, const struct segment_entry *next)
{
	return entry->received_ms == next->received_ms && entry->node.size == next->node.size &&
	       (entry->node.data == next->node.data ||
		       memcmp(entry->node.data, next->node.data, entry->node.size) == 0);
}

/* 1 with the next report's fingerprint, perhaps 0, 0 at the end, -EBADMSG. */
static int report_walk_next(struct report_walk *walk, uint64_t *exchange)
{
	const struct segment_entry first = walk->entry;
	struct fingerprint fingerprint;

	if (walk->state != 1)
		return walk->state;
	fingerprint_begin(&fingerprint, first.node);
	do {
		fingerprint_add(&fingerprint, &walk->entry.reading);
		walk->state = walk->read(walk, &walk->entry);
	} while (walk->state == 1 && same_report(&first, &walk->entry));
	*exchange = fingerprint_end(&fingerprint);
	return 1;
}

static int collect(struct report_walk *walk, uint64_t *exchanges, size_t room)
{
	uint64_t exchange;
	size_t count = 0;
	int result = 0;

	while (count < room && (result = report_walk_next(walk, &exchange)) == 1)
		if (exchange != 0)
			exchanges[count++] = exchange;
	return result < 0 ? result : (int)count;
}

static int collect_from_rows(const void *rows, size_t size, uint64_t *exchanges, size_t room)
{
	struct rows_walk *walk = malloc(sizeof(*walk));

	if (!walk)
		return -ENOMEM;
	segment_walk_init(&walk->rows, rows, size);
	report_walk_begin(&walk->base, read_row);
	int result = collect(&walk->base, exchanges, room);
	free(walk);
	return result;
}

static int collect_from_columns(const void *data, size_t size, uint64_t *exchanges, size_t room)
{
	struct columns_walk walk;
	size_t bytes = columns_reader_memory(data, size);

	if (bytes == 0)
		return -EBADMSG;
	void *memory = malloc(bytes);
	if (!memory)
		return -ENOMEM;
	int result = columns_reader_init(&walk.columns, memory, data, size);
	if (result == 0) {
		report_walk_begin(&walk.base, read_column);
		result = collect(&walk.base, exchanges, room);
	}
	free(memory);
	return result;
}

int segment_exchanges_told(const struct stored_segment *segment, uint64_t *exchanges, size_t room)
{
	const struct packed_segment packed = { segment->data, segment->size, segment->codec };
	uint8_t codec = segment->codec & (uint8_t)~SEGMENT_ZSTD;
	uint8_t *data;
	size_t size;

	if (codec != SEGMENT_ROWS && codec != COLUMNS_VERSION)
		return -ENOTSUP;
	int result = segment_inflate(&packed, &data, &size);
	if (result < 0)
		return result;
	result = (codec == SEGMENT_ROWS ? collect_from_rows : collect_from_columns)(data, size, exchanges, room);
	free(data);
	return result;
}
