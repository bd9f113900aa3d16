/*
 * governor: watches what the store writes to the card and chooses the commit bound that keeps it within the budget.
 *
 * It feeds gateway/wear.h with the store's figures, logs wear.over_budget and wear.within_budget when that changes,
 * and lets the record ride in a commit of the store after every few megabytes.
 */
#ifndef WAKEGATE_GATEWAY_GOVERNOR_H
#define WAKEGATE_GATEWAY_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"

struct governor;
struct store;
struct telemetry_settings;

/* Loads what earlier starts wrote; blocks, for start-up. Both outlive the governor. -ENOMEM, -EIO. */
int governor_open(
	struct governor **out, struct store *store, const struct telemetry_settings *settings, struct moment now);

/* Frees; after the store was closed. NULL is fine. */
void governor_close(struct governor *governor);

/* How long readings that begin to wait now may wait for their commit: commit_delay where there is no budget. */
int64_t governor_bound_ms(struct governor *governor, struct moment now);

/* Keeps the figures; cheap to call often; milliseconds until it wants to be called again. */
int64_t governor_tick(struct governor *governor, struct moment now);

/* Hands the record to the store, at the end. */
void governor_flush(struct governor *governor, struct moment now);

struct governor_figures {
	uint64_t total_bytes;  /* written, over all starts */
	uint64_t day_bytes;    /* in the last 24 hours */
	int64_t per_day_bytes; /* at their pace; -1: not known yet */
	int64_t bound_ms;      /* now */
	int64_t account_bytes; /* saved up, or negative a debt */
	double life_years;     /* of the card; -1: not known */
	bool over_budget;
};
void governor_figures(struct governor *governor, struct moment now, struct governor_figures *out);

#endif
