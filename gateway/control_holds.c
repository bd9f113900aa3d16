#include "gateway/control_holds.h"

#include <errno.h>
#include <string.h>

#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/holds.h"
#include "gateway/moment.h"
#include "gateway/nodes.h"
#include "gateway/rollouts.h"
#include "gateway/updates.h"

#define PAGE_DEFAULT 100
#define PAGE_MOST 500

static const struct control_argument hold_arguments[] = {
	{ "node", CONTROL_TEXT, true, "the node's id" },
	{ "reason", CONTROL_TEXT, false, "why, for those who wonder later; 96 bytes" },
	{ 0 },
};

static const struct control_argument node_arguments[] = {
	{ "node", CONTROL_TEXT, true, "the node's id" },
	{ 0 },
};

static const struct control_argument halt_arguments[] = {
	{ "reason", CONTROL_TEXT, false, "why, for those who wonder later; 96 bytes" },
	{ 0 },
};

/* What is held from now on is offered nothing, and what is no more may be. */
static void follow(const struct control_holds *parts, const char *id, bool released, struct moment now)
{
	struct node *node = nodes_find(parts->nodes, id);

	if (released)
		rollouts_grant_time(parts->rollouts, now);
	if (!*id)
		updates_renew_all(parts->updates, now);
	else if (node)
		updates_renew(parts->updates, node, now);
}

static void hold(const struct control_holds *parts, struct control_request *request, const char *id)
{
	const struct hold_order order = { id, control_text(request, "reason"), control_asker_name(request) };
	struct moment now = clock_moment(parts->clock);
	int error = holds_set(parts->holds, &order, now);

	if (error) {
		control_fail(request, error, "%s", error == -ENOBUFS ? "too many nodes are held" : strerror(-error));
		return;
	}
	follow(parts, id, false, now);
	control_done(request, NULL);
}

static void release(const struct control_holds *parts, struct control_request *request, const char *id)
{
	struct moment now = clock_moment(parts->clock);

	if (holds_release(parts->holds, id, control_asker_name(request), now) < 0) {
		if (*id)
			control_fail(request, -ENOENT, "the node \"%.64s\" is not held", id);
		else
			control_fail(request, -EALREADY, "updates are not halted");
		return;
	}
	follow(parts, id, true, now);
	control_done(request, NULL);
}

static void handle_hold(void *context, struct control_request *request)
{
	const struct control_holds *parts = context;
	const char *id = control_text(request, "node");

	if (nodes_find(parts->nodes, id))
		hold(parts, request, id);
	else
		control_fail(request, -ENOENT, "there is no node \"%.64s\"", id);
}

static void handle_release(void *context, struct control_request *request)
{
	const char *id = control_text(request, "node");

	/* Nothing is no node, and must not be taken for all. */
	if (*id)
		release(context, request, id);
	else
		control_fail(request, -EINVAL, "\"node\" is empty");
}

static void handle_halt(void *context, struct control_request *request)
{
	hold(context, request, HOLD_ALL);
}

static void handle_go_on(void *context, struct control_request *request)
{
	release(context, request, HOLD_ALL);
}

static const struct control_argument list_arguments[] = {
	{ "from", CONTROL_INTEGER, false, "where to go on: \"next\" of the page before" },
	{ "limit", CONTROL_INTEGER, false, "holds in the answer, 500 at most" },
	{ 0 },
};

static void handle_list(void *context, struct control_request *request)
{
	const struct control_holds *parts = context;
	int64_t from = control_integer(request, "from", 0), limit = control_integer(request, "limit", PAGE_DEFAULT);
	size_t at = from < 0 ? 0 : (size_t)from, count = holds_count(parts->holds);
	json_t *list = json_array();

	limit = limit < 1 ? 1 : limit > PAGE_MOST ? PAGE_MOST : limit;
	for (; at < count && (int64_t)json_array_size(list) < limit; at++)
		(void)json_array_append_new(list, describe_hold(holds_at(parts->holds, at)));
	json_t *result = json_pack("{s:o}", "holds", list);
	if (at < count)
		(void)json_object_set_new(result, "next", json_integer((json_int_t)at));
	control_done(request, result);
}

static const struct control_command commands[] = {
	{ "node.hold", "keeps a node from being updated", hold_arguments, CONTROL_REMOTE, handle_hold },
	{ "node.release", "lets a node be updated again", node_arguments, CONTROL_REMOTE, handle_release },
	{ "node.holds", "the nodes that are held, and why", list_arguments, CONTROL_REMOTE | CONTROL_READS,
		handle_list },
	{ "update.halt", "emergency stop: nothing is offered to any node, transfers end", halt_arguments,
		CONTROL_REMOTE, handle_halt },
	{ "update.go_on", "ends the emergency stop", NULL, CONTROL_REMOTE, handle_go_on },
};

int control_holds_register(struct control *control, struct control_holds *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
