#include "store/node_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/journal.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/update_store.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_node *node);
	void *context;
};

static void read_node(struct row *row, struct stored_node *node)
{
	memset(node, 0, sizeof(*node));
	row->next = 0;
	row_text(row, node->id, sizeof(node->id));
	row_text(row, node->driver, sizeof(node->driver));
	row_text(row, node->hardware, sizeof(node->hardware));
	row_text(row, node->version, sizeof(node->version));
	node->image_size = (uint8_t)row_copy(row, node->image, sizeof(node->image));
	node->battery_percent = (int8_t)row_int(row);
	node->signal_dbm = (int16_t)row_int(row);
	node->rank = (uint32_t)row_int(row);
	node->first_seen_ms = row_int(row);
	node->last_seen_ms = row_int(row);
	node->next_contact_ms = row_int(row);
	node->contacts = (uint64_t)row_int(row);
	node->drops = (uint64_t)row_int(row);
	node->readings = (uint64_t)row_int(row);
	node->bytes_in = (uint64_t)row_int(row);
	node->bytes_out = (uint64_t)row_int(row);
	node->watched_ms = row_int(row);
	node->watched_drops = (uint64_t)row_int(row);
	node->past_ms = row_int(row);
	node->past_drops_milli = row_int(row);
	node->rhythm = row_int(row);
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT id, driver, hardware, version, image, battery_percent, signal_dbm, rank,"
				  " first_seen_ms, last_seen_ms, next_contact_ms, contacts, drops, readings, bytes_in,"
				  " bytes_out, watched_ms, watched_drops, past_ms, past_drops_milli, rhythm FROM node"
				  " ORDER BY number";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_node node;
		read_node(&row, &node);
		load->each(load->context, &node);
	}
	return result;
}

int store_nodes_load(struct store *store, void (*each)(void *context, const struct stored_node *node), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	size_t count;
	struct stored_node nodes[];
};

static int save_node(struct database *database, const struct stored_node *node)
{
	static const char sql[] =
		"INSERT INTO node(id, driver, hardware, version, image, battery_percent, signal_dbm, rank,"
		" first_seen_ms, last_seen_ms, next_contact_ms, contacts, drops, readings, bytes_in, bytes_out,"
		" watched_ms, watched_drops, past_ms, past_drops_milli, rhythm)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(id) DO UPDATE SET driver = excluded.driver, hardware = excluded.hardware,"
		" version = excluded.version, image = excluded.image, battery_percent = excluded.battery_percent,"
		" signal_dbm = excluded.signal_dbm, rank = excluded.rank, first_seen_ms = excluded.first_seen_ms,"
		" last_seen_ms = excluded.last_seen_ms, next_contact_ms = excluded.next_contact_ms,"
		" contacts = excluded.contacts, drops = excluded.drops, readings = excluded.readings,"
		" bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out,"
		" watched_ms = excluded.watched_ms, watched_drops = excluded.watched_drops,"
		" past_ms = excluded.past_ms, past_drops_milli = excluded.past_drops_milli,"
		" rhythm = excluded.rhythm";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, node->id);
	bind_text(&row, node->driver);
	bind_text(&row, node->hardware);
	bind_text(&row, node->version);
	bind_blob(&row, node->image, node->image_size);
	bind_int(&row, node->battery_percent);
	bind_int(&row, node->signal_dbm);
	bind_int(&row, node->rank);
	bind_int(&row, node->first_seen_ms);
	bind_int(&row, node->last_seen_ms);
	bind_int(&row, node->next_contact_ms);
	bind_int(&row, (int64_t)node->contacts);
	bind_int(&row, (int64_t)node->drops);
	bind_int(&row, (int64_t)node->readings);
	bind_int(&row, (int64_t)node->bytes_in);
	bind_int(&row, (int64_t)node->bytes_out);
	bind_int(&row, node->watched_ms);
	bind_int(&row, (int64_t)node->watched_drops);
	bind_int(&row, node->past_ms);
	bind_int(&row, node->past_drops_milli);
	bind_int(&row, node->rhythm);
	return database_step(database, row.statement);
}

static int run_save(struct operation *operation, struct database *database)
{
	const struct save *save = (struct save *)operation;
	int result = 0;

	for (size_t i = 0; i < save->count && result == 0; i++)
		result = save_node(database, &save->nodes[i]);
	return result;
}

int store_nodes_save(struct store *store, const struct stored_node *nodes, size_t count, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	struct save *save;

	if (count > NODES_SAVE_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!nodes[i].id[0] || nodes[i].image_size > sizeof(nodes[i].image))
			return -EINVAL;
	}
	save = operation_new(&kind, sizeof(*save) + count * sizeof(nodes[0]), reply);
	if (!save)
		return -ENOMEM;
	save->count = count;
	if (count)
		memcpy(save->nodes, nodes, count * sizeof(nodes[0]));
	return store_submit(store, &save->base);
}

struct remove {
	struct operation base;
	struct node_removal removal;
	bool has_entry;
	struct journal_entry entry;
};

static int delete_row(struct database *database, const char *sql, const char *id)
{
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, id);
	return database_step(database, row.statement);
}

static int run_remove(struct operation *operation, struct database *database)
{
	const struct remove *remove = (struct remove *)operation;
	const struct node_removal *removal = &remove->removal;
	int result = 0;

	if (!removal->keeps_update)
		result = delete_row(database, "DELETE FROM node_update WHERE node = ?", removal->id);
	if (result == 0 && !removal->keeps_node)
		result = delete_row(database, "DELETE FROM node WHERE id = ?", removal->id);
	return result == 0 && remove->has_entry ? journal_append(database, &remove->entry) : result;
}

int store_node_remove(struct store *store, const struct node_removal *removal, const struct journal_entry *entry,
	struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_remove, NULL, NULL };
	struct remove *remove = operation_new(&kind, sizeof(*remove), reply);

	if (!remove)
		return -ENOMEM;
	remove->removal = *removal;
	remove->has_entry = entry != NULL;
	if (entry)
		remove->entry = *entry;
	return store_submit(store, &remove->base);
}
