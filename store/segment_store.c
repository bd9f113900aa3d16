#include "store/segment_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/checksum.h"
#include "store/database.h"
#include "store/feed_store.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/row_list.h"
#include "store/segment_rows.h"
#include "store/space.h"

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

int segment_totals(struct database *database, struct totals *out)
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

int segment_mark(struct database *database, const struct totals *totals)
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

uint32_t segment_checksum(const struct stored_segment *segment)
{
	int64_t facts[] = { (int64_t)segment->first, segment->count, segment->boot, segment->oldest_us,
		segment->newest_us, segment->codec };

	return crc32c(crc32c_numbers(0, facts, sizeof(facts) / sizeof(facts[0])), segment->data, segment->size);
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

static int note_kind(struct database *database, const struct stored_segment *segment)
{
	struct row row = { 0 };

	if (segment->kind == SEGMENT_PLAIN)
		return 0;
	int result = database_prepare(database, "INSERT INTO kind VALUES (?, ?, ?)", &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, (int64_t)segment->first);
	bind_int(&row, segment->kind);
	bind_int(&row, (int64_t)(segment->size + segment->exchange_count * sizeof(uint64_t)));
	return database_step(database, row.statement);
}

static int insert_row(
	struct database *database, const struct stored_segment *segment, uint32_t crc, const struct totals *totals)
{
	static const char sql[] = "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)segment->first);
	bind_int(&row, segment->count);
	bind_int(&row, segment->boot);
	bind_int(&row, segment->oldest_us);
	bind_int(&row, segment->newest_us);
	bind_int(&row, segment->codec);
	bind_int(&row, segment->kept_at_ms);
	bind_int(&row, totals->readings);
	bind_int(&row, totals->segments);
	bind_int(&row, crc);
	bind_blob(&row, segment->exchanges, segment->exchange_count * sizeof(uint64_t));
	bind_blob(&row, segment->data, segment->size);
	bind_int(&row, segment->told);
	return database_step(database, row.statement);
}

int segment_insert(struct database *database, const struct stored_segment *segment, uint32_t crc, struct totals *totals)
{
	int64_t first = (int64_t)segment->first;
	int result = check_numbers(database, segment, totals);

	if (result == 0)
		result = space_make(database, segment->size + segment->exchange_count * sizeof(uint64_t));
	if (result < 0)
		return result;
	totals->readings += segment->count;
	totals->segments++;
	result = insert_row(database, segment, crc, totals);
	if (result == 0)
		result = note_kind(database, segment);
	if (result < 0)
		return result;
	if (totals->next < first + segment->count)
		totals->next = first + segment->count;
	/* The totals that count are those of the newest row, which is another one if this came late. */
	if (first < totals->newest)
		return segment_mark(database, totals);
	totals->newest = first;
	return 0;
}

struct append {
	struct operation base;
	struct stored_segment segment;
	struct stored_feed feed;
	uint32_t crc;
	uint64_t bytes[]; /* the fingerprints, then the data, then that of the feed */
};

static int run_append(struct operation *operation, struct database *database)
{
	const struct append *append = (struct append *)operation;
	const struct stored_segment *segment = &append->segment;
	struct totals totals;
	int result = segment_totals(database, &totals);

	if (result == 0 && segment->feed)
		result = feed_write(database, &append->feed, segment);
	if (result == 0 && segment->count > 0)
		result = segment_insert(database, segment, append->crc, &totals);
	return result;
}

static bool is_appendable(const struct stored_segment *segment)
{
	if (segment->size > SEGMENT_SIZE_MAX || segment->exchange_count > SEGMENT_EXCHANGES_MAX)
		return false;
	if (segment->feed && (segment->feed->size > FEED_SIZE_MAX || segment->feed->id > INT64_MAX))
		return false;
	if (segment->count == 0)
		return segment->feed != NULL;
	return segment->first > 0 && segment->first <= (uint64_t)INT64_MAX - segment->count;
}

int store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES, run_append, NULL, NULL };
	size_t exchanges_size = segment->exchange_count * sizeof(uint64_t);

	const struct stored_feed feed = segment->feed ? *segment->feed : (struct stored_feed){ 0 };

	if (!is_appendable(segment))
		return -EINVAL;
	struct append *append =
		operation_new(&kind, sizeof(*append) + exchanges_size + segment->size + feed.size, reply);
	if (!append)
		return -ENOMEM;
	append->segment = *segment;
	append->feed = feed;
	append->crc = segment_checksum(segment);
	if (exchanges_size)
		memcpy(append->bytes, segment->exchanges, exchanges_size);
	if (segment->size)
		memcpy(append->bytes + segment->exchange_count, segment->data, segment->size);
	append->segment.exchanges = append->bytes;
	append->segment.data = append->bytes + segment->exchange_count;
	append->feed.data = (const uint8_t *)append->segment.data + segment->size;
	if (feed.size)
		memcpy((uint8_t *)append->bytes + exchanges_size + segment->size, feed.data, feed.size);
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
	int result = segment_totals(database, &totals);

	if (result < 0 || totals.next >= skip->next)
		return result;
	totals.next = skip->next;
	return segment_mark(database, &totals);
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
	struct listed_row base;
	struct stored_segment segment;
	uint8_t data[];
};

struct load {
	struct operation base;
	struct segment_reader reader;
	const char *sql;
	uint64_t from, below;
	size_t max_bytes;
	struct row_list rows;
};

static struct listed_row *read_segment(struct row *row)
{
	struct stored_segment segment = { .first = (uint64_t)row_int(row) };

	/* One statement each: in an initializer nothing says which column is read first. */
	segment.count = (uint32_t)row_int(row);
	segment.boot = (uint32_t)row_int(row);
	segment.oldest_us = row_int(row);
	segment.newest_us = row_int(row);
	segment.codec = (uint8_t)row_int(row);
	segment.kept_at_ms = row_int(row);
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
	return &loaded->base;
}

static int run_load(struct operation *operation, struct database *database)
{
	static const struct row_form form = { .size_column = 8, .read = read_segment };
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, load->sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, load->from > INT64_MAX ? INT64_MAX : (int64_t)load->from);
	bind_int(&row, load->below > INT64_MAX ? INT64_MAX : (int64_t)load->below);
	return row_list_read(&load->rows, database, &row, &form, load->max_bytes);
}

static void tell_load(struct operation *operation)
{
	const struct load *load = (struct load *)operation;

	for (const struct listed_row *each = load->rows.first; each; each = each->next)
		load->reader.segment(load->reader.context, &((const struct loaded *)each)->segment);
	load->reader.done(load->reader.context, operation->result);
}

static void clear_load(struct operation *operation)
{
	row_list_clear(&((struct load *)operation)->rows);
}

#define LOADED_COLUMNS "SELECT first, count, boot, oldest_us, newest_us, codec, kept_at_ms, crc32c, data FROM segment "

static struct load *new_load(uint64_t from, uint64_t below, size_t max_bytes, struct segment_reader reader)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_load, tell_load, clear_load };
	struct load *load = operation_new(&kind, sizeof(*load), (struct store_reply){ 0 });

	if (!load)
		return NULL;
	load->reader = reader;
	load->from = from;
	load->below = below;
	load->max_bytes = max_bytes < SEGMENT_LOAD_MAX ? max_bytes : SEGMENT_LOAD_MAX;
	load->base.cost += load->max_bytes;
	return load;
}

int store_segment_load(
	struct store *store, uint64_t from, uint64_t below, size_t max_bytes, struct segment_reader reader)
{
	static const char sql[] = LOADED_COLUMNS "WHERE first >= ? AND first < ? ORDER BY first";
	struct load *load = new_load(from, below, max_bytes, reader);

	if (!load)
		return -ENOMEM;
	load->sql = sql;
	return store_submit(store, &load->base);
}

int store_segment_load_plain(struct store *store, uint64_t from, size_t max_bytes, struct segment_reader reader)
{
	static const char sql[] = LOADED_COLUMNS "WHERE first >= ? AND first < ? AND NOT EXISTS "
						 "(SELECT 1 FROM kind WHERE kind.first = segment.first) ORDER BY first";
	struct load *load = new_load(from, UINT64_MAX, max_bytes, reader);

	if (!load)
		return -ENOMEM;
	load->sql = sql;
	return store_submit(store, &load->base);
}

struct discard {
	struct operation base;
	int64_t remember_since_ms;
	size_t count;
	uint64_t firsts[];
};

int segment_remember(struct database *database, uint64_t first, int64_t since_ms)
{
	static const char sql[] = "INSERT OR REPLACE INTO exchange "
				  "SELECT first, kept_at_ms, all_exchanges(exchanges, told, count, codec, data) "
				  "FROM segment WHERE first = ? AND kept_at_ms >= ? "
				  "AND (length(exchanges) > 0 OR told > 0)";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)first);
	bind_int(&row, since_ms);
	return database_step(database, row.statement);
}

static int delete_kind(struct database *database, uint64_t first)
{
	struct row row = { 0 };
	int result = database_prepare(database, "DELETE FROM kind WHERE first = ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)first);
	return database_step(database, row.statement);
}

int segment_delete(struct database *database, uint64_t first, struct totals *totals)
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
	result = delete_kind(database, first);
	return result < 0 ? result : (int)count;
}

static int run_discard(struct operation *operation, struct database *database)
{
	const struct discard *discard = (struct discard *)operation;
	struct totals totals;
	int result = segment_totals(database, &totals);

	for (size_t i = 0; i < discard->count && result >= 0; i++) {
		result = segment_remember(database, discard->firsts[i], discard->remember_since_ms);
		if (result >= 0)
			result = segment_delete(database, discard->firsts[i], &totals);
	}
	return result < 0 ? result : segment_mark(database, &totals);
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

struct summarize {
	struct operation base;
	struct segment_summary *out;
};

static int run_summarize(struct operation *operation, struct database *database)
{
	struct segment_summary *out = ((struct summarize *)operation)->out;
	struct totals totals;
	int64_t oldest = 0;
	int result = segment_totals(database, &totals);

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
