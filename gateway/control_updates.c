#include "gateway/control_updates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/image_cache.h"
#include "gateway/moment.h"
#include "gateway/nodes.h"
#include "gateway/schedule.h"
#include "gateway/updates.h"

#define PAGE_DEFAULT 100
#define PAGE_MOST 500
#define REFUSALS_TOLD 100 /* of one order */
#define SUMMARY_TOLD 50   /* transfers and failures each */

/* Which updates a request is about; what is not said limits nothing. */
struct filter {
	const json_t *nodes;
	const char *hardware;
	const char *state;
	const struct stored_image *image;
	int64_t since_ms;
};

/* How many updates have to be looked at. */
static size_t candidate_count(const struct control_updates *parts, const struct filter *filter)
{
	return filter->nodes ? json_array_size(filter->nodes) : updates_count(parts->updates);
}

/* The update at `index` if it passes, else NULL. Named nodes are looked up: there may be thousands. */
static const struct update *candidate(const struct control_updates *parts, const struct filter *filter, size_t index)
{
	const struct update *update =
		filter->nodes ? updates_find(parts->updates, json_string_value(json_array_get(filter->nodes, index)))
			      : updates_at(parts->updates, index);
	const struct node *node = update ? nodes_find(parts->nodes, update->record.node) : NULL;

	if (!update || update->record.created_ms < filter->since_ms)
		return NULL;
	if (filter->hardware && (!node || strcmp(node->record.hardware, filter->hardware) != 0))
		return NULL;
	if (filter->state && strcmp(update_state_name(update->state), filter->state) != 0)
		return NULL;
	if (filter->image && memcmp(update->record.goal, filter->image->sha256, sizeof(filter->image->sha256)) != 0)
		return NULL;
	return update;
}

/* The image that `text` means: 0, or a negative errno, having answered. */
static int resolve(const struct control_updates *parts, struct control_request *request, const char *text,
	const struct stored_image **out)
{
	int result = image_cache_resolve(parts->images, text, out);

	if (result == -ENOTUNIQ)
		control_fail(request, -EINVAL, "\"%.64s\" may be several images; give more digits of its digest", text);
	else if (result < 0)
		control_fail(request, -ENOENT, "there is no image \"%.64s\"", text);
	return result;
}

#define FILTER_ARGUMENTS                                                                                          \
	{ "nodes", CONTROL_LIST, false, "only updates of these nodes" },                                          \
		{ "hardware", CONTROL_TEXT, false, "only of nodes of this hardware type" },                       \
		{ "image", CONTROL_TEXT, false, "only to this image" },                                           \
		{ "state", CONTROL_TEXT, false, "only in this state" },                                           \
	{                                                                                                         \
		"since_ms", CONTROL_INTEGER, false, "only ordered at this time or later, milliseconds since 1970" \
	}

/* 0, or a negative errno, having answered. */
static int read_filter(const struct control_updates *parts, struct control_request *request, struct filter *out)
{
	const char *image = control_text(request, "image");

	*out = (struct filter){
		.nodes = control_list(request, "nodes"),
		.hardware = control_text(request, "hardware"),
		.state = control_text(request, "state"),
		.since_ms = control_integer(request, "since_ms", 0),
	};
	if (out->state && update_state_parse(out->state) < 0) {
		control_fail(request, -EINVAL, "there is no state \"%.32s\"", out->state);
		return -EINVAL;
	}
	return image ? resolve(parts, request, image, &out->image) : 0;
}

static const struct control_argument list_arguments[] = {
	FILTER_ARGUMENTS,
	{ "from", CONTROL_INTEGER, false, "where to go on: \"next\" of the page before" },
	{ "limit", CONTROL_INTEGER, false, "updates in the answer, 500 at most" },
	{ 0 },
};

/* When a node that is to begin, or begin anew, is likely to: its first call after all that makes it wait. */
static int64_t next_try_ms(const struct control_updates *parts, const struct update *update, struct moment now)
{
	const struct node *node = nodes_find(parts->nodes, update->record.node);
	int64_t from_ms = now.wall_ms;

	if (!node || update->state != UPDATE_OFFERED)
		return 0;
	if (from_ms < update->record.retry_at_ms)
		from_ms = update->record.retry_at_ms;
	if (from_ms < update->times.fetch_from_ms)
		from_ms = update->times.fetch_from_ms;
	if (from_ms < update->told_to_come_ms)
		from_ms = update->told_to_come_ms;
	return node_record_likely_ms(&node->record, parts->schedule->interval_ms, from_ms);
}

static json_t *describe(const struct control_updates *parts, const struct update *update, struct moment now)
{
	json_t *json = describe_update(update);

	describe_time(json, "next_try_ms", next_try_ms(parts, update, now));
	return json;
}

static void handle_list(void *context, struct control_request *request)
{
	const struct control_updates *parts = context;
	struct filter filter;
	int64_t from = control_integer(request, "from", 0), limit = control_integer(request, "limit", PAGE_DEFAULT);
	size_t at = from < 0 ? 0 : (size_t)from;

	if (read_filter(parts, request, &filter) < 0)
		return;
	size_t count = candidate_count(parts, &filter);
	struct moment now = clock_moment(parts->clock);
	limit = limit < 1 ? 1 : limit > PAGE_MOST ? PAGE_MOST : limit;
	json_t *list = json_array();
	for (; at < count && (int64_t)json_array_size(list) < limit; at++) {
		const struct update *update = candidate(parts, &filter, at);
		if (update)
			(void)json_array_append_new(list, describe(parts, update, now));
	}
	json_t *result = json_pack("{s:o}", "updates", list);
	if (at < count)
		(void)json_object_set_new(result, "next", json_integer((json_int_t)at));
	control_done(request, result);
}

/* What many updates come to. */
struct summary {
	unsigned count[UPDATE_STATES];
	uint64_t bytes_done, bytes_total;
	json_t *transfers, *failures;
};

static void add_to_summary(struct summary *summary, const struct update *update)
{
	bool failed = update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED;

	summary->count[update->state]++;
	bool left_out = update->state == UPDATE_WITHDRAWN || update->state == UPDATE_UNFIT;
	if (!failed && !left_out && update->size_bytes) {
		bool whole = update->state >= UPDATE_DOWNLOADED;
		summary->bytes_total += update->size_bytes;
		summary->bytes_done += whole ? update->size_bytes : update->record.offset;
	}
	if (update->state == UPDATE_DOWNLOADING && json_array_size(summary->transfers) < SUMMARY_TOLD)
		(void)json_array_append_new(summary->transfers, describe_update(update));
	if (failed && json_array_size(summary->failures) < SUMMARY_TOLD)
		(void)json_array_append_new(summary->failures, describe_update(update));
}

static const struct control_argument summary_arguments[] = { FILTER_ARGUMENTS, { 0 } };

static void handle_summary(void *context, struct control_request *request)
{
	const struct control_updates *parts = context;
	struct filter filter;
	json_t *states = NULL;

	if (read_filter(parts, request, &filter) < 0)
		return;
	struct summary summary = { .transfers = json_array(), .failures = json_array() };
	unsigned total = 0;
	for (size_t i = 0; i < candidate_count(parts, &filter); i++) {
		const struct update *update = candidate(parts, &filter, i);
		if (update)
			add_to_summary(&summary, update);
	}
	states = json_object();
	for (int state = UPDATE_OFFERED; state < UPDATE_STATES; state++) {
		(void)json_object_set_new(
			states, update_state_name((enum update_state)state), json_integer(summary.count[state]));
		total += summary.count[state];
	}
	control_done(request,
		json_pack("{s:i, s:o, s:I, s:I, s:o, s:o}", "total", (int)total, "states", states, "bytes_done",
			(json_int_t)summary.bytes_done, "bytes_total", (json_int_t)summary.bytes_total, "transfers",
			summary.transfers, "failures", summary.failures));
}

/* An order for many nodes, and how it went. */
struct ordering {
	struct control_updates *parts;
	const struct control_request *request;
	struct update_order order;
	struct moment now;
	unsigned ordered, already, refused;
	json_t *refusals;
};

static void refuse(struct ordering *ordering, const char *node, int error)
{
	const char *reason = error == -ENOENT    ? "no such node"
			     : error == -EINVAL  ? "the image is for other hardware"
			     : error == -ENOLINK ? "it lacks a stepping stone"
			     : error == -ENODATA ? "it has said no version, and the image requires one"
			     : error == -ENOBUFS ? "too many updates"
						 : strerror(-error);

	ordering->refused++;
	if (json_array_size(ordering->refusals) < REFUSALS_TOLD)
		(void)json_array_append_new(ordering->refusals,
			json_pack("{s:s, s:s, s:s}", "node", node, "code", control_code(error), "message", reason));
}

static void order_one(struct ordering *ordering, struct node *node)
{
	ordering->order.node = node;
	int result = updates_order(ordering->parts->updates, &ordering->order, ordering->now);

	if (result == 0)
		ordering->ordered++;
	else if (result == -EALREADY)
		ordering->already++;
	else
		refuse(ordering, node->record.id, result);
}

static void order_list(struct ordering *ordering, const json_t *ids)
{
	size_t i;
	json_t *id;

	json_array_foreach (ids, i, id) {
		struct node *node = nodes_find(ordering->parts->nodes, json_string_value(id));
		if (node)
			order_one(ordering, node);
		else
			refuse(ordering, json_string_value(id), -ENOENT);
	}
}

static void order_hardware(struct ordering *ordering, const char *hardware)
{
	for (size_t i = 0; i < nodes_count(ordering->parts->nodes); i++) {
		struct node *node = nodes_at(ordering->parts->nodes, i);
		if (strcmp(node->record.hardware, hardware) == 0)
			order_one(ordering, node);
	}
}

static struct ordering ordering_begin(struct control_updates *parts, const struct control_request *request)
{
	return (struct ordering){
		.parts = parts,
		.request = request,
		.order = { .force = control_boolean(request, "force"),
			.at_once = control_boolean(request, "now"),
			.by = control_asker_name(request) },
		.now = clock_moment(parts->clock),
		.refusals = json_array(),
	};
}

static json_t *ordering_result(const struct ordering *ordering)
{
	return json_pack("{s:i, s:i, s:i, s:o, s:I}", "ordered", (int)ordering->ordered, "already",
		(int)ordering->already, "refused", (int)ordering->refused, "refusals", ordering->refusals, "at_ms",
		(json_int_t)ordering->now.wall_ms);
}

static const struct control_argument start_arguments[] = {
	{ "image", CONTROL_TEXT, true, "name, head of the digest, or HARDWARE@VERSION of a complete image" },
	{ "nodes", CONTROL_LIST, false, "ids of the nodes to update" },
	{ "hardware", CONTROL_TEXT, false, "or all nodes of this hardware type" },
	{ "force", CONTROL_BOOLEAN, false, "also nodes of other hardware, or that run the image already" },
	{ "now", CONTROL_BOOLEAN, false, "whatever hours their labels leave for updates" },
	{ 0 },
};

static void handle_start(void *context, struct control_request *request)
{
	struct control_updates *parts = context;
	const json_t *nodes = control_list(request, "nodes");
	const char *hardware = control_text(request, "hardware");
	const struct stored_image *image;

	if (!nodes == !hardware) {
		control_fail(request, -EINVAL, "update.start needs either \"nodes\" or \"hardware\"");
		return;
	}
	if (resolve(parts, request, control_text(request, "image"), &image) < 0)
		return;
	struct ordering ordering = ordering_begin(parts, request);
	memcpy(ordering.order.sha256, image->sha256, sizeof(image->sha256));
	json_t *described = describe_image(image); /* orders may change the catalogue */
	if (nodes)
		order_list(&ordering, nodes);
	else
		order_hardware(&ordering, hardware);
	json_t *result = ordering_result(&ordering);
	(void)json_object_set_new(result, "image", described);
	control_done(request, result);
}

static const struct control_argument cancel_arguments[] = {
	FILTER_ARGUMENTS,
	{ "all", CONTROL_BOOLEAN, false, "every update; needed where nothing else is said" },
	{ 0 },
};

/* As read_filter(), but a filter that lets everything pass must be asked for. */
static int read_choice(const struct control_updates *parts, struct control_request *request, struct filter *out)
{
	int result = read_filter(parts, request, out);

	if (result < 0)
		return result;
	bool chosen = out->nodes || out->hardware || out->image || out->state || out->since_ms;
	if (chosen || control_boolean(request, "all"))
		return 0;
	control_fail(request, -EINVAL, "say which updates, or \"all\"");
	return -EINVAL;
}

static void handle_cancel(void *context, struct control_request *request)
{
	struct control_updates *parts = context;
	struct moment now = clock_moment(parts->clock);
	struct filter filter;
	int cancelled = 0;

	if (read_choice(parts, request, &filter) < 0)
		return;
	for (size_t i = 0; i < candidate_count(parts, &filter); i++) {
		const struct update *update = candidate(parts, &filter, i);
		struct node *node = update ? nodes_find(parts->nodes, update->record.node) : NULL;
		if (node && update_is_active(update))
			cancelled += updates_cancel(parts->updates, node, control_asker_name(request), now) == 0;
	}
	control_done(request, json_pack("{s:i}", "cancelled", cancelled));
}

static void handle_retry(void *context, struct control_request *request)
{
	struct control_updates *parts = context;
	struct filter filter;

	if (read_choice(parts, request, &filter) < 0)
		return;
	struct ordering ordering = ordering_begin(parts, request);
	for (size_t i = 0; i < candidate_count(parts, &filter); i++) {
		const struct update *update = candidate(parts, &filter, i);
		struct node *node = update ? nodes_find(parts->nodes, update->record.node) : NULL;
		if (!node || (update->state != UPDATE_FAILED && update->state != UPDATE_REVERTED))
			continue;
		memcpy(ordering.order.sha256, update->record.goal, sizeof(update->record.goal));
		order_one(&ordering, node);
	}
	control_done(request, ordering_result(&ordering));
}

static const struct control_command commands[] = {
	{ "update.start", "orders that nodes get an image", start_arguments, CONTROL_REMOTE, handle_start },
	{ "update.list", "the current or last update of each node, in pages", list_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_list },
	{ "update.summary", "what updates come to: counts by state, bytes, transfers, failures", summary_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_summary },
	{ "update.cancel", "ends updates that are under way", cancel_arguments, CONTROL_REMOTE, handle_cancel },
	{ "update.retry", "orders failed and reverted updates again", cancel_arguments, CONTROL_REMOTE, handle_retry },
};

int control_updates_register(struct control *control, struct control_updates *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
