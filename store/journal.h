/*
 * journal: appends to the journal inside the transaction of the step that it tells of; for the store thread.
 */
#ifndef WAKEGATE_STORE_JOURNAL_H
#define WAKEGATE_STORE_JOURNAL_H

struct database;
struct journal_entry;

/* Appends, and lets the oldest go at times. 0 or a negative errno, as database_step(). */
int journal_append(struct database *database, const struct journal_entry *entry);

#endif
