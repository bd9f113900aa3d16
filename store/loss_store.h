/*
 * loss_store: which readings the store has dropped or thinned to make room, noted in the commit that dropped them.
 *
 * So a power cut can take neither the readings without the note nor the other way round. A note stays until whoever
 * tells upstream has it safe elsewhere, or the readings turn out to be upstream all the same.
 */
#ifndef WAKEGATE_STORE_LOSS_STORE_H
#define WAKEGATE_STORE_LOSS_STORE_H

#include <stdint.h>

#include "store/store.h"

struct database;

enum loss_reason { LOSS_DROPPED, LOSS_THINNED };

/* Sequence numbers, every one of them a reading; losses that follow each other for the same reason are one. */
struct stored_loss {
	uint64_t first, last;
	enum loss_reason reason;
	uint64_t became; /* readings that stand for them */
};

/* Calls `each` for every loss noted, in order; blocks, for start-up. */
int store_losses_load(struct store *store, void (*each)(void *context, const struct stored_loss *loss), void *context);

/* Forgets these numbers, whatever the reason, all of them or not noted. Rides in another commit as
 * store_segment_discard() does. */
int store_losses_forget(struct store *store, const struct stored_loss *known, struct store_reply reply);

/* Within an operation of the store: notes a loss of numbers that no other one has. */
int loss_note(struct database *database, const struct stored_loss *loss);

#endif
