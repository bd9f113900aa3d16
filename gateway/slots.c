#include "gateway/slots.h"

#include "gateway/node_record.h"
#include "gateway/schedule.h"

#define VISIT_MS 30000        /* a node heard of within so long is on the same visit still */
#define PROMISE_EARLY_MS 2000 /* a promise is in whole seconds, and clocks differ */
#define SLOT_PART 64          /* a contact within this part of the interval of its slot is in it */
#define SLOT_LEAST_MS 5000

void slots_init(struct slots *slots, const struct schedule_settings *settings, struct random *random)
{
	*slots = (struct slots){ .settings = settings, .random = random };
}

static bool is_on_visit(const struct slots *slots, const struct node_record *record, struct moment now)
{
	const struct schedule_settings *settings = slots->settings;
	int64_t most = settings->contact_ms > VISIT_MS ? settings->contact_ms : VISIT_MS;

	if (most > settings->interval_ms / 4)
		most = settings->interval_ms / 4;
	return record->last_seen_ms > 0 && now.wall_ms - record->last_seen_ms <= most;
}

static bool is_in_slot(const struct slots *slots, const struct node_record *record, struct moment now)
{
	int64_t off = schedule_offset_ms(slots->settings, record->rank, now);
	int64_t slack = slots->settings->interval_ms / SLOT_PART;

	if (slack < SLOT_LEAST_MS)
		slack = SLOT_LEAST_MS;
	return off <= slack && -off <= slack;
}

static bool has_room(struct slots *slots, const struct node_record *record, struct moment now)
{
	const struct schedule_settings *settings = slots->settings;
	uint32_t count = admission_count(&slots->admission, settings->contact_ms, now.monotonic_ms);

	if (settings->concurrent == 0)
		return true;
	if (record->rhythm.promised && now.wall_ms >= record->next_contact_ms - PROMISE_EARLY_MS)
		return true;
	/* Its slot is its own, but after a long power cut half the fleet may be in its slots by chance. */
	if (record->contacts > 0 && is_in_slot(slots, record, now))
		return count < 2 * settings->concurrent;
	return count < settings->concurrent;
}

/* A promise that stands is kept: who asks again before is told the same. */
static uint32_t refuse(struct slots *slots, struct node_record *record, size_t node_count, struct moment now)
{
	int64_t wait = record->next_contact_ms - now.wall_ms;

	slots->figures.refused++;
	if (!record->rhythm.promised || wait < 0) {
		record->drops += node_record_missed(record, slots->settings->interval_ms, now);
		wait = schedule_free_ms(slots->settings, record->rank, node_count, now);
	}
	uint32_t told_s = rhythm_tell_s(&record->rhythm, wait);
	record->next_contact_ms = now.wall_ms + rhythm_waits_ms(&record->rhythm, told_s);
	record->rhythm.promised = 1;
	record->rhythm.idle = 1;
	return told_s;
}

static void learn(const struct slots *slots, struct node_record *record, bool unscheduled, struct moment now)
{
	const struct rhythm_visit visit = {
		.slept_ms = now.wall_ms - record->last_seen_ms,
		.expected_ms = record->next_contact_ms - record->last_seen_ms,
		.interval_ms = slots->settings->interval_ms,
		.in_slot = is_in_slot(slots, record, now),
	};

	if (record->contacts == 0 || record->last_seen_ms == 0)
		return;
	if (unscheduled)
		rhythm_learn_period(&record->rhythm, visit.slept_ms);
	else
		rhythm_learn(&record->rhythm, &visit);
}

/* One that comes as it likes is told its slot too, should it heed it one day, but expected as it uses to come. */
static uint32_t give_slot(struct slots *slots, struct node_record *record, size_t node_count, struct moment now)
{
	struct rhythm *rhythm = &record->rhythm;
	int64_t wait = schedule_next_ms(slots->settings, record->rank, node_count, now, slots->random);
	uint32_t told_s = rhythm_tell_s(rhythm, wait);
	bool own = rhythm_is_own(rhythm) && rhythm->period_ms > 0;

	record->drops += node_record_missed(record, slots->settings->interval_ms, now);
	record->next_contact_ms = now.wall_ms + (own ? rhythm->period_ms : rhythm_waits_ms(rhythm, told_s));
	rhythm->promised = rhythm->idle = 0;
	return told_s;
}

static void begin_visit(struct slots *slots, const struct node_record *record, struct moment now)
{
	(void)admission_count(&slots->admission, slots->settings->contact_ms, now.monotonic_ms);
	admission_begin(&slots->admission);
	slots->figures.visits++;
	slots->figures.own += rhythm_is_own(&record->rhythm);
}

bool slots_on_contact(struct slots *slots, struct node_record *record, const struct slots_contact *contact,
	struct moment now, uint32_t *next_s)
{
	bool begins = !is_on_visit(slots, record, now);

	*next_s = 0;
	if (begins && !contact->unscheduled && !contact->excused && !has_room(slots, record, now)) {
		*next_s = refuse(slots, record, contact->node_count, now);
		return false;
	}
	if (begins)
		learn(slots, record, contact->unscheduled, now);
	if (contact->unscheduled) {
		record->next_contact_ms = 0;
		return true;
	}
	if (begins)
		begin_visit(slots, record, now);
	*next_s = give_slot(slots, record, contact->node_count, now);
	return true;
}
