#include "store/segment_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/loss_store.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/segment_rows.h"
#include "store/space.h"

#define KINDS (SEGMENT_THINNED + 1)

static int sum_bytes(struct database *database, enum segment_kind kind, int64_t *out)
{
	struct row row = { 0 };
	int result =
		database_prepare(database, "SELECT COALESCE(SUM(bytes), 0) FROM kind WHERE kind = ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, kind);
	row.next = 0;
	result = database_step(database, row.statement);
	if (result <= 0)
		return result;
	*out = row_int(&row);
	(void)sqlite3_reset(row.statement);
	return 0;
}

struct dropped {
	uint64_t first;
	uint32_t count;
};

/* The oldest segment of a kind. */
struct candidate {
	bool known;    /* what follows is of the table as it is */
	int64_t first; /* 0: there is none (any more) */
	int64_t oldest_us;
	int64_t bytes;
};

struct evict {
	struct operation base;
	struct segment_eviction eviction;
	uint64_t bytes;
	struct candidate candidates[KINDS];
	int64_t kind_bytes[KINDS];
	struct dropped *dropped;
	size_t dropped_count, dropped_space;
};

static int note_dropped(struct evict *evict, uint64_t first, uint32_t count)
{
	if (evict->dropped_count == evict->dropped_space) {
		size_t space = evict->dropped_space ? evict->dropped_space * 2 : 64;
		struct dropped *grown = realloc(evict->dropped, space * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		evict->dropped = grown;
		evict->dropped_space = space;
	}
	evict->dropped[evict->dropped_count++] = (struct dropped){ first, count };
	return 0;
}

/* The next one after the one that was dropped, so that what is left over is not walked through each time. */
static int find_candidate(struct database *database, enum segment_kind kind, struct candidate *candidate)
{
	static const char plain[] = "SELECT first, oldest_us, 0 FROM segment WHERE first > ?1 AND NOT EXISTS "
				    "(SELECT 1 FROM kind WHERE kind.first = segment.first) ORDER BY first LIMIT 1";
	static const char others[] = "SELECT kind.first, oldest_us, bytes FROM kind JOIN segment USING (first) "
				     "WHERE kind.first > ?1 AND kind = ?2 ORDER BY kind.first LIMIT 1";
	struct row row = { 0 };
	int result = 0;

	if (candidate->known)
		return 0;
	result = database_prepare(database, kind == SEGMENT_PLAIN ? plain : others, &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, candidate->first);
	if (kind != SEGMENT_PLAIN)
		bind_int(&row, kind);
	*candidate = (struct candidate){ .known = true };
	row.next = 0;
	result = database_step(database, row.statement);
	if (result <= 0)
		return result;
	candidate->first = row_int(&row);
	candidate->oldest_us = row_int(&row);
	candidate->bytes = row_int(&row);
	(void)sqlite3_reset(row.statement);
	return 0;
}

static bool is_protected(const struct evict *evict, enum segment_kind kind)
{
	return kind == SEGMENT_ALARM && (uint64_t)evict->kind_bytes[kind] <= evict->eviction.alarm_bytes;
}

/* The kind whose oldest goes next; -ENOENT: there is nothing left. */
static int choose_kind(struct database *database, struct evict *evict)
{
	int chosen = -ENOENT;

	for (int kind = 0; kind < KINDS; kind++) {
		struct candidate *candidate = &evict->candidates[kind];
		int result = find_candidate(database, (enum segment_kind)kind, candidate);

		if (result < 0)
			return result;
		if (candidate->first == 0 || is_protected(evict, (enum segment_kind)kind))
			continue;
		if (chosen < 0 || candidate->oldest_us < evict->candidates[chosen].oldest_us)
			chosen = kind;
	}
	if (chosen < 0 && evict->candidates[SEGMENT_ALARM].first > 0)
		chosen = SEGMENT_ALARM;
	return chosen;
}

static int drop(struct database *database, struct evict *evict, enum segment_kind kind, struct totals *totals)
{
	struct candidate *candidate = &evict->candidates[kind];
	int result = segment_delete(database, (uint64_t)candidate->first, totals);

	if (result < 0)
		return result;
	evict->kind_bytes[kind] -= candidate->bytes;
	candidate->known = false;
	return note_dropped(evict, (uint64_t)candidate->first, (uint32_t)result);
}

static int make_room(struct database *database, struct evict *evict, struct totals *totals)
{
	int result = 0;

	while (evict->bytes > 0 && totals->segments > 0) {
		result = space_fits(database, evict->bytes);
		if (result != 0)
			return result;
		int kind = choose_kind(database, evict);
		if (kind < 0)
			return kind == -ENOENT ? 0 : kind;
		result = drop(database, evict, (enum segment_kind)kind, totals);
		if (result < 0)
			return result;
	}
	return result;
}

static int trim_thinned(struct database *database, struct evict *evict, struct totals *totals)
{
	struct candidate *oldest = &evict->candidates[SEGMENT_THINNED];
	uint64_t most = evict->eviction.thinned_bytes;
	int result = 0;

	while (result == 0 && most > 0 && (uint64_t)evict->kind_bytes[SEGMENT_THINNED] > most) {
		result = find_candidate(database, SEGMENT_THINNED, oldest);
		if (result < 0 || oldest->first == 0)
			return result;
		result = drop(database, evict, SEGMENT_THINNED, totals);
	}
	return result;
}

static int compare_dropped(const void *left, const void *right)
{
	uint64_t a = ((const struct dropped *)left)->first, b = ((const struct dropped *)right)->first;

	return (a > b) - (a < b);
}

/* In the order of their numbers, so that those that follow each other become one. */
static int note_losses(struct database *database, const struct evict *evict)
{
	int result = 0;

	if (evict->dropped_count > 0)
		qsort(evict->dropped, evict->dropped_count, sizeof(evict->dropped[0]), compare_dropped);

	for (size_t i = 0; i < evict->dropped_count && result == 0; i++) {
		const struct dropped *dropped = &evict->dropped[i];
		struct stored_loss loss = { .first = dropped->first, .last = dropped->first + dropped->count - 1 };

		result = loss_note(database, &loss);
	}
	return result;
}

static int run_evict(struct operation *operation, struct database *database)
{
	struct evict *evict = (struct evict *)operation;
	struct totals totals;
	int result = segment_totals(database, &totals);

	for (int kind = SEGMENT_ALARM; kind < KINDS && result == 0; kind++)
		result = sum_bytes(database, (enum segment_kind)kind, &evict->kind_bytes[kind]);
	if (result == 0)
		result = trim_thinned(database, evict, &totals);
	if (result == 0)
		result = make_room(database, evict, &totals);
	if (result >= 0)
		result = note_losses(database, evict);
	return result < 0 ? result : segment_mark(database, &totals);
}

static void tell_evict(struct operation *operation)
{
	struct evict *evict = (struct evict *)operation;

	/* Where it failed, nothing of it happened. */
	for (size_t i = 0; i < evict->dropped_count && operation->result == 0; i++)
		evict->eviction.dropped(evict->eviction.context, evict->dropped[i].first, evict->dropped[i].count);
	evict->eviction.done(evict->eviction.context, operation->result);
}

static void clear_evict(struct operation *operation)
{
	free(((struct evict *)operation)->dropped);
}

int store_segment_evict(struct store *store, uint64_t bytes, struct segment_eviction eviction)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES, run_evict, tell_evict,
		clear_evict };
	struct evict *evict = operation_new(&kind, sizeof(*evict), (struct store_reply){ 0 });

	if (!evict)
		return -ENOMEM;
	evict->bytes = bytes;
	evict->eviction = eviction;
	return store_submit(store, &evict->base);
}

struct replace {
	struct operation base;
	int64_t remember_since_ms;
	size_t first_count, segment_count;
	uint64_t firsts[SEGMENT_REPLACED_MAX];
	struct stored_segment segments[SEGMENT_REPLACING_MAX];
	uint32_t crcs[SEGMENT_REPLACING_MAX];
	uint8_t bytes[]; /* of the segments, in their order */
};

/* Takes out what is replaced. What stands for it is told with the first part of the loss. */
static int take_out(struct database *database, const struct replace *replace, struct totals *totals)
{
	struct stored_loss loss = { .reason = LOSS_THINNED };
	int result = 0;

	for (size_t i = 0; i < replace->segment_count; i++)
		loss.became += replace->segments[i].count;
	for (size_t i = 0; i < replace->first_count; i++) {
		uint64_t first = replace->firsts[i];
		result = segment_remember(database, first, replace->remember_since_ms);
		if (result == 0)
			result = segment_delete(database, first, totals);
		if (result <= 0)
			return result < 0 ? result : -ENOENT;
		if (loss.last + 1 != first && loss.first > 0) {
			int noted = loss_note(database, &loss);
			if (noted < 0)
				return noted;
			loss.first = loss.became = 0;
		}
		loss.first = loss.first ? loss.first : first;
		loss.last = first + (uint64_t)result - 1;
	}
	return loss_note(database, &loss);
}

static int run_replace(struct operation *operation, struct database *database)
{
	const struct replace *replace = (struct replace *)operation;
	struct totals totals;
	int result = segment_totals(database, &totals);

	if (result == 0)
		result = take_out(database, replace, &totals);
	/* The newest row may be one of those that went, so that a mark is needed before the totals are gone on with. */
	if (result == 0)
		result = segment_mark(database, &totals);
	if (result == 0)
		result = segment_totals(database, &totals);
	for (size_t i = 0; i < replace->segment_count && result == 0; i++)
		result = segment_insert(database, &replace->segments[i], replace->crcs[i], &totals);
	return result;
}

static bool is_valid(const struct segment_replacement *replacement)
{
	bool valid = replacement->first_count > 0 && replacement->first_count <= SEGMENT_REPLACED_MAX &&
		     replacement->segment_count > 0 && replacement->segment_count <= SEGMENT_REPLACING_MAX;

	for (size_t i = 0; valid && i < replacement->segment_count; i++) {
		const struct stored_segment *segment = &replacement->segments[i];
		valid = segment->size <= SEGMENT_SIZE_MAX && segment->exchange_count == 0 && segment->count > 0 &&
			segment->first > 0 && segment->first <= (uint64_t)INT64_MAX - segment->count;
	}
	return valid;
}

static void copy_segments(struct replace *replace, const struct segment_replacement *replacement)
{
	uint8_t *at = replace->bytes;

	replace->segment_count = replacement->segment_count;
	for (size_t i = 0; i < replacement->segment_count; i++) {
		struct stored_segment *segment = &replace->segments[i];

		*segment = replacement->segments[i];
		if (segment->size)
			memcpy(at, segment->data, segment->size);
		segment->data = at;
		at += segment->size;
		replace->crcs[i] = segment_checksum(segment);
	}
}

int store_segment_replace(struct store *store, const struct segment_replacement *replacement, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES, run_replace, NULL, NULL };
	size_t bytes = 0;

	if (!is_valid(replacement))
		return -EINVAL;
	for (size_t i = 0; i < replacement->segment_count; i++)
		bytes += replacement->segments[i].size;
	struct replace *replace = operation_new(&kind, sizeof(*replace) + bytes, reply);
	if (!replace)
		return -ENOMEM;
	replace->remember_since_ms = replacement->remember_since_ms;
	replace->first_count = replacement->first_count;
	memcpy(replace->firsts, replacement->firsts, replacement->first_count * sizeof(replace->firsts[0]));
	copy_segments(replace, replacement);
	return store_submit(store, &replace->base);
}

struct measure {
	struct operation base;
	struct segment_usage_reader reader;
	struct segment_usage usage;
};

static int run_measure(struct operation *operation, struct database *database)
{
	struct segment_usage *usage = &((struct measure *)operation)->usage;
	int64_t pages = 0, free_pages = 0, alarm_bytes = 0, thinned_bytes = 0;
	int result = database_number(database, "PRAGMA page_count", &pages);

	if (result == 0)
		result = database_number(database, "PRAGMA freelist_count", &free_pages);
	if (result == 0)
		result = sum_bytes(database, SEGMENT_ALARM, &alarm_bytes);
	if (result == 0)
		result = sum_bytes(database, SEGMENT_THINNED, &thinned_bytes);
	*usage = (struct segment_usage){
		.quota_bytes =
			database->quota_pages == UINT64_MAX ? UINT64_MAX : database->quota_pages * database->page_size,
		.used_bytes = (uint64_t)(pages - free_pages) * database->page_size,
		.alarm_bytes = (uint64_t)alarm_bytes,
		.thinned_bytes = (uint64_t)thinned_bytes,
	};
	return result;
}

static void tell_measure(struct operation *operation)
{
	const struct measure *measure = (struct measure *)operation;

	measure->reader.done(measure->reader.context, operation->result, &measure->usage);
}

int store_segment_usage(struct store *store, struct segment_usage_reader reader)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_measure, tell_measure, NULL };
	struct measure *measure = operation_new(&kind, sizeof(*measure), (struct store_reply){ 0 });

	if (!measure)
		return -ENOMEM;
	measure->reader = reader;
	return store_submit(store, &measure->base);
}
