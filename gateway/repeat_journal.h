/*
 * repeat_journal: remembers, over a kill of the process, the messages whose readings the broker has and the store never
 * had.
 *
 * Fingerprints are appended to one of two files in a runtime folder. When the file is as old as a fingerprint may be,
 * or has as many as are remembered at all, the other one is begun anew: nothing is copied, and both are bounded.
 */
#ifndef WAKEGATE_GATEWAY_REPEAT_JOURNAL_H
#define WAKEGATE_GATEWAY_REPEAT_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

struct repeat_journal;
struct runtime_folder;

/* How to read it. */
struct repeat_journal_reader {
	/* In the order in which they were noted; `kept_at_ms` is monotonic. */
	void (*exchange)(void *context, uint64_t exchange, int64_t kept_at_ms);
	void *context;
};

/* What else it says. */
struct repeat_journal_found {
	uint64_t session; /* the last that was begun; 0: none */
	uint64_t known;   /* above all sequence numbers that it knows to have been given */
};

/* Reads what is there; what a kill left unfinished or another boot left behind is passed over. The folder outlives it.
 * -ENOMEM, -EIO, -ENOSPC. */
int repeat_journal_open(struct repeat_journal **out, const struct runtime_folder *folder,
	const struct repeat_journal_reader *reader, struct repeat_journal_found *found);

/* A start of the gateway, whose numbers go on with `known`. -EIO, -ENOSPC. */
int repeat_journal_begin(struct repeat_journal *journal, uint64_t session, uint64_t known, int64_t now_ms);

/* The readings with numbers below `end`, of these messages, are at the broker. -EIO, -ENOSPC: not remembered. */
struct repeat_note {
	uint64_t end;
	const uint64_t *exchanges;
	size_t count;
};
int repeat_journal_note(struct repeat_journal *journal, const struct repeat_note *note, int64_t now_ms);

/* The files stay. NULL is fine. */
void repeat_journal_close(struct repeat_journal *journal);

#endif
