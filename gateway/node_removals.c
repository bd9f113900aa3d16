#include "gateway/node_removals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/updates.h"
#include "store/node_store.h"
#include "store/update_store.h"

#define TICK_MS 1000
#define AGAIN_AT_ONCE 100 /* removals that are tried anew in one tick */

/* What the store was asked to do, until it has. */
struct pending {
	struct pending *next;
	struct node_removals *removals;
	char id[NODE_ID_MAX + 1];
	struct journal_entry entry;
	struct store_reply told; /* `done` is NULL once it was */
};

struct node_removals {
	struct store *store;
	struct nodes *nodes;
	struct updates *updates;
	struct pending *refused;
};

struct node_removals *node_removals_open(struct store *store, struct nodes *nodes, struct updates *updates)
{
	struct node_removals *removals = calloc(1, sizeof(*removals));

	if (removals)
		*removals = (struct node_removals){ store, nodes, updates, NULL };
	return removals;
}

static struct pending *take_refused(struct node_removals *removals)
{
	struct pending *pending = removals->refused;

	if (pending)
		removals->refused = pending->next;
	return pending;
}

void node_removals_close(struct node_removals *removals)
{
	if (!removals)
		return;
	for (struct pending *pending = take_refused(removals); pending; pending = take_refused(removals))
		free(pending);
	free(removals);
}

static void on_answer(void *context, int result)
{
	struct pending *pending = context;
	struct store_reply told = pending->told;

	pending->told.done = NULL;
	if (result == 0) {
		free(pending);
	} else {
		pending->next = pending->removals->refused;
		pending->removals->refused = pending;
	}
	if (told.done)
		told.done(told.context, result);
}

/* What has come back meanwhile stays: it is kept as it is by then. */
static void submit(struct pending *pending)
{
	struct node_removals *removals = pending->removals;
	struct store_reply reply = { .done = on_answer, .context = pending };
	struct node_removal removal = {
		.keeps_node = nodes_find(removals->nodes, pending->id) != NULL,
		.keeps_update = updates_find(removals->updates, pending->id) != NULL,
	};

	memcpy(removal.id, pending->id, sizeof(removal.id));
	int error = store_node_remove(removals->store, &removal, &pending->entry, reply);
	if (error)
		on_answer(pending, error);
}

int node_removals_remove(
	struct node_removals *removals, struct node *node, const char *by, struct store_reply told, struct moment now)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (!pending)
		return -ENOMEM;
	pending->removals = removals;
	pending->told = told;
	snprintf(pending->id, sizeof(pending->id), "%s", node->record.id);
	pending->entry.at_ms = now.wall_ms;
	snprintf(pending->entry.subject, sizeof(pending->entry.subject), "%s", pending->id);
	snprintf(pending->entry.event, sizeof(pending->entry.event), "node.removed");
	snprintf(pending->entry.detail, sizeof(pending->entry.detail), "by %s", by);
	(void)updates_cancel(removals->updates, node, by, now);
	updates_forget(removals->updates, pending->id);
	nodes_remove(removals->nodes, node);
	log_notice("node.removed subject=%s by=%s", pending->id, by);
	submit(pending);
	return 0;
}

int64_t node_removals_tick(struct node_removals *removals)
{
	struct pending *again[AGAIN_AT_ONCE];
	size_t count = 0;

	/* All are taken first: what is refused at once goes back to the list. */
	while (count < AGAIN_AT_ONCE && removals->refused)
		again[count++] = take_refused(removals);
	for (size_t i = 0; i < count; i++)
		submit(again[i]);
	return TICK_MS;
}
