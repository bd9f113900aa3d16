#include "gateway/control_rollouts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/fleet.h"
#include "gateway/image_cache.h"
#include "gateway/link_budget.h"
#include "gateway/moment.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/rollout_preview.h"
#include "gateway/rollouts.h"
#include "gateway/rollouts_claims.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "protocols/hex.h"

#define NODES_TOLD 100 /* nodes that hold a wave up, in one answer */
#define WAITS_SIZE 192 /* of the sentence that says for what it waits, at least UPDATE_HOURS_SENTENCE_SIZE */

static const struct control_argument create_arguments[] = {
	{ "rollout", CONTROL_TEXT, true, "a name for it: letters, digits and -_., 32 at most" },
	{ "image", CONTROL_TEXT, true, "name, head of the digest, or HARDWARE@VERSION of a complete image" },
	{ "hardware", CONTROL_TEXT, false, "nodes of this type; else the image's" },
	{ "only", CONTROL_TEXT, false, "only nodes whose names match this pattern, such as \"hall-*\"" },
	{ "labels", CONTROL_LIST, false, "only nodes that have all these labels" },
	{ "versions", CONTROL_TEXT, false, "only nodes that run such a version, as \">=1.2.0 <2\"" },
	{ "nodes", CONTROL_LIST, false, "only these nodes" },
	{ "priority", CONTROL_INTEGER, false, "of two rollouts the higher one gets a node; 0, -100 to 100" },
	{ "waves", CONTROL_TEXT, false, "shares of the nodes in percent, rising to 100; \"1 5 10 100\"" },
	{ "fleet", CONTROL_BOOLEAN, false, "the shares are of a fleet of gateways: a wave may hold no node here" },
	{ "start_ms", CONTROL_INTEGER, false, "not before, milliseconds since 1970" },
	{ "soak_ms", CONTROL_INTEGERS, false, "how long a wave is watched before the next, or each of them; 24 h" },
	{ "window", CONTROL_TEXT, false, "when nodes may be updated, as \"Mon-Fri 22:00-05:00 Europe/Berlin\"" },
	{ "apply_window", CONTROL_TEXT, false, "when they may activate it, if that is another time" },
	{ "deadline_wakes", CONTROL_INTEGER, false, "wakes after which a node that is not done is silent; 20" },
	{ "confirmed_percent", CONTROL_INTEGER, false, "nodes that must run the image for the next wave; 90" },
	{ "failed_percent", CONTROL_INTEGER, false, "nodes that may fail or fall silent; 10" },
	{ "failed_most", CONTROL_INTEGER, false, "and how many in all; 0: no limit" },
	{ "ignore_drops", CONTROL_BOOLEAN, false, "do not compare how often updated and other nodes drop" },
	{ "battery_percent", CONTROL_INTEGER, false, "no offer to nodes that say they have less; 0" },
	{ "ignore_online", CONTROL_BOOLEAN, false, "do not compare how many updated and other nodes went away" },
	{ "traffic_percent", CONTROL_INTEGER, false, "more traffic that updated nodes may make; 50, 0: any" },
	{ "drain_percent", CONTROL_INTEGER, false, "faster that their batteries may go; 50, 0: any" },
	{ "confidence_percent", CONTROL_INTEGER, false, "that no comparison stops a good image; 99" },
	{ "on_failure", CONTROL_TEXT, false, "\"pause\" (default), or \"rollback\" to the former images" },
	{ "approval", CONTROL_BOOLEAN, false, "begin only once an operator has approved" },
	{ "dry_run", CONTROL_BOOLEAN, false, "begin nothing: say how many nodes each wave has" },
	{ "list", CONTROL_BOOLEAN, false, "of a dry run: each node, its wave, when, and why not" },
	{ "from", CONTROL_INTEGER, false, "of the list: where to go on, \"next\" of the page before" },
	{ "limit", CONTROL_INTEGER, false, "nodes in the answer, 1000 at most" },
	{ 0 },
};

/* The arguments as the JSON of a plan. */
static json_t *plan_json(
	const struct control_rollouts *parts, struct control_request *request, const struct stored_image *image)
{
	static const char *const texts[] = { "rollout", "hardware", "only", "versions", "waves", "window",
		"apply_window", "on_failure" };
	static const char *const lists[] = { "labels", "nodes" };
	static const char *const numbers[] = { "priority", "start_ms", "deadline_wakes", "confirmed_percent",
		"failed_percent", "failed_most", "battery_percent", "traffic_percent", "drain_percent",
		"confidence_percent" };
	char hex[65];
	json_t *json = json_object();

	hex_print(hex, image->sha256, sizeof(image->sha256));
	(void)json_object_set_new(json, "image", json_string(hex));
	(void)json_object_set_new(json, "hardware", json_string(image->hardware));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (control_text(request, texts[i]))
			(void)json_object_set_new(json, texts[i], json_string(control_text(request, texts[i])));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (control_list(request, lists[i]))
			(void)json_object_set_new(json, lists[i], json_deep_copy(control_list(request, lists[i])));
	if (control_integers(request, "soak_ms"))
		(void)json_object_set_new(json, "soak_ms", json_deep_copy(control_integers(request, "soak_ms")));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t number = control_integer(request, numbers[i], INT64_MIN);
		if (number != INT64_MIN)
			(void)json_object_set_new(json, numbers[i], json_integer(number));
	}
	(void)json_object_set_new(json, "drops", json_boolean(!control_boolean(request, "ignore_drops")));
	(void)json_object_set_new(json, "online", json_boolean(!control_boolean(request, "ignore_online")));
	(void)json_object_set_new(json, "fleet", json_boolean(control_boolean(request, "fleet")));
	(void)json_object_set_new(json, "approval", json_boolean(control_boolean(request, "approval")));
	return json;
}

/* 0, or a negative errno, having answered. */
static int read_plan(const struct control_rollouts *parts, struct control_request *request, struct rollout_plan *out)
{
	const char *text = control_text(request, "image");
	const struct stored_image *image;
	char why[ROLLOUT_SENTENCE_SIZE];
	int error = image_cache_resolve(parts->images, text, &image);

	if (error == -ENOTUNIQ)
		control_fail(request, -EINVAL, "\"%.64s\" may be several images; give more digits of its digest", text);
	else if (error < 0)
		control_fail(request, -ENOENT, "there is no image \"%.64s\"", text);
	if (error < 0)
		return error;
	json_t *json = plan_json(parts, request, image);
	error = rollout_plan_parse(out, json, why);
	json_decref(json);
	if (!error)
		error = rollouts_check_zones(parts->rollouts, out, why, sizeof(why));
	if (error)
		control_fail(request, error, "%s", why);
	else if (*image->hardware && strcmp(image->hardware, out->targets.hardware) != 0) {
		error = -EINVAL;
		control_fail(request, error, "the image is for %s, not for %s", image->hardware, out->targets.hardware);
	}
	return error;
}

static void fail_create(const struct control_rollouts *parts, struct control_request *request,
	const struct rollout_plan *plan, int error)
{
	if (error == -EEXIST)
		control_fail(request, error, "there is a rollout \"%s\" already", plan->id);
	else if (error == -EBUSY)
		control_fail(request, error,
			"the rollout %s of the same nodes is open; abort it, or give one of them a higher priority",
			rollouts_rival(parts->rollouts, plan)->plan.id);
	else if (error == -ENOBUFS)
		control_fail(request, error, "%d rollouts are open", ROLLOUTS_OPEN_MAX);
	else
		control_fail(request, error, "%s", strerror(-error));
}

static void handle_create(void *context, struct control_request *request)
{
	const struct control_rollouts *parts = context;
	struct rollout_plan plan;

	if (read_plan(parts, request, &plan) < 0)
		return;
	const struct preview_pages pages = {
		.wanted = control_boolean(request, "list"),
		.from = control_integer(request, "from", 0),
		.limit = control_integer(request, "limit", PREVIEW_PAGE_DEFAULT),
	};
	if (control_boolean(request, "dry_run")) {
		control_done(request, rollout_preview(parts, &plan, &pages));
		return;
	}
	int error = rollouts_create(parts->rollouts, &plan, control_asker_name(request), clock_moment(parts->clock));
	if (error)
		fail_create(parts, request, &plan, error);
	else
		control_done(request, rollout_preview(parts, &plan, NULL));
}

static json_t *limits_json(const struct control_rollouts *parts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "link_transfers", (json_int_t)parts->links->transfers,
		"link_per_parent", (json_int_t)parts->links->per_parent, "spread_ms",
		(json_int_t)parts->quiet->spread_ms, "link_rate_bytes", (json_int_t)parts->links->rate_bytes,
		"attempts", (json_int_t)parts->update_settings->attempts, "retry_after_ms",
		(json_int_t)parts->update_settings->retry_after_ms);
}

/* Begins nothing, and simulates nothing: that is for whoever asked, with its own processor. */
static void handle_forecast(void *context, struct control_request *request)
{
	const struct control_rollouts *parts = context;
	struct rollout_plan plan;

	if (read_plan(parts, request, &plan) < 0)
		return;
	json_t *json = rollout_sample(parts, &plan);
	const struct stored_image *image = image_cache_find(parts->images, plan.sha256);
	if (json && image)
		(void)json_object_set_new(json, "image_bytes", json_integer(image->size_bytes));
	if (json && parts->links)
		(void)json_object_update_new(json, limits_json(parts));
	if (json)
		control_done(request, json);
	else
		control_fail(request, -ENOMEM, "out of memory");
}

/* What an open rollout waits for that is no single node's matter: "" nothing. */
static void explain_waiting(const struct control_rollouts *parts, size_t index, char sentence[WAITS_SIZE])
{
	const struct rollout *rollout = rollouts_at(parts->rollouts, index);
	const struct rollout_facts *facts = rollouts_facts(parts->rollouts, index);
	struct moment now = clock_moment(parts->clock);
	bool waits = rollout->state == ROLLOUT_WAITING;

	sentence[0] = '\0';
	if (waits && rollout->plan.approval && !rollout->approved)
		snprintf(sentence, WAITS_SIZE, "nobody has approved it yet");
	else if (rollout_is_offering(rollout) || (waits && rollout->plan.start_ms <= now.wall_ms))
		rollouts_explain_window(parts->rollouts, index, now, sentence);
	if (!*sentence && rollout_is_barred(rollout, facts))
		rollout_explain_barred(facts, sentence, WAITS_SIZE);
}

static json_t *describe(const struct control_rollouts *parts, size_t index)
{
	const struct rollout *rollout = rollouts_at(parts->rollouts, index);
	const struct rollout_facts *facts = rollouts_facts(parts->rollouts, index);
	char waits[WAITS_SIZE];
	const struct gate_tally *tally = &facts->tally;
	char image[65];

	hex_print(image, rollout->plan.sha256, sizeof(rollout->plan.sha256));
	json_t *excused = json_object();
	for (int i = OBSTACLE_NONE + 1; i < OBSTACLES; i++)
		(void)json_object_set_new(excused, obstacle_name((enum obstacle)i), json_integer(facts->excused[i]));
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "rollout",
		rollout->plan.id, "state", rollout_state_name(rollout->state), "image", image, "hardware",
		rollout->plan.targets.hardware, "wave", (int)rollout->wave + 1, "waves", (int)rollout->plan.wave_count,
		"nodes", (int)facts->concerned, "reached", (int)tally->nodes, "confirmed", (int)tally->confirmed,
		"failed", (int)tally->failed, "silent", (int)tally->silent, "open", (int)tally->open, "forgiven",
		(int)facts->forgiven, "excused", excused);
	const struct stored_image *stored = image_cache_find(parts->images, rollout->plan.sha256);
	describe_text(json, "version", stored ? stored->version : "");
	describe_text(json, "reason", rollout->reason);
	explain_waiting(parts, index, waits);
	describe_text(json, "waits", waits);
	if (rollout->plan.approval)
		(void)json_object_set_new(json, "approved", json_boolean(rollout->approved));
	describe_text(json, "missing_stone", facts->missing_stone);
	describe_time(json, "created_ms", rollout->created_ms);
	describe_time(json, "changed_ms", rollout->changed_ms);
	describe_time(json, "wave_ms", rollout->wave_ms);
	if (rollout->state == ROLLOUT_SOAKING)
		describe_time(json, "soak_until_ms", rollout_judged_ms(rollout));
	return json;
}

static void handle_list(void *context, struct control_request *request)
{
	const struct control_rollouts *parts = context;
	json_t *list = json_array();

	for (size_t i = 0; i < rollouts_count(parts->rollouts); i++)
		(void)json_array_append_new(list, describe(parts, i));
	control_done(request, json_pack("{s:o}", "rollouts", list));
}

static const struct control_argument name_arguments[] = {
	{ "rollout", CONTROL_TEXT, true, "its name" },
	{ 0 },
};

/* Its index, or -1, having answered. */
static int find(const struct control_rollouts *parts, struct control_request *request)
{
	const char *id = control_text(request, "rollout");

	for (size_t i = 0; i < rollouts_count(parts->rollouts); i++)
		if (strcmp(rollouts_at(parts->rollouts, i)->plan.id, id) == 0)
			return (int)i;
	control_fail(request, -ENOENT, "there is no rollout \"%.64s\"", id);
	return -1;
}

static const char *turn_word(enum rollout_turn turn, const struct update *update, struct moment now)
{
	switch (turn) {
	case TURN_FAILED:
		return update && update->record.reason[0] ? update->record.reason : "failed";
	case TURN_SILENT:
		return "silent";
	case TURN_UNDER_WAY:
		if (update && update_waits_for_window(update, now))
			return update->state == UPDATE_DOWNLOADED ? "waits to activate" : "waits for its window";
		return update ? update_state_name(update->state) : "under way";
	case TURN_DUE:
		return update && update->state == UPDATE_WITHDRAWN ? "taken back" : "not in contact yet";
	case TURN_EXCUSED:
		return "held back";
	case TURN_FOREIGN:
	case TURN_LATER:
	case TURN_CONFIRMED:
		break;
	}
	return NULL;
}

/* Why it does not run the image; NULL: it does, or need not. `obstacle` is room for that. */
static const char *missing_word(const struct control_rollouts *parts, const struct rollout *rollout,
	const struct node *node, struct moment now, char obstacle[OBSTACLE_TEXT_SIZE])
{
	const struct update *update = updates_find(parts->updates, node->record.id);
	uint32_t place;
	enum rollout_turn turn = rollouts_turn(parts->rollouts, rollout, node, now, &place);

	if (turn == TURN_EXCUSED && rollouts_obstacle(parts->rollouts, rollout, node, now, obstacle) != OBSTACLE_NONE)
		return obstacle;
	if (turn == TURN_DUE && !rollouts_is_window_open(parts->rollouts, rollout, node, now))
		return "outside its window";
	return turn_word(turn, update, now);
}

/* The nodes within reach that do not run the image, and why. */
static json_t *describe_missing(const struct control_rollouts *parts, const struct rollout *rollout)
{
	struct moment now = clock_moment(parts->clock);
	json_t *list = json_array();

	for (size_t i = 0; i < nodes_count(parts->nodes) && json_array_size(list) < NODES_TOLD; i++) {
		const struct node *node = nodes_at(parts->nodes, i);
		char obstacle[OBSTACLE_TEXT_SIZE];
		const char *word = missing_word(parts, rollout, node, now, obstacle);
		if (word)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s}", "node", node->record.id, "state", word));
	}
	return list;
}

/* What keeps a node from being back, or NULL. */
static const char *return_word(enum rollout_return found, const struct update *update, char *text, size_t size)
{
	switch (found) {
	case RETURN_UNDER_WAY:
		return "going back";
	case RETURN_REFUSED:
		snprintf(text, size, "refuses to go back: %s",
			*update->record.reason ? update->record.reason : update_state_name(update->state));
		return text;
	case RETURN_IMPOSSIBLE:
		return "cannot go back: its former image is not here";
	case RETURN_NONE:
	case RETURN_DONE:
	case RETURNS:
		break;
	}
	return NULL;
}

/* After a rollback: which nodes are back, and which not and why. */
static void describe_returns(const struct control_rollouts *parts, const struct rollout *rollout, json_t *json)
{
	json_t *list = json_object_get(json, "missing"), *counts = json_object();
	json_int_t found[RETURNS] = { 0 };
	char text[128];

	for (size_t i = 0; i < nodes_count(parts->nodes); i++) {
		const struct node_record *record = &nodes_at(parts->nodes, i)->record;
		const struct update *update = updates_find(parts->updates, record->id);
		enum rollout_return outcome = rollout_return(rollout, record, update);
		const char *word = return_word(outcome, update, text, sizeof(text));
		found[outcome]++;
		if (word && json_array_size(list) < NODES_TOLD)
			(void)json_array_append_new(list, json_pack("{s:s, s:s}", "node", record->id, "state", word));
	}
	for (int i = RETURN_NONE + 1; i < RETURNS; i++)
		(void)json_object_set_new(counts, rollout_return_name((enum rollout_return)i), json_integer(found[i]));
	(void)json_object_set_new(json, "returns", counts);
}

static void handle_show(void *context, struct control_request *request)
{
	const struct control_rollouts *parts = context;
	int index = find(parts, request);

	if (index < 0)
		return;
	const struct rollout *rollout = rollouts_at(parts->rollouts, (size_t)index);
	json_t *json = describe(parts, (size_t)index);
	json_t *view = rollout_preview(parts, &rollout->plan, NULL);
	(void)json_object_set(json, "plan", json_object_get(view, "plan"));
	(void)json_object_set(json, "wave_nodes", json_object_get(view, "waves"));
	(void)json_object_set(json, "wave_confirmed", json_object_get(view, "running_of"));
	bool is_back = rollout->state == ROLLOUT_ROLLED_BACK;
	(void)json_object_set_new(json, "missing", is_back ? json_array() : describe_missing(parts, rollout));
	if (is_back)
		describe_returns(parts, rollout, json);
	json_decref(view);
	control_done(request, json);
}

static void intervene(const struct control_rollouts *parts, struct control_request *request, enum rollout_event event)
{
	int index = find(parts, request);

	if (index < 0)
		return;
	static const char *const words[] = { "", "approved", "paused", "resumed", "aborted", "rolled back" };
	const struct rollout *rollout = rollouts_at(parts->rollouts, (size_t)index);
	int error = rollouts_intervene(
		parts->rollouts, rollout->plan.id, event, control_asker_name(request), clock_moment(parts->clock));
	if (error == -EALREADY)
		control_fail(request, error, "the rollout is %s already", rollout_state_name(rollout->state));
	else if (error)
		control_fail(request, error, "the rollout is %s, and cannot be %s", rollout_state_name(rollout->state),
			words[event]);
	else
		control_done(request, describe(parts, (size_t)index));
}

static void handle_approve(void *context, struct control_request *request)
{
	intervene(context, request, ROLLOUT_APPROVE);
}

static void handle_pause(void *context, struct control_request *request)
{
	intervene(context, request, ROLLOUT_PAUSE);
}

static void handle_resume(void *context, struct control_request *request)
{
	intervene(context, request, ROLLOUT_RESUME);
}

static void handle_abort(void *context, struct control_request *request)
{
	intervene(context, request, ROLLOUT_ABORT);
}

static void handle_rollback(void *context, struct control_request *request)
{
	intervene(context, request, ROLLOUT_ROLL_BACK);
}

static void handle_remove(void *context, struct control_request *request)
{
	const struct control_rollouts *parts = context;

	if (find(parts, request) < 0)
		return;
	if (fleet_has(parts->fleet, control_text(request, "rollout")))
		control_fail(request, -EBUSY, "the fleet's document of it stands, and would begin it anew");
	else if (rollouts_remove(parts->rollouts, control_text(request, "rollout")) < 0)
		control_fail(request, -EBUSY, "the rollout is open; abort it first");
	else
		control_done(request, json_object());
}

static const struct control_command commands[] = {
	{ "rollout.create", "begins a rollout of an image in waves", create_arguments, CONTROL_REMOTE, handle_create },
	{ "rollout.forecast", "what is known of the nodes that a rollout would be about", create_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_forecast },
	{ "rollout.list", "all rollouts that are kept", NULL, CONTROL_REMOTE | CONTROL_READS, handle_list },
	{ "rollout.show", "one rollout: plan, waves, and the nodes that it waits for", name_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_show },
	{ "rollout.approve", "lets a rollout begin that waits for approval", name_arguments, CONTROL_REMOTE,
		handle_approve },
	{ "rollout.pause", "offers the image to no further node", name_arguments, CONTROL_REMOTE, handle_pause },
	{ "rollout.resume", "goes on with one that is paused, or past a gate that tripped", name_arguments,
		CONTROL_REMOTE, handle_resume },
	{ "rollout.abort", "ends a rollout; nodes keep what they run", name_arguments, CONTROL_REMOTE, handle_abort },
	{ "rollout.rollback", "ends a rollout and orders the former images back", name_arguments, CONTROL_REMOTE,
		handle_rollback },
	{ "rollout.remove", "forgets a rollout that is over", name_arguments, CONTROL_REMOTE, handle_remove },
};

int control_rollouts_register(struct control *control, struct control_rollouts *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
