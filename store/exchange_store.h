/*
 * exchange_store: the fingerprints of messages whose readings were kept, so that one that is repeated is known again.
 *
 * They are appended with a segment and remembered for a while after it was discarded (see segment_store).
 */
#ifndef WAKEGATE_STORE_EXCHANGE_STORE_H
#define WAKEGATE_STORE_EXCHANGE_STORE_H

#include <stdint.h>

#include "store/store.h"

#define EXCHANGES_RECALLED_MAX 131072

/*
 * Calls `each` for the fingerprints of messages kept in the last `life_ms` before `now_ms` or, if that is earlier,
 * before the newest one was: in ascending time, be they stored or told by the readings. Of the newest only: segments
 * are left out once those after them have EXCHANGES_RECALLED_MAX. Blocks, for start-up.
 */
int store_exchanges_load(struct store *store, int64_t now_ms, int64_t life_ms,
	void (*each)(void *context, uint64_t exchange, int64_t kept_at_ms), void *context);

/* Forgets remembered fingerprints of messages kept before `before_ms`. */
int store_exchanges_forget(struct store *store, int64_t before_ms, struct store_reply reply);

#endif
