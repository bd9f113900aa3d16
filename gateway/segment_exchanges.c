#include "gateway/segment_exchanges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_pack.h"
#include "protocols/fingerprint.h"
#include "protocols/segment.h"
#include "store/segment_store.h"

#define LOOK_AHEAD 64 /* fingerprints that are passed over in search of one */

/*
 * Goes through the reports of a segment. Columns do not say where one ends if the next is of the same node and
 * millisecond, so rows are read as if they did not either.
 */
struct report_walk {
	struct segment_walk rows;
	struct segment_entry entry; /* the first of the next report */
	int state;                  /* of the walk: 1 while there is one */
};

static struct report_walk *report_walk_new(const void *rows, size_t size)
{
	struct report_walk *walk = malloc(sizeof(*walk));

	if (!walk)
		return NULL;
	segment_walk_init(&walk->rows, rows, size);
	walk->state = segment_walk_next(&walk->rows, &walk->entry);
	return walk;
}

static bool same_report(const struct segment_entry *entry, const struct segment_entry *next)
{
	return entry->received_ms == next->received_ms && entry->node.size == next->node.size &&
	       memcmp(entry->node.data, next->node.data, entry->node.size) == 0;
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
		walk->state = segment_walk_next(&walk->rows, &walk->entry);
	} while (walk->state == 1 && same_report(&first, &walk->entry));
	*exchange = fingerprint_end(&fingerprint);
	return 1;
}

/* What of them is still to be compared, and how many before that stay. */
struct sieve {
	uint64_t *exchanges;
	size_t next, count, kept;
};

static void keep_until(struct sieve *sieve, size_t end)
{
	while (sieve->next < end)
		sieve->exchanges[sieve->kept++] = sieve->exchanges[sieve->next++];
}

/* Whether it was found and is left out. */
static bool leave_out(struct sieve *sieve, uint64_t exchange)
{
	while (sieve->next < sieve->count && !fingerprint_lasts(sieve->exchanges[sieve->next]))
		keep_until(sieve, sieve->next + 1);
	for (size_t at = sieve->next; at < sieve->count && at - sieve->next < LOOK_AHEAD; at++) {
		if (sieve->exchanges[at] != exchange)
			continue;
		keep_until(sieve, at);
		sieve->next++;
		return true;
	}
	return false;
}

int segment_exchanges_leave_out(const void *rows, size_t size, uint64_t *exchanges, size_t *count)
{
	struct sieve sieve = { .exchanges = exchanges, .count = *count };
	struct report_walk *walk = report_walk_new(rows, size);
	uint64_t exchange;
	int result, left_out = 0;

	if (!walk)
		return -ENOMEM;
	while ((result = report_walk_next(walk, &exchange)) == 1)
		left_out += exchange != 0 && leave_out(&sieve, exchange);
	free(walk);
	keep_until(&sieve, sieve.count);
	*count = sieve.kept;
	return result < 0 ? result : left_out;
}

static int collect(const void *rows, size_t size, uint64_t *exchanges, size_t room)
{
	struct report_walk *walk = report_walk_new(rows, size);
	uint64_t exchange;
	size_t count = 0;
	int result;

	if (!walk)
		return -ENOMEM;
	while ((result = report_walk_next(walk, &exchange)) == 1 && count < room)
		if (exchange != 0)
			exchanges[count++] = exchange;
	free(walk);
	return result < 0 ? result : (int)count;
}

int segment_exchanges_told(const struct stored_segment *segment, uint64_t *exchanges, size_t room)
{
	const struct packed_segment packed = { segment->data, segment->size, segment->codec };
	uint8_t *rows;
	size_t size;
	int result = segment_unpack(&packed, segment->count, &rows, &size);

	if (result < 0)
		return result;
	result = collect(rows, size, exchanges, room);
	free(rows);
	return result;
}
