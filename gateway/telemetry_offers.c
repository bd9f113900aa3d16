#include "gateway/telemetry_offers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/commit.h"
#include "gateway/exchange_table.h"
#include "gateway/publish.h"
#include "gateway/publish_offers.h"
#include "gateway/publish_stored.h"
#include "gateway/runtime_memory.h"
#include "gateway/telemetry_state.h"
#include "protocols/fingerprint.h"
#include "store/segment_store.h"

#define OFFERS_MAX 8       /* that the broker may have and not the store */
#define HELD_RETRY_MS 5000 /* unless a node repeats what is in it */

unsigned telemetry_count_offered(const struct telemetry *telemetry)
{
	unsigned count = 0;

	for (const struct commit *commit = telemetry->commits; commit; commit = commit->next)
		count += commit->state == COMMIT_OFFERED || commit->state == COMMIT_HELD;
	return count;
}

int64_t telemetry_patience_ms(const struct telemetry *telemetry)
{
	if (!telemetry->numbers.early || !telemetry->parts.publish || telemetry->closing)
		return 0;
	return publish_patience_ms(telemetry->parts.publish);
}

/* The broker has what was offered, or it will not have it in time. */
static void on_settled(void *context, int result)
{
	struct commit *commit = context;
	struct telemetry *telemetry = commit->owner;
	struct stored_segment segment = telemetry_describe(telemetry, commit);

	if (result < 0) {
		if (commit->state == COMMIT_OFFERED) {
			commit->state = COMMIT_CLOSED;
			if (!telemetry->evicting)
				(void)telemetry_submit(telemetry, commit);
		}
		return;
	}
	commit->delivered = true;
	if (commit->state == COMMIT_OFFERED || commit->state == COMMIT_HELD)
		commit->state = COMMIT_CLOSED;
	/* What would be forgotten if the process were killed goes to the store, too. */
	if (runtime_memory_delivered(telemetry->memory, &segment, telemetry->now.monotonic_ms) < 0)
		return;
	telemetry_acknowledge(telemetry, commit);
	if (commit->state == COMMIT_SUBMITTED) {
		publish_discard(telemetry->parts.publish, commit->first);
		return;
	}
	telemetry->figures.never_stored += commit->count;
	telemetry_drop(telemetry, commit);
}

static bool may_offer(const struct telemetry *telemetry, const struct commit *commit)
{
	/* What windows are fed must be in the store, whoever else has the rest. */
	if (commit->feed || commit->numbered || telemetry_count_offered(telemetry) >= OFFERS_MAX ||
		!numbers_are_reserved(&telemetry->numbers, commit->count))
		return false;
	/* Numbers rise upstream, too: those that only the store has are there first. */
	for (const struct commit *each = telemetry->commits; each != commit; each = each->next)
		if (!each->numbered)
			return false;
	return true;
}

static int offer_copy(struct telemetry *telemetry, struct commit *commit)
{
	struct kept_segment kept = { commit->first, commit->count, commit->boot, malloc(commit->size), commit->size };
	struct segment_offer offer = { on_settled, commit };

	if (!kept.data)
		return -ENOMEM;
	memcpy(kept.data, commit->data, commit->size);
	int result = publish_offer(telemetry->parts.publish, &kept, &offer, telemetry->now);
	free(kept.data);
	return result;
}

bool telemetry_offer(struct telemetry *telemetry, struct commit *commit)
{
	int64_t wait_ms = telemetry_patience_ms(telemetry);
	int64_t latest_ms = commit->opened_ms + BOUND_MOST_MS;

	if (wait_ms == 0 || telemetry->now.monotonic_ms >= latest_ms || !may_offer(telemetry, commit))
		return false;
	commit->first = telemetry->numbers.next;
	struct stored_segment segment = telemetry_describe(telemetry, commit);
	if (runtime_memory_offer(telemetry->memory, &segment, telemetry->now.monotonic_ms) < 0)
		return false;
	if (offer_copy(telemetry, commit) < 0) {
		runtime_memory_forget(telemetry->memory, commit->first);
		return false;
	}
	(void)numbers_give(&telemetry->numbers, commit->count);
	numbers_seen(&telemetry->numbers, commit->first + commit->count);
	commit->numbered = true;
	commit->state = COMMIT_OFFERED;
	commit->due_ms = telemetry->now.monotonic_ms + wait_ms;
	if (commit->due_ms > latest_ms)
		commit->due_ms = latest_ms;
	return true;
}

void telemetry_withdraw_late(struct telemetry *telemetry)
{
	bool late = false;

	for (struct commit *commit = telemetry->commits; commit; commit = commit->next)
		late |= commit->state == COMMIT_OFFERED && telemetry->now.monotonic_ms >= commit->due_ms;
	if (!late)
		return;
	publish_was_slow(telemetry->parts.publish);
	for (struct commit *commit = telemetry->commits; commit; commit = commit->next)
		if (commit->state == COMMIT_OFFERED)
			commit->state = COMMIT_CLOSED;
}

void telemetry_hold(struct telemetry *telemetry, struct commit *commit)
{
	struct stored_segment segment = telemetry_describe(telemetry, commit);

	commit->state = COMMIT_HELD;
	commit->due_ms = telemetry->now.monotonic_ms + HELD_RETRY_MS;
	/* What a former process offered is to be found by the next one as well. */
	if (commit->recovered && !commit->refused && telemetry->memory && runtime_memory_works(telemetry->memory))
		(void)runtime_memory_offer(telemetry->memory, &segment, telemetry->now.monotonic_ms);
	commit->refused = true;
}

bool telemetry_retry(struct telemetry *telemetry, struct commit *commit)
{
	struct publish *publish = telemetry->parts.publish;

	if (telemetry->now.monotonic_ms < commit->due_ms)
		return false;
	commit->due_ms = telemetry->now.monotonic_ms + HELD_RETRY_MS;
	if (publish && telemetry->numbers.early && !publish_is_sending(publish, commit->first))
		(void)offer_copy(telemetry, commit);
	return true;
}

/* Dated readings are the same whenever they come again, and so they must be known for as long. */
static void keep_in_mind(struct telemetry *telemetry, const struct commit *commit)
{
	for (size_t i = 0; i < commit->exchanges.count; i++) {
		uint64_t exchange = commit->exchanges.all[i];
		const struct exchange_entry *entry = exchange_find(&telemetry->exchanges, exchange);

		if (!fingerprint_lasts(exchange) || !entry || entry->commit != commit->serial)
			continue;
		exchange_remove(&telemetry->exchanges, exchange);
		exchange_add(&telemetry->exchanges, exchange, telemetry->now.monotonic_ms, commit->serial);
	}
}

void telemetry_keep_held_in_mind(struct telemetry *telemetry)
{
	for (const struct commit *commit = telemetry->commits; commit; commit = commit->next)
		if (commit->refused)
			keep_in_mind(telemetry, commit);
}
