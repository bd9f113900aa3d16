/*
 * driver_records: what the drivers keep over restarts, all of it in memory and on its way into the store.
 *
 * Loop thread only; nothing blocks but driver_records_open(). A driver is known by its name. What a driver keeps while
 * the gateway stops may be too late, so it keeps what it learns as it learns it.
 */
#ifndef WAKEGATE_GATEWAY_DRIVER_RECORDS_H
#define WAKEGATE_GATEWAY_DRIVER_RECORDS_H

#include <stdint.h>

struct driver_record;
struct driver_records;
struct store;

/* Reads what was kept; the store outlives it. Blocks, for start-up. */
int driver_records_open(struct driver_records **out, struct store *store);

/* As driver_host.keep, for the driver of that name. -EINVAL: against the limits of drivers/driver.h; -ENOSPC: it has
 * too many already, or too many bytes; or the store's queue is full (-ENOBUFS, -ENOMEM, -ESHUTDOWN): nothing changed.
 */
int driver_records_keep(struct driver_records *records, const char *driver, const struct driver_record *record);

/* As driver_host.recall. `each` keeps nothing from within. */
void driver_records_recall(const struct driver_records *records, const char *driver,
	void (*each)(void *taker, const struct driver_record *record), void *taker);

/* Where all drivers stand with what they keep, for driver_records_wait() later. */
uint64_t driver_records_mark(const struct driver_records *records);

/*
 * Calls `done` exactly once, perhaps from within: 0 when all that the driver of that name kept since `mark` is durable,
 * or why it is not: what driver_records_keep() said, or the store (then it is tried again all the same). -ENOMEM:
 * nothing follows.
 */
int driver_records_wait(struct driver_records *records, const char *driver, uint64_t mark,
	void (*done)(void *context, int result), void *context);

/* Tries again what could not be saved, e.g. as the disk was full; now and then. */
void driver_records_tick(struct driver_records *records);

/* The store is about to close: from now on nothing is kept any more (-ESHUTDOWN). NULL is fine. */
void driver_records_shut(struct driver_records *records);

/* After the store was closed, which calls the last replies. Who waits still is told -ESHUTDOWN. NULL is fine. */
void driver_records_close(struct driver_records *records);

#endif
