#include "gateway/holds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/id_map.h"
#include "gateway/log.h"
#include "store/update_store.h"

#define TICK_MS 1000
#define AGAIN_AT_ONCE 100 /* changes that are tried anew in one tick */

struct held {
	struct stored_hold hold;
	size_t index;
};

/* What an operator did, until the store has it. */
struct change {
	struct change *next;
	struct holds *holds;
	char node[65];
	struct journal_entry entry;
};

struct holds {
	struct store *store;
	struct held **list;
	size_t count, room;
	struct id_map by_node;
	struct stored_hold all;
	bool all_held;
	struct change *refused, **refused_end; /* by the store, the oldest first; the last one of each node */
};

static int make_room(struct holds *holds)
{
	size_t room = holds->room ? holds->room * 2 : 16;

	if (holds->count < holds->room)
		return 0;
	struct held **list = realloc(holds->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	holds->list = list;
	holds->room = room;
	return 0;
}

static int insert(struct holds *holds, const struct stored_hold *hold)
{
	if (holds->count == HOLDS_MAX)
		return -ENOBUFS;
	struct held *held = make_room(holds) == 0 ? calloc(1, sizeof(*held)) : NULL;
	if (!held)
		return -ENOMEM;
	*held = (struct held){ .hold = *hold, .index = holds->count };
	if (id_map_add(&holds->by_node, held->hold.node, held) < 0) {
		free(held);
		return -ENOMEM;
	}
	holds->list[holds->count++] = held;
	return 0;
}

/* 0, or why it cannot be kept. */
static int keep(struct holds *holds, const struct stored_hold *hold)
{
	struct held *held = id_map_find(&holds->by_node, hold->node);

	if (!*hold->node) {
		holds->all = *hold;
		holds->all_held = true;
		return 0;
	}
	if (!held)
		return insert(holds, hold);
	held->hold = *hold;
	return 0;
}

static void on_stored_hold(void *context, const struct stored_hold *hold)
{
	(void)keep(context, hold); /* without memory the opening fails elsewhere */
}

int holds_open(struct holds **out, struct store *store)
{
	struct holds *holds = calloc(1, sizeof(*holds));

	if (!holds)
		return -ENOMEM;
	holds->store = store;
	holds->refused_end = &holds->refused;
	id_map_init(&holds->by_node);
	int error = store_holds_load(store, on_stored_hold, holds);
	if (error) {
		holds_close(holds);
		return error;
	}
	*out = holds;
	return 0;
}

static struct change *take_refused(struct holds *holds, struct change **at)
{
	struct change *change = *at;

	*at = change->next;
	if (!change->next)
		holds->refused_end = at;
	change->next = NULL;
	return change;
}

void holds_close(struct holds *holds)
{
	if (!holds)
		return;
	while (holds->refused)
		free(take_refused(holds, &holds->refused));
	for (size_t i = 0; i < holds->count; i++)
		free(holds->list[i]);
	id_map_finish(&holds->by_node);
	free(holds->list);
	free(holds);
}

/* To be tried anew; what was done to the same node before is not worth it any more. */
static void put_off(struct change *change)
{
	struct holds *holds = change->holds;
	struct change **at = &holds->refused;

	while (*at && strcmp((*at)->node, change->node) != 0)
		at = &(*at)->next;
	if (*at)
		free(take_refused(holds, at));
	*holds->refused_end = change;
	holds->refused_end = &change->next;
}

static void on_saved(void *context, int result)
{
	struct change *change = context;

	if (result < 0)
		put_off(change);
	else
		free(change);
}

static const struct stored_hold *hold_of(const struct holds *holds, const char *node)
{
	const struct held *held = *node ? id_map_find(&holds->by_node, node) : NULL;

	if (!*node)
		return holds->all_held ? &holds->all : NULL;
	return held ? &held->hold : NULL;
}

/* As the node is held now, so that it does not matter in which order changes come through. */
static void submit(struct change *change)
{
	const struct stored_hold *found = hold_of(change->holds, change->node);
	struct store_reply reply = { .done = on_saved, .context = change };
	struct stored_hold hold = { 0 };

	if (found)
		hold = *found;
	else
		snprintf(hold.node, sizeof(hold.node), "%s", change->node);
	if (store_hold_save(change->holds->store, &hold, !found, &change->entry, reply) < 0)
		put_off(change);
}

/* `hold` was set or removed: keeps that, with an entry in the journal, and logs it. */
static void record(struct change *change, const struct stored_hold *hold, bool removed, const char *by)
{
	static const char *const events[2][2] = { { "node.held", "node.released" },
		{ "updates.halted", "updates.go_on" } };
	struct journal_entry *entry = &change->entry;
	char reason[LOG_QUOTED_SIZE];

	snprintf(change->node, sizeof(change->node), "%s", hold->node);
	snprintf(entry->subject, sizeof(entry->subject), "%s", *hold->node ? hold->node : "updates");
	snprintf(entry->event, sizeof(entry->event), "%s", events[!*hold->node][removed]);
	snprintf(entry->detail, sizeof(entry->detail), "by=%s reason=%s", by,
		log_quote(reason, sizeof(reason), hold->reason));
	log_line(*hold->node || removed ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, "%s node=%s %s", entry->event,
		*hold->node ? hold->node : "all", entry->detail);
}

static struct change *new_change(struct holds *holds, struct moment now)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change) {
		change->holds = holds;
		change->entry.at_ms = now.wall_ms;
	}
	return change;
}

int holds_set(struct holds *holds, const struct hold_order *order, struct moment now)
{
	struct stored_hold hold = { .at_ms = now.wall_ms };
	struct change *change = new_change(holds, now);

	snprintf(hold.node, sizeof(hold.node), "%s", order->node);
	snprintf(hold.reason, sizeof(hold.reason), "%s", order->reason ? order->reason : "");
	snprintf(hold.by, sizeof(hold.by), "%s", order->by);
	int error = change ? keep(holds, &hold) : -ENOMEM;
	if (error) {
		free(change);
		return error;
	}
	record(change, &hold, false, order->by);
	submit(change);
	return 0;
}

static void drop(struct holds *holds, struct held *held)
{
	struct held *last = holds->list[--holds->count];

	holds->list[held->index] = last;
	last->index = held->index;
	id_map_remove(&holds->by_node, held->hold.node);
	free(held);
}

int holds_release(struct holds *holds, const char *node, const char *by, struct moment now)
{
	const struct stored_hold *hold = hold_of(holds, node);

	if (!hold)
		return -ENOENT;
	struct change *change = new_change(holds, now);
	if (!change)
		return -ENOMEM;
	record(change, hold, true, by);
	if (*node)
		drop(holds, id_map_find(&holds->by_node, node));
	else
		holds->all_held = false;
	submit(change);
	return 0;
}

const struct stored_hold *holds_on(const struct holds *holds, const char *node)
{
	if (!holds)
		return NULL;
	const struct held *held = holds->count ? id_map_find(&holds->by_node, node) : NULL;
	return holds->all_held ? &holds->all : held ? &held->hold : NULL;
}

const struct stored_hold *holds_on_all(const struct holds *holds)
{
	return holds && holds->all_held ? &holds->all : NULL;
}

size_t holds_count(const struct holds *holds)
{
	return holds ? holds->count : 0;
}

const struct stored_hold *holds_at(const struct holds *holds, size_t index)
{
	return &holds->list[index]->hold;
}

int64_t holds_tick(struct holds *holds)
{
	for (unsigned i = 0; i < AGAIN_AT_ONCE && holds->refused; i++)
		submit(take_refused(holds, &holds->refused));
	return TICK_MS;
}
