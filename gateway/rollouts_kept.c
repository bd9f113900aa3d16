#include "gateway/rollouts_state.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "gateway/soak_start.h"
#include "store/rollout_store.h"
#include "store/update_store.h"

static void on_saved(void *context, int result)
{
	struct rollouts *rollouts = context;

	/* Which one it was is not known: all are written again. */
	for (size_t i = 0; result < 0 && i < rollouts->count; i++)
		rollouts->list[i]->unsaved = true;
}

static int store_record(const struct rollout *rollout, struct stored_rollout *out)
{
	json_t *json = rollout_plan_json(&rollout->plan);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	int error = !text ? -ENOMEM : strlen(text) >= sizeof(out->plan) ? -EFBIG : 0;

	if (!error) {
		*out = (struct stored_rollout){
			.wave = rollout->wave,
			.looks = rollout->looks,
			.reach = rollout->reach,
			.approved = rollout->approved,
			.created_ms = rollout->created_ms,
			.wave_ms = rollout->wave_ms,
			.soak_ms = rollout->soak_ms,
			.changed_ms = rollout->changed_ms,
			.forgiven_reach = rollout->forgiven_reach,
			.forgiven_ms = rollout->forgiven_ms,
		};
		snprintf(out->id, sizeof(out->id), "%s", rollout->plan.id);
		snprintf(out->plan, sizeof(out->plan), "%s", text);
		snprintf(out->state, sizeof(out->state), "%s", rollout_state_name(rollout->state));
		snprintf(out->reason, sizeof(out->reason), "%s", rollout->reason);
	}
	free(text);
	json_decref(json);
	return error;
}

void rollouts_save(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	const struct rollout *rollout = &entry->rollout;
	struct store_reply reply = { .done = on_saved, .context = rollouts };
	struct journal_entry line = { .at_ms = now.wall_ms };
	struct stored_rollout record;

	snprintf(line.subject, sizeof(line.subject), "%s", rollout->plan.id);
	snprintf(line.event, sizeof(line.event), "rollout.%s", rollout_state_name(rollout->state));
	snprintf(line.detail, sizeof(line.detail), "wave=%u of=%u %s", rollout->wave + 1, rollout->plan.wave_count,
		rollout->reason);
	entry->unsaved = store_record(rollout, &record) < 0 ||
			 store_rollout_save(rollouts->parts.store, &record, &line, reply) < 0;
}

void rollouts_settle(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	const struct rollout *rollout = &entry->rollout;
	bool bad = rollout->state == ROLLOUT_TRIPPED || rollout->state == ROLLOUT_ROLLED_BACK;
	char reason[LOG_QUOTED_SIZE];

	rollouts_save(rollouts, entry, now);
	log_line(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "rollout.%s rollout=%s wave=%u of=%u reason=%s",
		rollout_state_name(rollout->state), rollout->plan.id, rollout->wave + 1, rollout->plan.wave_count,
		log_quote(reason, sizeof(reason), rollout->reason));
}

static void free_entry(struct rollouts_entry *entry)
{
	soak_start_close(entry->start);
	free(entry);
}

void rollouts_forget_at(struct rollouts *rollouts, size_t index)
{
	free_entry(rollouts->list[index]);
	rollouts->count--;
	memmove(&rollouts->list[index], &rollouts->list[index + 1],
		(rollouts->count - index) * sizeof(rollouts->list[0]));
}

struct rollouts_entry *rollouts_append(struct rollouts *rollouts)
{
	struct rollouts_entry *entry = rollouts->count < ROLLOUTS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (entry) {
		entry->facts.lowest = entry->count.lowest = WAVE_ALL;
		rollouts->list[rollouts->count++] = entry;
	}
	return entry;
}

static void on_stored_rollout(void *context, const struct stored_rollout *record)
{
	struct rollouts *rollouts = context;
	char why[ROLLOUT_SENTENCE_SIZE];
	json_t *json = json_loads(record->plan, 0, NULL);
	int state = rollout_state_parse(record->state);
	struct rollout rollout = {
		.state = (enum rollout_state)state,
		.wave = record->wave,
		.looks = record->looks,
		.reach = record->reach,
		.approved = record->approved,
		.created_ms = record->created_ms,
		.wave_ms = record->wave_ms,
		.soak_ms = record->soak_ms,
		.changed_ms = record->changed_ms,
		.forgiven_reach = record->forgiven_reach,
		.forgiven_ms = record->forgiven_ms,
	};

	snprintf(rollout.reason, sizeof(rollout.reason), "%s", record->reason);
	if (state >= 0 && rollout_plan_parse(&rollout.plan, json, why) == 0 && rollout.wave < rollout.plan.wave_count) {
		struct rollouts_entry *entry = rollouts_append(rollouts);
		if (entry) {
			entry->rollout = rollout;
			rollouts_find_zones(rollouts, &entry->rollout);
		}
	}
	json_decref(json);
}

int rollouts_open(struct rollouts **out, const struct rollouts_parts *parts)
{
	struct rollouts *rollouts = calloc(1, sizeof(*rollouts));

	if (!rollouts)
		return -ENOMEM;
	rollouts->parts = *parts;
	int error = store_rollouts_load(parts->store, on_stored_rollout, rollouts);
	if (error) {
		rollouts_close(rollouts);
		return error;
	}
	*out = rollouts;
	return 0;
}

void rollouts_close(struct rollouts *rollouts)
{
	if (!rollouts)
		return;
	for (size_t i = 0; i < rollouts->count; i++)
		free_entry(rollouts->list[i]);
	free(rollouts);
}
