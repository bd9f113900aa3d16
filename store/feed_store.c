#include "store/feed_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/checksum.h"
#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/row_list.h"
#include "store/segment_store.h"
#include "store/space.h"

static uint32_t feed_checksum(const struct stored_feed *feed)
{
	int64_t facts[] = { (int64_t)feed->id, feed->count, feed->codec, feed->boot };
	/* Rows of former versions have no boot. */
	size_t fact_count = feed->boot ? 4 : 3;

	return crc32c(crc32c_numbers(0, facts, fact_count), feed->data, feed->size);
}

/* The oldest only, without a hole: a row that says a window was told must not go before those that fed it. */
static int forget(struct database *database, const struct stored_feed *feed)
{
	static const char sql[] = "DELETE FROM feed WHERE id < ?1 AND id < coalesce("
				  "(SELECT id FROM feed WHERE kept_at_ms >= ?2 ORDER BY id LIMIT 1), ?1) "
				  "AND id < (SELECT max(id) FROM feed)";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)feed->needless);
	bind_int(&row, feed->repeated_since_ms);
	return database_step(database, row.statement);
}

int feed_write(struct database *database, const struct stored_feed *feed, const struct stored_segment *segment)
{
	struct row row = { 0 };
	/* A segment has the fingerprints of all messages of its commit; where there is none the feed must have them. */
	size_t exchanges_size = segment->count == 0 ? segment->exchange_count * sizeof(uint64_t) : 0;
	int64_t newest;
	int result = database_number(database, "SELECT coalesce(max(id), 0) FROM feed", &newest);

	if (result == 0 && feed->after > 0 && (uint64_t)newest != feed->after)
		result = -ECANCELED;
	if (result == 0)
		result = forget(database, feed);
	if (result == 0)
		result = space_make(database, feed->size + exchanges_size);
	if (result == 0)
		result = database_prepare(database, "INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, (int64_t)feed->id);
	bind_int(&row, segment->kept_at_ms);
	bind_int(&row, feed->count);
	bind_int(&row, feed->codec);
	bind_int(&row, feed_checksum(feed));
	bind_blob(&row, segment->exchanges, exchanges_size);
	bind_blob(&row, feed->data, feed->size);
	bind_int(&row, feed->boot);
	return database_step(database, row.statement);
}

struct loaded {
	struct listed_row base;
	struct stored_feed feed;
	uint8_t data[];
};

struct load {
	struct operation base;
	struct feed_reader reader;
	uint64_t from;
	size_t max_bytes;
	struct row_list rows;
};

static struct listed_row *read_row(struct row *row)
{
	struct stored_feed feed = { .id = (uint64_t)row_int(row) };

	feed.count = (uint32_t)row_int(row);
	feed.codec = (uint8_t)row_int(row);
	feed.boot = (uint32_t)row_int(row);
	uint32_t crc = (uint32_t)row_int(row);

	feed.data = row_blob(row, &feed.size);
	if (feed_checksum(&feed) != crc)
		feed.size = 0;
	struct loaded *loaded = malloc(sizeof(*loaded) + feed.size);
	if (!loaded)
		return NULL;
	if (feed.size)
		memcpy(loaded->data, feed.data, feed.size);
	loaded->feed = feed;
	loaded->feed.data = feed.size ? loaded->data : NULL;
	return &loaded->base;
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT id, count, codec, boot, crc32c, data FROM feed WHERE id >= ? ORDER BY id";
	static const struct row_form form = { .size_column = 5, .read = read_row };
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, load->from > INT64_MAX ? INT64_MAX : (int64_t)load->from);
	return row_list_read(&load->rows, database, &row, &form, load->max_bytes);
}

static void tell_load(struct operation *operation)
{
	const struct load *load = (struct load *)operation;

	for (const struct listed_row *each = load->rows.first; each; each = each->next)
		load->reader.row(load->reader.context, &((const struct loaded *)each)->feed);
	load->reader.done(load->reader.context, operation->result);
}

static void clear_load(struct operation *operation)
{
	row_list_clear(&((struct load *)operation)->rows);
}

int store_feed_load(struct store *store, uint64_t from, size_t max_bytes, struct feed_reader reader)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_load, tell_load, clear_load };
	struct load *load = operation_new(&kind, sizeof(*load), (struct store_reply){ 0 });

	if (!load)
		return -ENOMEM;
	load->reader = reader;
	load->from = from;
	load->max_bytes = max_bytes < FEED_SIZE_MAX ? max_bytes : FEED_SIZE_MAX;
	load->base.cost += load->max_bytes;
	return store_submit(store, &load->base);
}

struct newest {
	struct operation base;
	int64_t next;
};

static int run_newest(struct operation *operation, struct database *database)
{
	struct newest *newest = (struct newest *)operation;

	return database_number(database, "SELECT coalesce(max(id) + 1, 0) FROM feed", &newest->next);
}

int store_feed_next(struct store *store, uint64_t *next)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_newest, NULL, NULL };
	struct newest newest = { .base.kind = &kind };
	int result = store_await(store, &newest.base);

	if (result == 0)
		*next = (uint64_t)newest.next;
	return result;
}
