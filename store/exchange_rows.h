/*
 * exchange_rows: all fingerprints of a segment's row, for SQL within the operations of the store (private to store/).
 */
#ifndef WAKEGATE_STORE_EXCHANGE_ROWS_H
#define WAKEGATE_STORE_EXCHANGE_ROWS_H

#include "store/store.h"

struct database;

/*
 * Gives SQL the function all_exchanges(exchanges, told, count, codec, data): the fingerprints in `exchanges` and those
 * that the readings tell, as one blob. `teller` outlives the database and is asked at each call.
 */
int exchange_rows_init(struct database *database, exchange_teller *const *teller);

#endif
