/*
 * alert_store: the alerts, as they outlive a restart.
 */
#ifndef WAKEGATE_STORE_ALERT_STORE_H
#define WAKEGATE_STORE_ALERT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct journal_entry;

struct stored_alert {
	char kind[24]; /* the gateway's word */
	char subject[65];
	char severity[16];
	char text[193];
	bool stands;
	bool told; /* upstream has the last change */
	uint32_t times;
	int64_t raised_ms; /* wall clock */
	int64_t changed_ms;
};

/* Calls `each`, the latest change last; blocks, for start-up. */
int store_alerts_load(
	struct store *store, void (*each)(void *context, const struct stored_alert *alert), void *context);

/* Inserts or replaces, and appends `entry` to the journal; copies. Without one (NULL) it rides in the next commit of
 * anything, at the latest a second later. */
int store_alert_save(struct store *store, const struct stored_alert *alert, const struct journal_entry *entry,
	struct store_reply reply);

/* Forgets those that do not stand, were told and changed before. */
int store_alerts_forget(struct store *store, int64_t before_ms, struct store_reply reply);

#endif
