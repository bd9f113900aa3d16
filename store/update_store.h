/*
 * update_store: which node is to get which image, how far it is, and the journal of every step.
 *
 * A node has at most one update: the current or the last one. A step and its journal entry are written in one
 * transaction.
 */
#ifndef WAKEGATE_STORE_UPDATE_STORE_H
#define WAKEGATE_STORE_UPDATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct stored_update {
	char node[65];
	uint8_t sha256[32];
	char state[16];  /* the gateway's word: "offered", "downloading", … */
	char reason[65]; /* why it failed; "" otherwise */
	uint32_t offset;
	uint32_t attempts;
	int64_t created_ms; /* wall clock */
	int64_t changed_ms;
	int64_t retry_at_ms;  /* not before; 0: at the next contact */
	uint8_t previous[32]; /* head of the digest it ran before */
	uint8_t previous_size;
	bool at_once;     /* no window holds it */
	bool forced;      /* whatever hardware the node has */
	uint8_t goal[32]; /* the image ordered; `sha256` is that, or a stepping stone on the way */
	uint32_t stones;  /* that it has gone over so far */
};

/* One line of the journal; the newest JOURNAL_ENTRIES are kept, and a few more. */
#define JOURNAL_ENTRIES 100000
#define JOURNAL_LOAD_MAX 10000
struct journal_entry {
	int64_t at_ms;    /* wall clock */
	char subject[65]; /* a node's id, or who asked: "operator", "cloud" */
	char event[33];   /* stable word: "update.offered", "image.added", … */
	char detail[193];
};

/* Blocks, for start-up. */
int store_updates_load(
	struct store *store, void (*each)(void *context, const struct stored_update *update), void *context);

/* Inserts or replaces `update` (may be NULL: only the entry) and appends `entry` (may be NULL); copies. */
int store_update_save(struct store *store, const struct stored_update *update, const struct journal_entry *entry,
	struct store_reply reply);

/*
 * The newest `limit` (at most JOURNAL_LOAD_MAX) entries about `subject` (NULL: about all), newest first; `each` then
 * `done`, both called from store_dispatch(); entries are borrowed for the call.
 */
struct journal_reader {
	void (*each)(void *context, const struct journal_entry *entry);
	void (*done)(void *context, int result);
	void *context;
};
int store_journal_load(struct store *store, const char *subject, unsigned limit, struct journal_reader reader);

#endif
