#include "gateway/rollout_preview.h"

#include <stdio.h>
#include <string.h>

#include "gateway/control_rollouts.h"
#include "gateway/moment.h"
#include "gateway/nodes.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/update.h"
#include "gateway/updates.h"

#define REASONS_MAX 16
#define REASON_SIZE 96
#define CONTACTS_TRIED 20

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
	json_int_t concerned, running;
	json_int_t waves[WAVES_MAX];
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

static struct outlook look(const struct preview *preview, const struct node *node)
{
	const struct rollout_plan *plan = preview->plan;
	const struct node_record *record = &node->record;
	struct outlook outlook = {
		.runs_it = digest_heads_match(record->image, record->image_size, plan->sha256, sizeof(plan->sha256)),
		.wave = wave_of(wave_place(plan->id, record->id), plan->waves, plan->wave_count),
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
}

/* Its first contact in its window once its wave can have begun. */
static int64_t earliest_ms(const struct preview *preview, const struct node_record *node, unsigned wave)
{
	const struct rollout_plan *plan = preview->plan;
	int64_t interval_ms = preview->parts->schedule->interval_ms;
	int64_t start_ms = plan->start_ms > preview->now.wall_ms ? plan->start_ms : preview->now.wall_ms;
	int64_t begins_ms = start_ms + wave * (plan->soak_ms + interval_ms);

	/* A contact outside its window does not count; one that never meets the window is told as if it did. */
	for (int tries = 0; tries < CONTACTS_TRIED; tries++) {
		int64_t contact_ms = node_record_likely_ms(node, interval_ms, begins_ms);
		begins_ms = rollouts_opens_ms(preview->parts->rollouts, plan, node, preview->now, contact_ms);
		if (begins_ms == contact_ms)
			break;
	}
	return begins_ms;
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
	json_t *waves = json_array(), *excluded = json_array();

	for (unsigned i = 0; i < preview->plan->wave_count; i++)
		(void)json_array_append_new(waves, json_integer(preview->waves[i]));
	for (size_t i = 0; i < preview->reason_count; i++)
		(void)json_array_append_new(excluded, json_pack("{s:s, s:I}", "reason", preview->reasons[i].text,
							      "nodes", preview->reasons[i].nodes));
	return json_pack("{s:o, s:I, s:I, s:o, s:o}", "plan", rollout_plan_json(preview->plan), "nodes",
		preview->concerned, "running", preview->running, "waves", waves, "excluded", excluded);
}

static void init(struct preview *preview, const struct control_rollouts *parts, const struct rollout_plan *plan)
{
	*preview = (struct preview){ .parts = parts, .plan = plan, .now = clock_moment(parts->clock) };
	preview->rollout = rollouts_find(parts->rollouts, plan->id);
	if (preview->rollout)
		return;
	rollout_init(&preview->planned, plan, preview->now);
	preview->rollout = &preview->planned;
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
