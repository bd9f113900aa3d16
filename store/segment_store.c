#include "store/segment_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/checksum.h"
#include "store/database.h"
#include "store/loss_store.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/space.h"

/* What the table holds: exact without counting, because the newest row and the mark carry it along. */
struct totals {
	int64_t newest; /* first number of the newest row; 0: there is none */
	int64_t next;
	int64_t readings;
	int64_t segments;
};

/* The first row of `sql`, a constant, which yields the four columns in their order; zeros if there is none. */
static int read_counts(struct database *database, const char *sql, struct totals *out)
{
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	memset(out, 0, sizeof(*out));
	result = database_step(database, row.statement);
	if (result <= 0)
		return result;
	out->newest = row_int(&row);
	out->next = row_int(&row);
	out->readings = row_int(&row);
	out->segments = row_int(&row);
	(void)sqlite3_reset(row.statement);
	return 0;
}

static int read_newest(struct database *database, struct totals *out)
{
	static const char sql[] =
		"SELECT first, first + count, readings, segments FROM segment ORDER BY first DESC LIMIT 1";

	return read_counts(database, sql, out);
}

static int read_totals(struct database *database, struct totals *out)
{
	struct totals mark, newest;
	int result = read_counts(database, "SELECT newest, next, readings, segments FROM mark", &mark);

	if (result == 0)
		result = read_newest(database, &newest);
	if (result < 0)
		return result;
	/* The mark is the later word unless a segment was appended after it. */
	*out = newest.newest == mark.newest ? mark : newest;
	out->newest = newest.newest;
	if (out->next < mark.next)
		out->next = mark.next;
	return 0;
}

static int write_mark(struct database *database, const struct totals *totals)
{
	static const char sql[] = "INSERT OR REPLACE INTO mark VALUES (1, ?, ?, ?, ?)";
	struct totals newest;
	struct row row = { 0 };
	int result = read_newest(database, &newest);

	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, newest.newest);
	bind_int(&row, totals->next);
	bind_int(&row, newest.newest ? totals->readings : 0);
	bind_int(&row, newest.newest ? totals->segments : 0);
	return database_step(database, row.statement);
}

static uint32_t segment_checksum(const struct stored_segment *segment)
{
	int64_t facts[] = { (int64_t)segment->first, segment->count, segment->boot, segment->oldest_us,
		segment->newest_us, segment->codec };
	uint32_t crc = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		uint8_t bytes[8];
		for (int at = 0; at < 8; at++)
			bytes[at] = (uint8_t)((uint64_t)facts[i] >> (8 * at));
		crc = crc32c(crc, bytes, sizeof(bytes));
	}
	return crc32c(crc, segment->data, segment->size);
}

/* Whether a segment is there that has one of these numbers: 1, 0 or an error. */
static int overlaps(struct database *database, uint64_t first, uint64_t end)
{
	static const char sql[] = "SELECT first + count FROM segment WHERE first < ? ORDER BY first DESC LIMIT 1";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)end);
	row.next = 0;
	result = database_step(database, row.statement);
	if (result <= 0)
		return result;
	result = (uint64_t)row_int(&row) > first;
	(void)sqlite3_reset(row.statement);
	return result;
}

static int check_numbers(struct database *database, const struct stored_segment *segment, const struct totals *totals)
{
	if ((int64_t)segment->first >= totals->next)
		return 0;
	if (!segment->late)
		return -EEXIST;
	int result = overlaps(database, segment->first, segment->first + segment->count);
	return result > 0 ? -EEXIST : result;
}

struct append {
	struct operation base;
	struct stored_segment segment;
	uint32_t crc;
	uint64_t bytes[]; /* the fingerprints, then the data */
};

static int run_append(struct operation *operation, struct database *database)
{
	static const char sql[] = "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const struct append *append = (struct append *)operation;
	const struct stored_segment *segment = &append->segment;
	size_t exchanges_size = segment->exchange_count * sizeof(uint64_t);
	struct totals totals;
	struct row row = { 0 };
	int result = read_totals(database, &totals);

	if (result == 0)
		result = check_numbers(database, segment, &totals);
	if (result == 0)
		result = space_make(database, segment->size + exchanges_size);
	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, (int64_t)segment->first);
	bind_int(&row, segment->count);
	bind_int(&row, segment->boot);
	bind_int(&row, segment->oldest_us);
	bind_int(&row, segment->newest_us);
	bind_int(&row, segment->codec);
	bind_int(&row, segment->kept_at_ms);
	bind_int(&row, totals.readings + segment->count);
	bind_int(&row, totals.segments + 1);
	bind_int(&row, append->crc);
	bind_blob(&row, segment->exchanges, exchanges_size);
	bind_blob(&row, segment->data, segment->size);
	result = database_step(database, row.statement);
	/* The totals that count are those of the newest row, which is another one if this came late. */
	if (result < 0 || (int64_t)segment->first > totals.newest)
		return result;
	totals.readings += segment->count;
	totals.segments++;
	return write_mark(database, &totals);
}

int store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES, run_append, NULL, NULL };
	size_t exchanges_size = segment->exchange_count * sizeof(uint64_t);

	if (segment->size > SEGMENT_SIZE_MAX || segment->exchange_count > SEGMENT_EXCHANGES_MAX ||
		segment->count == 0 || segment->first == 0 || segment->first > (uint64_t)INT64_MAX - segment->count)
		return -EINVAL;
	struct append *append = operation_new(&kind, sizeof(*append) + exchanges_size + segment->size, reply);
	if (!append)
		return -ENOMEM;
	append->segment = *segment;
	append->crc = segment_checksum(segment);
	if (exchanges_size)
		memcpy(append->bytes, segment->exchanges, exchanges_size);
	if (segment->size)
		memcpy(append->bytes + segment->exchange_count, segment->data, segment->size);
	append->segment.exchanges = append->bytes;
	append->segment.data = append->bytes + segment->exchange_count;
	return store_submit(store, &append->base);
}

struct skip {
	struct operation base;
	int64_t next;
};

static int run_skip(struct operation *operation, struct database *database)
{
	const struct skip *skip = (struct skip *)operation;
	struct totals totals;
	int result = read_totals(database, &totals);

	if (result < 0 || totals.next >= skip->next)
		return result;
	totals.next = skip->next;
	return write_mark(database, &totals);
}

int store_segment_skip(struct store *store, uint64_t next, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES, run_skip, NULL, NULL };
	struct skip *skip;

	if (next > INT64_MAX)
		return -EINVAL;
	skip = operation_new(&kind, sizeof(*skip), reply);
	if (!skip)
		return -ENOMEM;
	skip->next = (int64_t)next;
	return store_submit(store, &skip->base);
}

struct loaded {
	struct loaded *next;
	struct stored_segment segment;
	uint8_t data[];
};

struct load {
	struct operation base;
	struct segment_reader reader;
	uint64_t from, below;
	size_t max_bytes;
	struct loaded *first, **end;
};

static struct loaded *read_segment(struct row *row)
{
	struct stored_segment segment = {
		.first = (uint64_t)row_int(row),
		.count = (uint32_t)row_int(row),
		.boot = (uint32_t)row_int(row),
		.oldest_us = row_int(row),
		.newest_us = row_int(row),
		.codec = (uint8_t)row_int(row),
		.kept_at_ms = row_int(row),
	};
	uint32_t crc = (uint32_t)row_int(row);

	segment.data = row_blob(row, &segment.size);
	if (segment_checksum(&segment) != crc)
		segment.size = 0;
	struct loaded *loaded = malloc(sizeof(*loaded) + segment.size);
	if (!loaded)
		return NULL;
	if (segment.size)
		memcpy(loaded->data, segment.data, segment.size);
	loaded->segment = segment;
	loaded->segment.data = segment.size ? loaded->data : NULL;
	loaded->next = NULL;
	return loaded;
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT first, count, boot, oldest_us, newest_us, codec, kept_at_ms, crc32c, data "
				  "FROM segment WHERE first >= ? AND first < ? ORDER BY first";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	size_t bytes = 0;
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, load->from > INT64_MAX ? INT64_MAX : (int64_t)load->from);
	bind_int(&row, load->below > INT64_MAX ? INT64_MAX : (int64_t)load->below);
	load->end = &load->first;
	while ((result = database_step(database, row.statement)) > 0) {
		size_t size = (size_t)sqlite3_column_bytes(row.statement, 8);
		if (load->first && bytes + size > load->max_bytes)
			break;
		row.next = 0;
		struct loaded *loaded = read_segment(&row);
		if (!loaded) {
			result = -ENOMEM;
			break;
		}
		bytes += size;
		*load->end = loaded;
		load->end = &loaded->next;
	}
	(void)sqlite3_reset(row.statement);
	return result < 0 ? result : 0;
}

static void tell_load(struct operation *operation)
{
	struct load *load = (struct load *)operation;

	for (struct loaded *each = load->first; each; each = each->next)
		load->reader.segment(load->reader.context, &each->segment);
	load->reader.done(load->reader.context, operation->result);
}

static void clear_load(struct operation *operation)
{
	struct load *load = (struct load *)operation;

	while (load->first) {
		struct loaded *next = load->first->next;
		free(load->first);
		load->first = next;
	}
}

int store_segment_load(
	struct store *store, uint64_t from, uint64_t below, size_t max_bytes, struct segment_reader reader)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_load, tell_load, clear_load };
	struct load *load = operation_new(&kind, sizeof(*load), (struct store_reply){ 0 });

	if (!load)
		return -ENOMEM;
	load->reader = reader;
	load->from = from;
	load->below = below;
	load->max_bytes = max_bytes < SEGMENT_LOAD_MAX ? max_bytes : SEGMENT_LOAD_MAX;
	load->base.cost += load->max_bytes;
	return store_submit(store, &load->base);
}

struct discard {
	struct operation base;
	int64_t remember_since_ms;
	size_t count;
	uint64_t firsts[];
};

/* Keeps the fingerprints of a segment that is about to go. */
static int remember(struct database *database, uint64_t first, int64_t since_ms)
{
	static const char sql[] = "INSERT OR REPLACE INTO exchange SELECT first, kept_at_ms, exchanges FROM segment "
				  "WHERE first = ? AND kept_at_ms >= ? AND length(exchanges) > 0";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)first);
	bind_int(&row, since_ms);
	return database_step(database, row.statement);
}

/* Deletes the segment if it is there; its readings leave the totals and are returned, 0 if there is none. */
static int delete_segment(struct database *database, uint64_t first, struct totals *totals)
{
	struct row row = { 0 };
	int result = database_prepare(database, "DELETE FROM segment WHERE first = ? RETURNING count", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)first);
	row.next = 0;
	result = database_step(database, row.statement);
	if (result <= 0)
		return result;
	int64_t count = sqlite3_column_int64(row.statement, 0);
	result = database_step(database, row.statement);
	if (result < 0)
		return result;
	totals->readings -= count;
	totals->segments--;
	return (int)count;
}

static int run_discard(struct operation *operation, struct database *database)
{
	const struct discard *discard = (struct discard *)operation;
	struct totals totals;
	int result = read_totals(database, &totals);

	for (size_t i = 0; i < discard->count && result >= 0; i++) {
		result = remember(database, discard->firsts[i], discard->remember_since_ms);
		if (result >= 0)
			result = delete_segment(database, discard->firsts[i], &totals);
	}
	return result < 0 ? result : write_mark(database, &totals);
}

int store_segment_discard(
	struct store *store, const uint64_t *firsts, size_t count, int64_t remember_since_ms, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES_LATER, run_discard, NULL, NULL };
	struct discard *discard;

	if (count > SEGMENT_DISCARD_MAX)
		return -EINVAL;
	discard = operation_new(&kind, sizeof(*discard) + count * sizeof(firsts[0]), reply);
	if (!discard)
		return -ENOMEM;
	discard->remember_since_ms = remember_since_ms;
	discard->count = count;
	if (count)
		memcpy(discard->firsts, firsts, count * sizeof(firsts[0]));
	return store_submit(store, &discard->base);
}

struct dropped {
	uint64_t first;
	uint32_t count;
};

struct evict {
	struct operation base;
	struct segment_eviction eviction;
	uint64_t bytes;
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

static int drop_oldest(struct database *database, struct evict *evict, struct totals *totals)
{
	int64_t first = 0;
	int result = database_number(database, "SELECT first FROM segment ORDER BY first LIMIT 1", &first);

	if (result == 0)
		result = delete_segment(database, (uint64_t)first, totals);
	return result < 0 ? result : note_dropped(evict, (uint64_t)first, (uint32_t)result);
}

static int note_losses(struct database *database, const struct evict *evict)
{
	int result = 0;

	for (size_t i = 0; i < evict->dropped_count && result == 0; i++) {
		const struct dropped *dropped = &evict->dropped[i];
		struct stored_loss loss = { dropped->first, dropped->first + dropped->count - 1 };

		result = loss_note(database, &loss);
	}
	return result;
}

static int run_evict(struct operation *operation, struct database *database)
{
	struct evict *evict = (struct evict *)operation;
	struct totals totals;
	int result = read_totals(database, &totals);

	while (result == 0 && totals.segments > 0) {
		result = space_fits(database, evict->bytes);
		if (result != 0)
			break;
		result = drop_oldest(database, evict, &totals);
	}
	if (result >= 0)
		result = note_losses(database, evict);
	return result < 0 ? result : write_mark(database, &totals);
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

struct summarize {
	struct operation base;
	struct segment_summary *out;
};

static int run_summarize(struct operation *operation, struct database *database)
{
	struct segment_summary *out = ((struct summarize *)operation)->out;
	struct totals totals;
	int64_t oldest = 0;
	int result = read_totals(database, &totals);

	if (result == 0)
		result = database_number(database, "SELECT first FROM segment ORDER BY first LIMIT 1", &oldest);
	if (result < 0)
		return result;
	out->first = (uint64_t)oldest;
	out->next = (uint64_t)totals.next;
	out->readings = (uint64_t)totals.readings;
	out->segments = (uint64_t)totals.segments;
	return 0;
}

int store_segment_summary(struct store *store, struct segment_summary *out)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_summarize, NULL, NULL };
	struct summarize summarize = { .base.kind = &kind, .out = out };

	return store_await(store, &summarize.base);
}
