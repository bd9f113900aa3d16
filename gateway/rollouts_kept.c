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

/* What the store was asked to do, until it replies. */
struct saving {
	struct rollouts *rollouts;
	char id[ROLLOUT_ID_MAX + 1];
	bool is_step;
	struct journal_entry step;
};

struct removal {
	struct removal *next;
	struct rollouts *rollouts;
	char id[ROLLOUT_ID_MAX + 1];
};

/* It is saved again as it is by then; a later step that the journal lacks too stands for this one. */
static void put_off(const struct saving *saving)
{
	struct rollouts_entry *entry = rollouts_entry_of(saving->rollouts, saving->id);

	if (!entry)
		return;
	entry->unsaved = true;
	if (saving->is_step && (!entry->untold || entry->step.at_ms < saving->step.at_ms)) {
		entry->untold = true;
		entry->step = saving->step;
	}
}

static void on_saved(void *context, int result)
{
	struct saving *saving = context;

	if (result < 0)
		put_off(saving);
	free(saving);
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

static int submit(struct rollouts_entry *entry, struct saving *saving)
{
	struct store_reply reply = { .done = on_saved, .context = saving };
	struct stored_rollout record;
	int error = store_record(&entry->rollout, &record);

	snprintf(saving->id, sizeof(saving->id), "%s", entry->rollout.plan.id);
	saving->is_step = entry->untold;
	saving->step = entry->step;
	return error ? error
		     : store_rollout_save(
			       saving->rollouts->parts.store, &record, saving->is_step ? &saving->step : NULL, reply);
}

static void save(struct rollouts *rollouts, struct rollouts_entry *entry)
{
	struct saving *saving = calloc(1, sizeof(*saving));

	if (saving)
		saving->rollouts = rollouts;
	if (!saving || submit(entry, saving) < 0) {
		free(saving);
		entry->unsaved = true;
		return;
	}
	entry->unsaved = entry->untold = false;
}

static void write_step(const struct rollout *rollout, struct journal_entry *out, struct moment now)
{
	*out = (struct journal_entry){ .at_ms = now.wall_ms };
	snprintf(out->subject, sizeof(out->subject), "%s", rollout->plan.id);
	snprintf(out->event, sizeof(out->event), "rollout.%s", rollout_state_name(rollout->state));
	snprintf(out->detail, sizeof(out->detail), "wave=%u of=%u %s", rollout->wave + 1, rollout->plan.wave_count,
		rollout->reason);
}

void rollouts_settle(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	const struct rollout *rollout = &entry->rollout;
	bool bad = rollout->state == ROLLOUT_TRIPPED || rollout->state == ROLLOUT_ROLLED_BACK;
	char reason[LOG_QUOTED_SIZE];

	write_step(rollout, &entry->step, now);
	entry->untold = true;
	save(rollouts, entry);
	log_line(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "rollout.%s rollout=%s wave=%u of=%u reason=%s",
		rollout_state_name(rollout->state), rollout->plan.id, rollout->wave + 1, rollout->plan.wave_count,
		log_quote(reason, sizeof(reason), rollout->reason));
}

static void free_entry(struct rollouts_entry *entry)
{
	soak_start_close(entry->start);
	free(entry);
}

static void put_off_removal(struct removal *removal)
{
	removal->next = removal->rollouts->removals;
	removal->rollouts->removals = removal;
}

static void on_removed(void *context, int result)
{
	if (result < 0)
		put_off_removal(context);
	else
		free(context);
}

static void remove_stored(struct removal *removal)
{
	struct store_reply reply = { .done = on_removed, .context = removal };

	if (store_rollout_remove(removal->rollouts->parts.store, removal->id, reply) < 0)
		put_off_removal(removal);
}

void rollouts_drop(struct rollouts *rollouts, size_t index)
{
	struct removal *removal = calloc(1, sizeof(*removal));

	/* Without memory a restart brings it back, over as it is. */
	if (removal) {
		removal->rollouts = rollouts;
		snprintf(removal->id, sizeof(removal->id), "%s", rollouts->list[index]->rollout.plan.id);
		remove_stored(removal);
	}
	free_entry(rollouts->list[index]);
	rollouts->count--;
	memmove(&rollouts->list[index], &rollouts->list[index + 1],
		(rollouts->count - index) * sizeof(rollouts->list[0]));
}

/* One whose name is used again was replaced by that. */
static void remove_rest(struct rollouts *rollouts)
{
	struct removal *removal = rollouts->removals;

	rollouts->removals = NULL;
	while (removal) {
		struct removal *next = removal->next;
		if (rollouts_entry_of(rollouts, removal->id))
			free(removal);
		else
			remove_stored(removal);
		removal = next;
	}
}

void rollouts_save_rest(struct rollouts *rollouts)
{
	for (size_t i = 0; i < rollouts->count; i++)
		if (rollouts->list[i]->unsaved)
			save(rollouts, rollouts->list[i]);
	remove_rest(rollouts);
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
	for (struct removal *removal = rollouts->removals, *next; removal; removal = next) {
		next = removal->next;
		free(removal);
	}
	free(rollouts);
}
