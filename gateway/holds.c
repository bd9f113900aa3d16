#include "gateway/holds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/id_map.h"
#include "gateway/log.h"
#include "store/update_store.h"

#define TICK_MS 1000

struct held {
	struct stored_hold hold;
	size_t index;
};

struct holds {
	struct store *store;
	struct held **list;
	size_t count, room;
	struct id_map by_node;
	struct stored_hold all;
	bool all_held;
	bool unsaved; /* the store refused something: all is written again */
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
	id_map_init(&holds->by_node);
	int error = store_holds_load(store, on_stored_hold, holds);
	if (error) {
		holds_close(holds);
		return error;
	}
	*out = holds;
	return 0;
}

void holds_close(struct holds *holds)
{
	if (!holds)
		return;
	for (size_t i = 0; i < holds->count; i++)
		free(holds->list[i]);
	id_map_finish(&holds->by_node);
	free(holds->list);
	free(holds);
}

static void on_saved(void *context, int result)
{
	struct holds *holds = context;

	if (result < 0)
		holds->unsaved = true;
}

/* With an entry in the journal, and logged. */
static void save(struct holds *holds, const struct stored_hold *hold, bool removed, const char *by, struct moment now)
{
	static const char *const events[2][2] = { { "node.held", "node.released" },
		{ "updates.halted", "updates.go_on" } };
	struct store_reply reply = { .done = on_saved, .context = holds };
	struct journal_entry entry = { .at_ms = now.wall_ms };
	char reason[LOG_QUOTED_SIZE];

	snprintf(entry.subject, sizeof(entry.subject), "%s", *hold->node ? hold->node : "updates");
	snprintf(entry.event, sizeof(entry.event), "%s", events[!*hold->node][removed]);
	snprintf(entry.detail, sizeof(entry.detail), "by=%s reason=%s", by,
		log_quote(reason, sizeof(reason), hold->reason));
	if (store_hold_save(holds->store, hold, removed, &entry, reply) < 0)
		holds->unsaved = true;
	log_line(*hold->node || removed ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, "%s node=%s %s", entry.event,
		*hold->node ? hold->node : "all", entry.detail);
}

int holds_set(struct holds *holds, const struct hold_order *order, struct moment now)
{
	struct stored_hold hold = { .at_ms = now.wall_ms };

	snprintf(hold.node, sizeof(hold.node), "%s", order->node);
	snprintf(hold.reason, sizeof(hold.reason), "%s", order->reason ? order->reason : "");
	snprintf(hold.by, sizeof(hold.by), "%s", order->by);
	int error = keep(holds, &hold);
	if (!error)
		save(holds, &hold, false, order->by, now);
	return error;
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
	struct held *held = *node ? id_map_find(&holds->by_node, node) : NULL;

	if (*node ? !held : !holds->all_held)
		return -ENOENT;
	save(holds, held ? &held->hold : &holds->all, true, by, now);
	if (held)
		drop(holds, held);
	else
		holds->all_held = false;
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

int64_t holds_tick(struct holds *holds, struct moment now)
{
	if (!holds->unsaved)
		return TICK_MS;
	holds->unsaved = false;
	if (holds->all_held)
		save(holds, &holds->all, false, holds->all.by, now);
	for (size_t i = 0; i < holds->count; i++)
		save(holds, &holds->list[i]->hold, false, holds->list[i]->hold.by, now);
	return TICK_MS;
}
