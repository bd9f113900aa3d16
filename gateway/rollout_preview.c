#include "gateway/rollout_preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control_rollouts.h"
#include "gateway/image_cache.h"
#include "gateway/moment.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "gateway/rollouts.h"
#include "gateway/rollouts_claims.h"
#include "gateway/schedule.h"
#include "gateway/stones.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"

#define REASONS_MAX 16
#define REASON_SIZE 96
#define CONTACTS_TRIED 20
#define QUARTER_MS (INT64_C(900) * 1000)
#define WEEK_QUARTERS 672

/* How many nodes are left out for one reason. */
struct reason {
	char text[REASON_SIZE];
	json_int_t nodes;
};

struct preview {
	const struct control_rollouts *parts;
	const struct rollout_plan *plan;
	const struct rollout *rollout; /* itself, so that it is not its own rival; else `planned` */
	struct rollout planned;        /* as it would be */
	struct moment now;
	const struct node
		*first; /* of a gateway alone, whose first wave reaches no node: the one that it is; or NULL */
	json_int_t concerned, running;
	json_int_t waves[WAVES_MAX], running_of[WAVES_MAX];
	struct reason reasons[REASONS_MAX];
	size_t reason_count;
	json_t *list;
};

/* What is known of one node. */
struct outlook {
	bool is_meant;
	bool runs_it;
	unsigned wave;
	char reason[REASON_SIZE]; /* "": it gets the image */
	char detail[OBSTACLE_TEXT_SIZE];
};

static void exclude(struct outlook *outlook, const char *reason)
{
	snprintf(outlook->reason, sizeof(outlook->reason), "%s", reason);
}

static void look_for_obstacle(const struct preview *preview, const struct node *node, struct outlook *outlook)
{
	enum obstacle obstacle =
		rollouts_obstacle(preview->parts->rollouts, preview->rollout, node, preview->now, outlook->detail);

	if (obstacle != OBSTACLE_NONE)
		exclude(outlook, obstacle_sentence(obstacle));
}

static unsigned wave_of_node(const struct preview *preview, const struct node *node)
{
	const struct rollout_plan *plan = preview->plan;

	return node == preview->first ? 0
				      : wave_of(wave_place(plan->id, node->record.id), plan->waves, plan->wave_count);
}

static struct outlook look(const struct preview *preview, const struct node *node)
{
	const struct rollout_plan *plan = preview->plan;
	const struct node_record *record = &node->record;
	struct outlook outlook = {
		.runs_it = digest_heads_match(record->image, record->image_size, plan->sha256, sizeof(plan->sha256)),
		.wave = wave_of_node(preview, node),
	};
	enum target_verdict verdict =
		rollout_targets_judge(&plan->targets, preview->parts->labels, record, outlook.runs_it);
	const struct rollout *holder =
		rollouts_taken_by(preview->parts->rollouts, preview->rollout, node, preview->now);

	outlook.is_meant = verdict == TARGET_MEANT;
	if (!outlook.is_meant)
		exclude(&outlook, target_verdict_text(verdict));
	else if (outlook.runs_it)
		exclude(&outlook, "runs the image already");
	else if (holder)
		snprintf(outlook.reason, sizeof(outlook.reason), "belongs to the rollout %s", holder->plan.id);
	else
		look_for_obstacle(preview, node, &outlook);
	return outlook;
}

static void count_reason(struct preview *preview, const char *text)
{
	size_t at = 0;

	while (at < preview->reason_count && strcmp(preview->reasons[at].text, text) != 0)
		at++;
	if (at == REASONS_MAX)
		return;
	if (at == preview->reason_count) {
		snprintf(preview->reasons[at].text, sizeof(preview->reasons[at].text), "%s", text);
		preview->reason_count++;
	}
	preview->reasons[at].nodes++;
}

static void count(struct preview *preview, const struct outlook *outlook)
{
	if (*outlook->reason)
		count_reason(preview, outlook->reason);
	if (!outlook->is_meant)
		return;
	preview->concerned++;
	preview->running += outlook->runs_it;
	preview->waves[outlook->wave]++;
	preview->running_of[outlook->wave] += outlook->runs_it;
}

/* Its first contact in its window once its wave can have begun. */
static int64_t earliest_ms(const struct preview *preview, const struct node_record *node, unsigned wave)
{
	const struct rollout_plan *plan = preview->plan;
	int64_t interval_ms = preview->parts->schedule->interval_ms;
	int64_t start_ms = plan->start_ms > preview->now.wall_ms ? plan->start_ms : preview->now.wall_ms;
	int64_t begins_ms = start_ms + wave * interval_ms;

	for (unsigned before = 0; before < wave; before++)
		begins_ms += plan->soak_ms[before];

	/* A contact outside its window does not count; one that never meets the window is told as if it did. */
	for (int tries = 0; tries < CONTACTS_TRIED; tries++) {
		int64_t contact_ms = node_record_likely_ms(node, interval_ms, begins_ms);
		begins_ms = rollouts_opens_ms(preview->parts->rollouts, plan, node, preview->now, contact_ms);
		if (begins_ms == contact_ms)
			break;
	}
	return begins_ms;
}

/* The versions that it goes over first, where there are such. */
static void add_stones(const struct preview *preview, const struct node_record *node, json_t *line)
{
	struct stone_route route = { 0 };
	char why[STONES_WHY_SIZE];

	if (stones_route(preview->parts->images, node, preview->plan->sha256, &route, why) < 0 || route.count < 2)
		return;
	json_t *over = json_array();
	for (size_t i = 0; i + 1 < route.count; i++)
		(void)json_array_append_new(over, json_string(route.images[i]->version));
	(void)json_object_set_new(line, "over", over);
}

static void list_node(struct preview *preview, const struct node_record *node, const struct outlook *outlook)
{
	json_t *line = json_pack("{s:s}", "node", node->id);

	if (*outlook->reason) {
		(void)json_object_set_new(line, "reason", json_string(outlook->reason));
		if (*outlook->detail)
			(void)json_object_set_new(line, "detail", json_string(outlook->detail));
	} else {
		(void)json_object_set_new(line, "wave", json_integer(outlook->wave + 1));
		(void)json_object_set_new(line, "earliest_ms", json_integer(earliest_ms(preview, node, outlook->wave)));
		add_stones(preview, node, line);
	}
	(void)json_array_append_new(preview->list, line);
}

/* One page of the list; where the next one begins, or 0. */
static size_t fill_page(struct preview *preview, const struct preview_pages *pages)
{
	const struct nodes *nodes = preview->parts->nodes;
	int64_t limit = pages->limit < 1 ? 1 : pages->limit > PREVIEW_PAGE_MOST ? PREVIEW_PAGE_MOST : pages->limit;
	size_t at = pages->from < 0 ? 0 : (size_t)pages->from;

	for (; at < nodes_count(nodes) && (int64_t)json_array_size(preview->list) < limit; at++) {
		const struct node *node = nodes_at(nodes, at);
		const struct outlook outlook = look(preview, node);
		if (strcmp(node->record.hardware, preview->plan->targets.hardware) == 0)
			list_node(preview, &node->record, &outlook);
	}
	return at < nodes_count(nodes) ? at : 0;
}

static json_t *result(const struct preview *preview)
{
	json_t *waves = json_array(), *running = json_array(), *excluded = json_array();

	for (unsigned i = 0; i < preview->plan->wave_count; i++) {
		(void)json_array_append_new(waves, json_integer(preview->waves[i]));
		(void)json_array_append_new(running, json_integer(preview->running_of[i]));
	}
	for (size_t i = 0; i < preview->reason_count; i++)
		(void)json_array_append_new(excluded, json_pack("{s:s, s:I}", "reason", preview->reasons[i].text,
							      "nodes", preview->reasons[i].nodes));
	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:o}", "plan", rollout_plan_json(preview->plan), "nodes",
		preview->concerned, "running", preview->running, "waves", waves, "running_of", running, "excluded",
		excluded);
}

/* As rollout_tick() rounds up: the lowest place among those with nothing in their way. */
static const struct node *find_first(const struct preview *preview)
{
	const struct nodes *nodes = preview->parts->nodes;
	const struct node *first = NULL;
	uint32_t lowest = WAVE_ALL;

	for (size_t i = 0; !preview->plan->fleet && i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		uint32_t place = wave_place(preview->plan->id, node->record.id);
		const struct outlook outlook = place < lowest ? look(preview, node) : (struct outlook){ 0 };
		if (!outlook.is_meant || (*outlook.reason && !outlook.runs_it))
			continue;
		lowest = place;
		first = node;
	}
	return first;
}

static void init(struct preview *preview, const struct control_rollouts *parts, const struct rollout_plan *plan)
{
	*preview = (struct preview){ .parts = parts, .plan = plan, .now = clock_moment(parts->clock) };
	preview->rollout = rollouts_find(parts->rollouts, plan->id);
	if (!preview->rollout) {
		rollout_init(&preview->planned, plan, preview->now);
		preview->rollout = &preview->planned;
	}
	preview->first = find_first(preview);
}

json_t *rollout_preview(
	const struct control_rollouts *parts, const struct rollout_plan *plan, const struct preview_pages *pages)
{
	struct preview preview;

	init(&preview, parts, plan);
	for (size_t i = 0; i < nodes_count(parts->nodes); i++) {
		const struct outlook outlook = look(&preview, nodes_at(parts->nodes, i));
		count(&preview, &outlook);
	}
	json_t *json = result(&preview);
	if (!pages || !pages->wanted)
		return json;
	preview.list = json_array();
	size_t next = fill_page(&preview, pages);
	(void)json_object_set_new(json, "list", preview.list);
	if (next)
		(void)json_object_set_new(json, "next", json_integer((json_int_t)next));
	return json;
}

/* A forecast's sample: every node that gets the image is in it with the same chance. */
struct sample {
	struct random random;
	size_t count;
	uint32_t wave_nodes[WAVES_MAX], all;
	uint16_t parents[UINT16_MAX + 1]; /* from 1 in the order in which they are met, by what names them in a node */
	uint16_t parent_count;
	struct {
		const struct node *node;
		unsigned wave;
	} list[SAMPLE_MOST];
};

static void take_into(struct sample *sample, const struct node *node, unsigned wave)
{
	size_t at = sample->count;

	sample->wave_nodes[wave]++;
	sample->all++;
	if (at == SAMPLE_MOST && (at = (size_t)random_below(&sample->random, sample->all)) >= SAMPLE_MOST)
		return;
	sample->list[at].node = node;
	sample->list[at].wave = wave;
	sample->count += sample->count < SAMPLE_MOST;
}

/* Of all calls that were due here. */
static double usual_share_missed(const struct nodes *nodes)
{
	double calls = 10, missed = 0.1;

	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node_record *record = &nodes_at(nodes, i)->record;
		calls += (double)(record->contacts + record->drops);
		missed += (double)record->drops;
	}
	return missed / calls;
}

/* What it did so far, and what is usual here where that is little. */
static double share_missed(const struct node_record *record, double usual)
{
	return ((double)record->drops + 10 * usual) / ((double)(record->contacts + record->drops) + 10);
}

static json_int_t parent_of(struct sample *sample, const struct node *node)
{
	if (node->parent == 0)
		return 0;
	if (sample->parents[node->parent] == 0)
		sample->parents[node->parent] = ++sample->parent_count;
	return sample->parents[node->parent];
}

/* How many images come before the one that it is to get, and their bytes. */
static unsigned count_stones(const struct preview *preview, const struct node *node, json_int_t *bytes)
{
	struct stone_route route = { 0 };
	char why[STONES_WHY_SIZE];

	*bytes = 0;
	if (stones_route(preview->parts->images, &node->record, preview->plan->sha256, &route, why) < 0)
		return 0;
	for (size_t i = 0; i + 1 < route.count; i++)
		*bytes += route.images[i]->size_bytes;
	return route.count > 0 ? (unsigned)route.count - 1 : 0;
}

static json_t *describe_sampled(const struct preview *preview, struct sample *sample, size_t index, double usual)
{
	const struct node *node = sample->list[index].node;
	int64_t interval_ms = preview->parts->schedule->interval_ms;
	int64_t own_ms = node_record_own_period_ms(&node->record);
	int64_t next_ms =
		node_record_likely_ms(&node->record, interval_ms, preview->now.wall_ms) - preview->now.wall_ms;
	bool silent = nodes_is_silent(preview->parts->nodes, node, interval_ms, preview->now);
	json_int_t stone_bytes;
	unsigned stones = count_stones(preview, node, &stone_bytes);

	return json_pack("[i, I, I, f, b, i, I, I]", (int)sample->list[index].wave,
		(json_int_t)(own_ms ? own_ms : interval_ms), (json_int_t)next_ms, share_missed(&node->record, usual),
		(int)silent, (int)stones, stone_bytes, parent_of(sample, node));
}

/* Added where there is such a time. */
static void add_closed_quarters(json_t *json, const char *name, const struct window_set *windows, struct moment now)
{
	char text[WEEK_QUARTERS + 1] = "";

	for (int i = 0; i < WEEK_QUARTERS; i++) {
		int64_t at_s = (now.wall_ms + i * QUARTER_MS) / 1000, opens_s = window_set_opens(windows, at_s);
		text[i] = opens_s != INT64_MAX && opens_s > at_s ? '1' : '0';
	}
	if (strchr(text, '1'))
		(void)json_object_set_new(json, name, json_string(text));
}

/* Those of the first node stand for all. */
static void add_hours(const struct preview *preview, const struct node *node, json_t *json)
{
	struct rollout planned;
	struct update_hours hours;

	rollout_init(&planned, preview->plan, preview->now);
	rollouts_planned_hours(preview->parts->rollouts, &planned, &node->record, preview->now, &hours);
	add_closed_quarters(json, "closed", &hours.fetch, preview->now);
	add_closed_quarters(json, "apply_closed", &hours.apply, preview->now);
}

static void add_transfers(const struct preview *preview, json_t *json)
{
	json_int_t transfers = 0, failed = 0;

	for (size_t i = 0; i < updates_count(preview->parts->updates); i++) {
		const struct update *update = updates_at(preview->parts->updates, i);
		json_int_t attempts = update->record.attempts > 0 ? update->record.attempts : 1;
		if (update->state < UPDATE_CONFIRMED || update->state > UPDATE_REVERTED)
			continue;
		transfers += attempts;
		failed += attempts - (update->state == UPDATE_CONFIRMED);
	}
	(void)json_object_set_new(json, "transfers", json_integer(transfers));
	(void)json_object_set_new(json, "failed", json_integer(failed));
}

static json_t *describe_sample(const struct preview *preview, struct sample *sample)
{
	json_t *list = json_array(), *counts = json_array();
	double usual = usual_share_missed(preview->parts->nodes);

	for (unsigned wave = 0; wave < preview->plan->wave_count; wave++) {
		(void)json_array_append_new(counts, json_integer(sample->wave_nodes[wave]));
		for (size_t i = 0; i < sample->count; i++)
			if (sample->list[i].wave == wave)
				(void)json_array_append_new(list, describe_sampled(preview, sample, i, usual));
	}
	return json_pack(
		"{s:o, s:o, s:I}", "sample", list, "wave_nodes", counts, "now_ms", (json_int_t)preview->now.wall_ms);
}

json_t *rollout_sample(const struct control_rollouts *parts, const struct rollout_plan *plan)
{
	struct sample *sample = calloc(1, sizeof(*sample));
	struct preview preview;

	if (!sample)
		return NULL;
	init(&preview, parts, plan);
	random_init(&sample->random, 1);
	for (size_t i = 0; i < nodes_count(parts->nodes); i++) {
		const struct node *node = nodes_at(parts->nodes, i);
		const struct outlook outlook = look(&preview, node);
		count(&preview, &outlook);
		if (outlook.is_meant && !*outlook.reason)
			take_into(sample, node, outlook.wave);
	}
	json_t *json = describe_sample(&preview, sample), *view = result(&preview);
	if (sample->count > 0)
		add_hours(&preview, sample->list[0].node, json);
	add_transfers(&preview, json);
	(void)json_object_update_missing(json, view);
	json_decref(view);
	free(sample);
	return json;
}
