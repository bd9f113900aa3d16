#include "gateway/control_nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/control_describe.h"
#include "gateway/control_log.h"
#include "gateway/control_request.h"
#include "gateway/holds.h"
#include "gateway/labels.h"
#include "gateway/moment.h"
#include "gateway/node_removals.h"
#include "gateway/nodes.h"
#include "gateway/schedule.h"
#include "gateway/updates.h"

#define PAGE_DEFAULT 100
#define PAGE_MOST 500
#define JOURNAL_SHOWN 10

static bool is_silent(const struct control_nodes *parts, const struct node *node, struct moment now)
{
	return nodes_is_silent(parts->nodes, node, parts->schedule->interval_ms, now);
}

/* A node with its update, if it has one. */
static json_t *describe(const struct control_nodes *parts, const struct node *node, struct moment now)
{
	const struct update *update = updates_find(parts->updates, node->record.id);
	json_t *object = describe_node(node, is_silent(parts, node, now));

	if (update)
		(void)json_object_set_new(object, "update", describe_update(update));
	const struct stored_hold *hold = holds_on(parts->holds, node->record.id);
	if (hold)
		(void)json_object_set_new(object, "hold", describe_hold(hold));
	if (parts->labels && parts->labels->nodes.count > 0)
		(void)json_object_set_new(object, "labels", describe_labels(parts->labels, node));
	return object;
}

/* What a list is limited to; NULL or false: to nothing. */
struct filter {
	const char *hardware;
	const char *version;
	const char *state;
	const char *match;
	bool silent;
};

static struct filter read_filter(const struct control_request *request)
{
	return (struct filter){
		.hardware = control_text(request, "hardware"),
		.version = control_text(request, "version"),
		.state = control_text(request, "state"),
		.match = control_text(request, "match"),
		.silent = control_boolean(request, "silent"),
	};
}

static bool passes(
	const struct control_nodes *parts, const struct filter *filter, const struct node *node, struct moment now)
{
	const struct node_record *record = &node->record;

	if (filter->hardware && strcmp(filter->hardware, record->hardware) != 0)
		return false;
	if (filter->version && strcmp(filter->version, record->version) != 0)
		return false;
	if (filter->match && !strstr(record->id, filter->match))
		return false;
	if (filter->silent && !is_silent(parts, node, now))
		return false;
	if (!filter->state)
		return true;
	const struct update *update = updates_find(parts->updates, record->id);
	return strcmp(filter->state, update_state_name(update ? update->state : UPDATE_IDLE)) == 0;
}

static const struct control_argument list_arguments[] = {
	{ "hardware", CONTROL_TEXT, false, "only nodes of this hardware type" },
	{ "version", CONTROL_TEXT, false, "only nodes that say they run this version" },
	{ "state", CONTROL_TEXT, false, "only nodes whose update is in this state; \"idle\": without one" },
	{ "match", CONTROL_TEXT, false, "only nodes whose id contains this text" },
	{ "silent", CONTROL_BOOLEAN, false, "only nodes that missed their slots" },
	{ "from", CONTROL_INTEGER, false, "where to go on: \"next\" of the page before" },
	{ "limit", CONTROL_INTEGER, false, "nodes in the answer, 500 at most" },
	{ 0 },
};

static int64_t read_limit(const struct control_request *request)
{
	int64_t limit = control_integer(request, "limit", PAGE_DEFAULT);

	return limit < 1 ? 1 : limit > PAGE_MOST ? PAGE_MOST : limit;
}

static void handle_list(void *context, struct control_request *request)
{
	const struct control_nodes *parts = context;
	struct moment now = clock_moment(parts->clock);
	struct filter filter = read_filter(request);
	int64_t from = control_integer(request, "from", 0), limit = read_limit(request);
	size_t count = nodes_count(parts->nodes), at = from < 0 ? 0 : (size_t)from;
	json_t *list = json_array();

	if (filter.state && update_state_parse(filter.state) < 0) {
		json_decref(list);
		control_fail(request, -EINVAL, "there is no state \"%.32s\"", filter.state);
		return;
	}
	for (; at < count && (int64_t)json_array_size(list) < limit; at++) {
		const struct node *node = nodes_at(parts->nodes, at);
		if (passes(parts, &filter, node, now))
			(void)json_array_append_new(list, describe(parts, node, now));
	}
	json_t *result = json_pack("{s:o, s:I}", "nodes", list, "total", (json_int_t)count);
	if (at < count)
		(void)json_object_set_new(result, "next", json_integer((json_int_t)at));
	control_done(request, result);
}

static const struct control_argument recent_arguments[] = {
	{ "limit", CONTROL_INTEGER, false, "nodes in the answer, 500 at most" },
	{ 0 },
};

static int by_last_seen(const void *a, const void *b)
{
	int64_t a_ms = (*(const struct node *const *)a)->record.last_seen_ms;
	int64_t b_ms = (*(const struct node *const *)b)->record.last_seen_ms;

	return a_ms < b_ms ? 1 : a_ms > b_ms ? -1 : 0;
}

static void handle_recent(void *context, struct control_request *request)
{
	const struct control_nodes *parts = context;
	struct moment now = clock_moment(parts->clock);
	size_t count = nodes_count(parts->nodes), limit = (size_t)read_limit(request);
	const struct node **sorted = calloc(count + 1, sizeof(struct node *));
	json_t *list = json_array();

	if (!sorted) {
		json_decref(list);
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = nodes_at(parts->nodes, i);
	qsort(sorted, count, sizeof(struct node *), by_last_seen);
	for (size_t i = 0; i < count && i < limit; i++)
		(void)json_array_append_new(list, describe(parts, sorted[i], now));
	free(sorted);
	control_done(request, json_pack("{s:o, s:I}", "nodes", list, "total", (json_int_t)count));
}

static const struct control_argument node_arguments[] = {
	{ "node", CONTROL_TEXT, true, "the node's id" },
	{ 0 },
};

/* The node that the request is about, or NULL, having answered. */
static struct node *find(const struct control_nodes *parts, struct control_request *request)
{
	const char *id = control_text(request, "node");
	struct node *node = nodes_find(parts->nodes, id);

	if (!node)
		control_fail(request, -ENOENT, "there is no node \"%.64s\"", id);
	return node;
}

static void handle_show(void *context, struct control_request *request)
{
	const struct control_nodes *parts = context;
	const struct node *node = find(parts, request);

	if (!node)
		return;
	json_t *result = json_pack("{s:o}", "node", describe(parts, node, clock_moment(parts->clock)));
	control_answer_with_journal(request, result, parts->store, node->record.id, JOURNAL_SHOWN);
}

static const struct control_argument add_arguments[] = {
	{ "node", CONTROL_TEXT, true, "the node's id" },
	{ "driver", CONTROL_TEXT, true, "the network it is in, for example \"coap\"" },
	{ 0 },
};

static void handle_add(void *context, struct control_request *request)
{
	const struct control_nodes *parts = context;
	struct moment now = clock_moment(parts->clock);
	const char *id = control_text(request, "node");
	struct node *node;
	int result = nodes_add(parts->nodes, id, control_text(request, "driver"), now, &node);

	if (result == -EEXIST)
		control_fail(request, result, "there is a node \"%.64s\" already", id);
	else if (result == -EINVAL)
		control_fail(request, result,
			"\"%.64s\" cannot be the id of a node: at most %d letters, digits and signs, "
			"without blank, '/', '\"' and '\\'",
			id, NODE_ID_MAX);
	else if (result < 0)
		control_fail(request, result, "the node cannot join: %s", strerror(-result));
	if (result < 0)
		return;
	control_note(parts->store, now, "node.added", id, control_asker_name(request));
	control_done(request, json_pack("{s:o}", "node", describe(parts, node, now)));
}

static void on_removed(void *context, int result)
{
	struct control_request *request = context;

	if (result < 0)
		control_fail(request, result,
			"\"%.64s\" is forgotten, but the disk refuses that (%s): it is tried again; a restart "
			"before it works brings the node back",
			control_text(request, "node"), strerror(-result));
	else
		control_done(request, NULL);
}

static void handle_remove(void *context, struct control_request *request)
{
	const struct control_nodes *parts = context;
	struct store_reply told = { .done = on_removed, .context = request };
	struct node *node = find(parts, request);

	if (node && node_removals_remove(
			    parts->removals, node, control_asker_name(request), told, clock_moment(parts->clock)) < 0)
		control_fail(request, -ENOMEM, "out of memory");
}

static const struct control_command commands[] = {
	{ "node.list", "nodes, in the order in which they joined, in pages", list_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_list },
	{ "node.recent", "the nodes heard of last", recent_arguments, CONTROL_REMOTE | CONTROL_READS, handle_recent },
	{ "node.show", "one node, its update and the latest entries about it in the journal", node_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_show },
	{ "node.add", "lets a node in that has not been heard of", add_arguments, CONTROL_REMOTE, handle_add },
	{ "node.remove", "forgets a node", node_arguments, CONTROL_REMOTE, handle_remove },
};

int control_nodes_register(struct control *control, struct control_nodes *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
