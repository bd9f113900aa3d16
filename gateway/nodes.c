#include "gateway/nodes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"
#include "drivers/driver.h"
#include "drivers/id_map.h"
#include "drivers/name_slabs.h"
#include "gateway/clock.h"
#include "gateway/image_heads.h"
#include "gateway/text_pool.h"
#include "protocols/text_hash.h"

#define SAVED_AT_ONCE 64      /* nodes in one operation of the store: 20 KB of stack */
#define RELEASED_AT_ONCE 1024 /* nodes looked at in one call */
#define CACHE_LINE 64
#define ID_LIKELY 16 /* bytes that most identities take */

/* What is kept of a text. */
#define DRIVER_SIZE sizeof(((struct stored_node *)0)->driver)
#define HARDWARE_SIZE sizeof(((struct stored_node *)0)->hardware)
#define VERSION_SIZE sizeof(((struct stored_node *)0)->version)
#define TEXT_SIZE (HARDWARE_SIZE > VERSION_SIZE ? HARDWARE_SIZE : VERSION_SIZE)

static const struct setting settings[] = {
	{ .name = "most",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct nodes_settings, most),
		.initial = "10000",
		.least = 1,
		.most = NODES_MAX,
		.reloadable = true,
		.help = "How many nodes the registry takes." },
	{ .name = "flush_interval",
		.type = SETTING_DURATION,
		.offset = offsetof(struct nodes_settings, flush_interval_ms),
		.initial = "5 min",
		.least = 1000,
		.most = 24 * 3600 * 1000,
		.reloadable = true,
		.help = "How long last-seen times and counters may wait in memory before they are written; a power cut "
			"loses no more than these." },
	{ .name = "missed_wakes",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct nodes_settings, missed_wakes),
		.initial = "2",
		.least = 1,
		.most = 1000,
		.reloadable = true,
		.help = "How many slots a node may miss before it counts as silent." },
};

const struct settings_table nodes_settings_table = {
	.group = "nodes",
	.help = "The registry of nodes.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct nodes_settings),
};

struct nodes {
	struct store *store;
	const struct nodes_settings *settings;
	struct name_slabs slabs;
	struct text_pool texts;
	struct image_heads heads;
	struct node **list;
	size_t count;
	size_t room;
	struct id_map by_id;
	struct node *latest;   /* whom nodes_find() found last, and will again: a contact is followed by a report */
	uint64_t *ranks_taken; /* a bit per rank below `room` */
	size_t rank_count;     /* of them */
	size_t release_at;     /* index of the node that nodes_release_lost() looks at next */
	struct node **urgent;  /* to be saved as soon as the save under way has ended; of `room` places */
	size_t urgent_count;
	bool saving_urgent;
	size_t dirty_count;
	int64_t flush_at_ms; /* monotonic; 0: nothing waits */
	bool save_failed;
};

static bool is_identity(const char *id)
{
	size_t size = strlen(id);

	if (size == 0 || size > NODE_ID_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isgraph((unsigned char)id[i]) || strchr("/\"\\", id[i]))
			return false;
	return true;
}

static int make_room(struct nodes *nodes)
{
	size_t room = nodes->room ? nodes->room * 2 : 64;

	if (nodes->count < nodes->room)
		return 0;
	struct node **list = realloc(nodes->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	nodes->list = list;
	struct node **urgent = realloc(nodes->urgent, room * sizeof(*urgent));
	if (!urgent)
		return -ENOMEM;
	nodes->urgent = urgent;
	uint64_t *ranks = realloc(nodes->ranks_taken, room / 8);
	if (!ranks)
		return -ENOMEM;
	memset((char *)ranks + nodes->room / 8, 0, (room - nodes->room) / 8);
	nodes->ranks_taken = ranks;
	nodes->room = room;
	return 0;
}

static bool take_rank(struct nodes *nodes, uint32_t rank)
{
	uint64_t bit = (uint64_t)1 << rank % 64;

	if (rank >= nodes->room || nodes->ranks_taken[rank / 64] & bit)
		return false;
	nodes->ranks_taken[rank / 64] |= bit;
	nodes->rank_count++;
	return true;
}

/* The lowest free one: low ranks together fill the interval evenly. There is one, as there are fewer nodes than room.
 */
static uint32_t take_lowest_rank(struct nodes *nodes)
{
	uint32_t word = 0;

	while (nodes->ranks_taken[word] == UINT64_MAX)
		word++;
	uint32_t rank = word * 64 + (uint32_t)__builtin_ctzll(~nodes->ranks_taken[word]);
	take_rank(nodes, rank);
	return rank;
}

static void free_rank(struct nodes *nodes, uint32_t rank)
{
	if (rank == NODES_NO_RANK)
		return;
	nodes->ranks_taken[rank / 64] &= ~((uint64_t)1 << rank % 64);
	nodes->rank_count--;
}

static void free_node(struct nodes *nodes, struct node *node)
{
	text_pool_release(&nodes->texts, node->record.driver);
	text_pool_release(&nodes->texts, node->record.hardware);
	text_pool_release(&nodes->texts, node->record.version);
	image_heads_release(&nodes->heads, node->record.image);
	name_slabs_give_back(&nodes->slabs, node->id, node);
}

/* The node takes the text in place of the one that it had; without memory it keeps that. */
static void set_text(struct nodes *nodes, const char **known, const char *text)
{
	const char *held = text_pool_hold(&nodes->texts, text);

	if (!held)
		return;
	text_pool_release(&nodes->texts, *known);
	*known = held;
}

/* The same for what it runs. */
static void set_image(struct nodes *nodes, struct node_record *record, const uint8_t *image, uint8_t size)
{
	const uint8_t *held = image_heads_hold(&nodes->heads, image, size);

	if (!held)
		return;
	if (record->image)
		image_heads_release(&nodes->heads, record->image);
	record->image = held;
	record->image_size = size;
}

static struct node *make_node(struct nodes *nodes, const struct stored_node *stored)
{
	struct node *node = name_slabs_take(&nodes->slabs, stored->id);

	if (!node)
		return NULL;
	memcpy(node->id, stored->id, strlen(stored->id) + 1);
	node->record = (struct node_record){
		.id = node->id,
		.driver = "",
		.hardware = "",
		.version = "",
		.battery_percent = stored->battery_percent,
		.signal_dbm = stored->signal_dbm,
		.rank = stored->rank,
		.rhythm = rhythm_unpacked(stored->rhythm),
		.first_seen_ms = stored->first_seen_ms,
		.last_seen_ms = stored->last_seen_ms,
		.next_contact_ms = stored->next_contact_ms,
		.contacts = stored->contacts,
		.drops = stored->drops,
		.readings = stored->readings,
		.bytes_in = stored->bytes_in,
		.bytes_out = stored->bytes_out,
		.watched_ms = stored->watched_ms,
		.watched_drops = stored->watched_drops,
		.past_ms = stored->past_ms,
		.past_drops_milli = stored->past_drops_milli,
	};
	set_image(nodes, &node->record, stored->image, 0);
	set_image(nodes, &node->record, stored->image, stored->image_size);
	set_text(nodes, &node->record.driver, stored->driver);
	set_text(nodes, &node->record.hardware, stored->hardware);
	set_text(nodes, &node->record.version, stored->version);
	return node;
}

static void copy_text(char *out, size_t size, const char *text)
{
	memcpy(out, text, strnlen(text, size - 1));
}

static struct stored_node stored_from(const struct node_record *record)
{
	struct stored_node stored = {
		.image_size = record->image_size,
		.battery_percent = record->battery_percent,
		.signal_dbm = record->signal_dbm,
		.rank = record->rank,
		.rhythm = rhythm_packed(&record->rhythm),
		.first_seen_ms = record->first_seen_ms,
		.last_seen_ms = record->last_seen_ms,
		.next_contact_ms = record->next_contact_ms,
		.contacts = record->contacts,
		.drops = record->drops,
		.readings = record->readings,
		.bytes_in = record->bytes_in,
		.bytes_out = record->bytes_out,
		.watched_ms = record->watched_ms,
		.watched_drops = record->watched_drops,
		.past_ms = record->past_ms,
		.past_drops_milli = record->past_drops_milli,
	};

	copy_text(stored.id, sizeof(stored.id), record->id);
	copy_text(stored.driver, sizeof(stored.driver), record->driver);
	copy_text(stored.hardware, sizeof(stored.hardware), record->hardware);
	copy_text(stored.version, sizeof(stored.version), record->version);
	memcpy(stored.image, record->image, sizeof(stored.image));
	return stored;
}

/* Takes the node into the registry; its rank stays if nobody has it. */
static int insert(struct nodes *nodes, const struct stored_node *stored, struct node **out)
{
	if (make_room(nodes) < 0)
		return -ENOMEM;
	struct node *node = make_node(nodes, stored);
	if (!node)
		return -ENOMEM;
	if (id_map_add(&nodes->by_id, node->id, node) < 0) {
		free_node(nodes, node);
		return -ENOMEM;
	}
	nodes->list[nodes->count++] = node;
	*out = node;
	return 0;
}

static void on_stored_node(void *context, const struct stored_node *stored)
{
	struct nodes *nodes = context;
	struct node *node;

	(void)insert(nodes, stored, &node);
}

/* Ranks as stored, and new ones where two nodes had the same or it lies beyond what so many nodes need. */
static void settle_ranks(struct nodes *nodes)
{
	bool *unsettled = calloc(nodes->count + 1, sizeof(*unsettled));

	for (size_t i = 0; unsettled && i < nodes->count; i++)
		unsettled[i] =
			nodes->list[i]->record.rank != NODES_NO_RANK && !take_rank(nodes, nodes->list[i]->record.rank);
	for (size_t i = 0; i < nodes->count; i++) {
		if (unsettled && !unsettled[i])
			continue;
		nodes->list[i]->record.rank = take_lowest_rank(nodes);
		nodes_changed(nodes, nodes->list[i], false);
	}
	free(unsettled);
}

int nodes_open(struct nodes **out, struct store *store, const struct nodes_settings *options)
{
	struct nodes *nodes = calloc(1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	nodes->store = store;
	nodes->settings = options;
	id_map_init(&nodes->by_id);
	text_pool_init(&nodes->texts);
	image_heads_init(&nodes->heads);
	name_slabs_init(&nodes->slabs, offsetof(struct node, id));
	int error = make_room(nodes);
	if (!error)
		error = store_nodes_load(store, on_stored_node, nodes);
	if (error) {
		nodes_close(nodes);
		return error;
	}
	settle_ranks(nodes);
	*out = nodes;
	return 0;
}

static void on_saved(void *context, int result)
{
	struct nodes *nodes = context;

	nodes->save_failed |= result < 0;
}

static bool save(struct nodes *nodes, const struct stored_node *records, size_t count, struct store_reply reply)
{
	if (count == 0 || store_nodes_save(nodes->store, records, count, reply) == 0)
		return count > 0;
	nodes->save_failed = true;
	return false;
}

static struct stored_node taken_to_save(struct nodes *nodes, struct node *node)
{
	nodes->dirty_count -= node->dirty;
	node->dirty = node->urgent = false;
	return stored_from(&node->record);
}

static void on_urgent_saved(void *context, int result);

/*
 * One save of urgent nodes at a time: those that become so meanwhile wait here as a pointer each and go together with
 * the next. Ten thousand nodes that join at once, on a card that needs a second for a commit, would fill the store's
 * queue.
 */
static void save_urgent(struct nodes *nodes)
{
	struct stored_node records[SAVED_AT_ONCE];
	size_t count = nodes->urgent_count < SAVED_AT_ONCE ? nodes->urgent_count : SAVED_AT_ONCE;

	for (size_t i = 0; i < count; i++)
		records[i] = taken_to_save(nodes, nodes->urgent[i]);
	nodes->urgent_count -= count;
	memmove(nodes->urgent, nodes->urgent + count, nodes->urgent_count * sizeof(struct node *));
	nodes->saving_urgent =
		save(nodes, records, count, (struct store_reply){ .done = on_urgent_saved, .context = nodes });
}

static void on_urgent_saved(void *context, int result)
{
	on_saved(context, result);
	save_urgent(context);
}

/* Which nodes a failed save held is not kept: all are saved again. */
static void forget_failure(struct nodes *nodes)
{
	nodes->save_failed = false;
	nodes->dirty_count = nodes->count;
	for (size_t i = 0; i < nodes->count; i++)
		nodes->list[i]->dirty = true;
}

void nodes_flush(struct nodes *nodes)
{
	struct stored_node records[SAVED_AT_ONCE];
	size_t waiting = 0;
	struct store_reply reply = { .done = on_saved, .context = nodes };

	nodes->flush_at_ms = 0;
	nodes->urgent_count = 0;
	if (nodes->save_failed)
		forget_failure(nodes);
	for (size_t i = 0; i < nodes->count && nodes->dirty_count > 0; i++) {
		if (!nodes->list[i]->dirty)
			continue;
		records[waiting++] = taken_to_save(nodes, nodes->list[i]);
		if (waiting == SAVED_AT_ONCE) {
			save(nodes, records, waiting, reply);
			waiting = 0;
		}
	}
	save(nodes, records, waiting, reply);
}

void nodes_close(struct nodes *nodes)
{
	if (!nodes)
		return;
	name_slabs_finish(&nodes->slabs);
	text_pool_finish(&nodes->texts);
	image_heads_finish(&nodes->heads);
	id_map_finish(&nodes->by_id);
	free(nodes->ranks_taken);
	free(nodes->urgent);
	free(nodes->list);
	free(nodes);
}

/* It is likely to be asked for next, after as much work as a contact is: then it is there. */
static void expect(const struct node *node)
{
	const char *start = (const char *)node;

	for (size_t at = 0; node && at < sizeof(*node) + ID_LIKELY; at += CACHE_LINE)
		__builtin_prefetch(start + at, 1);
}

/* Each node has one before and one after it at most, so that it can go without looking at all others. */
static void link_after(struct node *node, struct node *after)
{
	if (node && node->after)
		node->after->before = NULL;
	if (after && after->before)
		after->before->after = NULL;
	if (node)
		node->after = after;
	if (after)
		after->before = node;
}

/* Nodes that keep to their slots, or report as soon as they were answered, come one after the other as before. */
struct node *nodes_find(struct nodes *nodes, const char *id)
{
	struct node *latest = nodes->latest;
	struct node *node = latest ? latest->after : NULL;

	if (latest && strcmp(latest->id, id) == 0)
		return latest;
	if (!node || strcmp(node->id, id) != 0) {
		node = id_map_find(&nodes->by_id, id);
		if (node && latest)
			link_after(latest, node);
	}
	if (node) {
		nodes->latest = node;
		expect(node->after);
	}
	return node;
}

size_t nodes_count(const struct nodes *nodes)
{
	return nodes->count;
}

struct node *nodes_at(const struct nodes *nodes, size_t index)
{
	return nodes->list[index];
}

void nodes_changed(struct nodes *nodes, struct node *node, bool urgent)
{
	nodes->dirty_count += !node->dirty;
	node->dirty = true;
	if (!urgent || node->urgent)
		return;
	node->urgent = true;
	nodes->urgent[nodes->urgent_count++] = node;
	if (!nodes->saving_urgent)
		save_urgent(nodes);
}

int nodes_add(struct nodes *nodes, const char *id, const char *driver, struct moment now, struct node **out)
{
	struct stored_node record = { .battery_percent = -1, .first_seen_ms = now.wall_ms };

	if (!is_identity(id))
		return -EINVAL;
	if (nodes_find(nodes, id))
		return -EEXIST;
	if (nodes->count >= (size_t)nodes->settings->most)
		return -ENOBUFS;
	strncpy(record.id, id, sizeof(record.id) - 1);
	strncpy(record.driver, driver, sizeof(record.driver) - 1);
	int error = insert(nodes, &record, out);
	if (error)
		return error;
	(*out)->record.rank = take_lowest_rank(nodes);
	nodes_changed(nodes, *out, true);
	return 0;
}

/* Takes the text, cut to what is kept of it, where the node said something; true if that is news. */
static bool learn_text(struct nodes *nodes, const char **known, size_t size, const char *said)
{
	char cut[TEXT_SIZE] = "";

	if (!said || !*said || strcmp(*known, said) == 0)
		return false;
	copy_text(cut, size, said);
	if (strcmp(*known, cut) == 0)
		return false;
	set_text(nodes, known, cut);
	return true;
}

/* What the node says it runs; true if that is news. */
static bool learn_report(
	struct nodes *nodes, struct node_record *record, const struct node_contact *contact, struct moment now)
{
	bool news = learn_text(nodes, &record->hardware, HARDWARE_SIZE, contact->hardware);

	news |= learn_text(nodes, &record->version, VERSION_SIZE, contact->version);
	if (contact->image_size > 0 && contact->image_size <= IMAGE_HEAD_MAX &&
		(record->image_size != contact->image_size ||
			memcmp(record->image, contact->image, contact->image_size) != 0)) {
		set_image(nodes, record, contact->image, (uint8_t)contact->image_size);
		news = true;
	}
	if (contact->battery_percent >= 0 && contact->battery_percent <= 100) {
		record->battery_percent = (int8_t)contact->battery_percent;
		record->battery_s = (uint32_t)(now.monotonic_ms / 1000) + 1;
	}
	if (contact->signal_dbm < 0 && contact->signal_dbm > INT16_MIN)
		record->signal_dbm = (int16_t)contact->signal_dbm;
	return news;
}

/* Two parents of the same hash share a budget, no more. */
static void learn_parent(struct node *node, const char *parent)
{
	if (parent && *parent)
		node->parent = (uint16_t)(text_hash((struct span){ parent, strlen(parent) }) | 1);
}

int nodes_contact(struct nodes *nodes, const char *driver, const struct node_contact *contact, struct moment now,
	struct node **out)
{
	struct node *node = nodes_find(nodes, contact->node);
	int error;

	if (!node && (error = nodes_add(nodes, contact->node, driver, now, &node)) < 0)
		return error;
	struct node_record *record = &node->record;
	record->last_seen_ms = now.wall_ms;
	record->contacts++;
	record->bytes_in += contact->bytes_in;
	record->bytes_out += contact->bytes_out;
	bool news = learn_text(nodes, &record->driver, DRIVER_SIZE, driver);
	if (contact->reports)
		news |= learn_report(nodes, record, contact, now);
	learn_parent(node, contact->parent);
	nodes_changed(nodes, node, news);
	*out = node;
	return 0;
}

static void forget_urgent(struct nodes *nodes, const struct node *node)
{
	size_t at = 0;

	while (nodes->urgent[at] != node)
		at++;
	nodes->urgent_count--;
	memmove(&nodes->urgent[at], &nodes->urgent[at + 1], (nodes->urgent_count - at) * sizeof(struct node *));
}

void nodes_remove(struct nodes *nodes, struct node *node)
{
	size_t at = 0;

	while (nodes->list[at] != node)
		at++;
	nodes->list[at] = nodes->list[--nodes->count];
	link_after(node, NULL);
	link_after(NULL, node);
	if (node->urgent)
		forget_urgent(nodes, node);
	nodes->dirty_count -= node->dirty;
	free_rank(nodes, node->record.rank);
	id_map_remove(&nodes->by_id, node->id);
	nodes->latest = NULL;
	free_node(nodes, node);
}

void nodes_heard(struct nodes *nodes, struct node *node, struct moment now)
{
	node->record.last_seen_ms = now.wall_ms;
	node->record.rhythm.idle = 1;
	if (node->record.next_contact_ms && node->record.next_contact_ms < now.wall_ms)
		node->record.next_contact_ms = now.wall_ms;
	nodes_changed(nodes, node, false);
}

void nodes_follow_clock(struct nodes *nodes, const struct clock_jump *jump)
{
	for (size_t i = 0; i < nodes->count; i++) {
		struct node_record *record = &nodes->list[i]->record;

		record->first_seen_ms = clock_jump_past(jump, record->first_seen_ms);
		record->last_seen_ms = clock_jump_past(jump, record->last_seen_ms);
		if (record->next_contact_ms > 0)
			record->next_contact_ms = clock_jump_moved(jump, record->next_contact_ms);
		if (record->watched_ms > 0)
			record->watched_ms = clock_jump_past(jump, record->watched_ms);
		record->rhythm.idle = 1;
		nodes_changed(nodes, nodes->list[i], false);
	}
}

uint32_t node_missed(const struct node *node, int64_t interval_ms, struct moment now)
{
	return node_record_missed(&node->record, interval_ms, now);
}

static void change_rank(struct nodes *nodes, struct node *node, uint32_t rank)
{
	free_rank(nodes, node->record.rank);
	node->record.rank = rank;
	nodes_changed(nodes, node, false);
}

void nodes_settle_rank(struct nodes *nodes, struct node *node)
{
	if (node->record.rank == NODES_NO_RANK || node->record.rank >= nodes->rank_count)
		change_rank(nodes, node, take_lowest_rank(nodes));
}

void nodes_give_up_rank(struct nodes *nodes, struct node *node)
{
	if (node->record.rank != NODES_NO_RANK)
		change_rank(nodes, node, NODES_NO_RANK);
}

/* One that never called has no slot that it could miss. */
static bool is_lost(const struct node *node, int64_t interval_ms, struct moment now)
{
	if (node->record.contacts == 0)
		return now.wall_ms - node->record.first_seen_ms >= NODES_LOST_WAKES * interval_ms;
	return node_missed(node, interval_ms, now) >= NODES_LOST_WAKES;
}

void nodes_release_lost(struct nodes *nodes, int64_t interval_ms, struct moment now)
{
	for (size_t i = 0; i < RELEASED_AT_ONCE && i < nodes->count; i++) {
		nodes->release_at = nodes->release_at < nodes->count ? nodes->release_at : 0;
		struct node *node = nodes->list[nodes->release_at++];
		if (is_lost(node, interval_ms, now))
			nodes_give_up_rank(nodes, node);
	}
}

bool nodes_is_silent(const struct nodes *nodes, const struct node *node, int64_t interval_ms, struct moment now)
{
	return node_missed(node, interval_ms, now) > nodes->settings->missed_wakes;
}

int64_t nodes_tick(struct nodes *nodes, struct moment now)
{
	if ((nodes->dirty_count > 0 || nodes->save_failed) && nodes->flush_at_ms == 0)
		nodes->flush_at_ms = now.monotonic_ms + nodes->settings->flush_interval_ms;
	if (nodes->flush_at_ms > 0 && now.monotonic_ms >= nodes->flush_at_ms)
		nodes_flush(nodes);
	return nodes->flush_at_ms ? nodes->flush_at_ms - now.monotonic_ms : nodes->settings->flush_interval_ms;
}
