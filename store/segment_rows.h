/*
 * segment_rows: the table of segments within an operation of the store, with its totals (private to store/).
 *
 * Whoever inserts above all rows leaves the totals in the new row; whoever does anything else writes the mark.
 */
#ifndef WAKEGATE_STORE_SEGMENT_ROWS_H
#define WAKEGATE_STORE_SEGMENT_ROWS_H

#include <stdint.h>

#include "store/segment_store.h"

struct database;

/* What the table holds: exact without counting, because the newest row and the mark carry it along. */
struct totals {
	int64_t newest; /* first number of the newest row; 0: there is none */
	int64_t next;
	int64_t readings;
	int64_t segments;
};

int segment_totals(struct database *database, struct totals *out);
int segment_mark(struct database *database, const struct totals *totals);

/* Of the facts and the bytes of a segment. */
uint32_t segment_checksum(const struct stored_segment *segment);

/* -EEXIST: its numbers are taken; -ENOSPC. The totals follow, the mark too where it is needed. */
int segment_insert(
	struct database *database, const struct stored_segment *segment, uint32_t crc, struct totals *totals);

/* Deletes the segment if it is there; its readings leave the totals and are returned, 0 if there is none. */
int segment_delete(struct database *database, uint64_t first, struct totals *totals);

/* Keeps the fingerprints of a segment that is about to go, if it was kept since then. */
int segment_remember(struct database *database, uint64_t first, int64_t since_ms);

#endif
