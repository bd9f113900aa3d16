#include "gateway/governor.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/log.h"
#include "gateway/telemetry_settings.h"
#include "gateway/wear.h"
#include "store/store.h"

#define SETTING "wear"
#define TICK_MS (60 * 1000)
#define STEP_LEAST (INT64_C(256) * 1024)
#define STEP_MOST (INT64_C(4) * 1024 * 1024)

struct governor {
	struct store *store;
	const struct telemetry_settings *settings;
	struct wear wear;
	uint64_t counted;     /* of the store's bytes since it was opened */
	uint64_t saved_total; /* the total in the record */
	bool told_over;
	int64_t watch_at_ms; /* monotonic */
};

/* So much may be lost to the record by a crash, and so seldom it is written. */
static uint64_t step_bytes(const struct governor *governor)
{
	int64_t step = governor->settings->wear_budget_bytes / 256;

	if (step == 0 || step > STEP_MOST)
		return STEP_MOST;
	return (uint64_t)(step < STEP_LEAST ? STEP_LEAST : step);
}

static void save(struct governor *governor, struct moment now)
{
	uint8_t record[WEAR_RECORD_SIZE];

	wear_save(&governor->wear, now.wall_ms, record);
	if (store_setting_put_later(governor->store, SETTING, record, sizeof(record), (struct store_reply){ 0 }) == 0)
		governor->saved_total = governor->wear.total_bytes;
}

static void tell(struct governor *governor)
{
	bool over = wear_is_over(&governor->wear);

	if (over == governor->told_over)
		return;
	governor->told_over = over;
	if (over)
		log_warning("wear.over_budget day_bytes=%llu budget_bytes=%lld bound_ms=%d",
			(unsigned long long)wear_last_day(&governor->wear), (long long)governor->wear.budget_bytes,
			WEAR_MOST_MS);
	else
		log_notice("wear.within_budget day_bytes=%llu budget_bytes=%lld",
			(unsigned long long)wear_last_day(&governor->wear), (long long)governor->wear.budget_bytes);
}

static void watch(struct governor *governor, struct moment now)
{
	struct store_figures figures;

	store_figures(governor->store, &figures);
	/* The config may have been read again. */
	if (governor->wear.budget_bytes != governor->settings->wear_budget_bytes)
		wear_set_budget(&governor->wear, governor->settings->wear_budget_bytes);
	wear_pass(&governor->wear, figures.written_bytes - governor->counted, now.monotonic_ms);
	governor->counted = figures.written_bytes;
	tell(governor);
	if (governor->wear.total_bytes - governor->saved_total >= step_bytes(governor))
		save(governor, now);
}

int governor_open(
	struct governor **out, struct store *store, const struct telemetry_settings *settings, struct moment now)
{
	uint8_t record[WEAR_RECORD_SIZE];
	int size = store_setting_get(store, SETTING, record, sizeof(record));

	if (size < 0 && size != -ENOENT && size != -ENOBUFS)
		return size;
	struct governor *governor = calloc(1, sizeof(*governor));
	if (!governor)
		return -ENOMEM;
	governor->store = store;
	governor->settings = settings;
	wear_init(&governor->wear, settings->wear_budget_bytes, now.monotonic_ms);
	if (size > 0 && wear_load(&governor->wear, now.wall_ms, record, (size_t)size) < 0)
		log_warning("wear.record_unknown");
	governor->saved_total = governor->wear.total_bytes;
	if (size > 0) {
		/* What was written after the last record, the end of the last run above all, is not known. */
		wear_charge(&governor->wear, step_bytes(governor));
		save(governor, now);
	}
	*out = governor;
	return 0;
}

void governor_close(struct governor *governor)
{
	free(governor);
}

int64_t governor_bound_ms(struct governor *governor, struct moment now)
{
	if (governor->settings->wear_budget_bytes == 0)
		return governor->settings->commit_delay_ms;
	watch(governor, now);
	return wear_bound_ms(&governor->wear);
}

int64_t governor_tick(struct governor *governor, struct moment now)
{
	if (now.monotonic_ms >= governor->watch_at_ms) {
		governor->watch_at_ms = now.monotonic_ms + TICK_MS;
		watch(governor, now);
	}
	return governor->watch_at_ms - now.monotonic_ms;
}

void governor_flush(struct governor *governor, struct moment now)
{
	watch(governor, now);
	save(governor, now);
}

void governor_figures(struct governor *governor, struct moment now, struct governor_figures *out)
{
	int64_t bound_ms = governor_bound_ms(governor, now);

	watch(governor, now);
	*out = (struct governor_figures){
		.total_bytes = governor->wear.total_bytes,
		.day_bytes = wear_last_day(&governor->wear),
		.per_day_bytes = (int64_t)wear_per_day(&governor->wear),
		.bound_ms = bound_ms,
		.account_bytes = (int64_t)governor->wear.account_bytes,
		.life_years = wear_life_years(&governor->wear, governor->settings->card_endurance_bytes),
		.over_budget = wear_is_over(&governor->wear),
	};
}
