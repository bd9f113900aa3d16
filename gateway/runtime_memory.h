/*
 * runtime_memory: what a gateway that was killed must find again although the store never had it.
 *
 * Segments that are offered to the broker before they are stored, and the messages in those that the broker has
 * acknowledged. It lies in a runtime folder (runtime_folder.h), costs the card nothing and is gone after a power cut.
 */
#ifndef WAKEGATE_GATEWAY_RUNTIME_MEMORY_H
#define WAKEGATE_GATEWAY_RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime_memory;
struct stored_segment;

/* What is found at the start; both are called by open only. */
struct runtime_memory_finder {
	void (*exchange)(void *context, uint64_t exchange, int64_t kept_at_ms); /* monotonic */
	void (*offer)(void *context, const struct stored_segment *segment);
	void *context;
};

/* Reads what is there of the gateway `name`. `session` is the last that is known, see numbers.h; `known` gets what is
 * above all numbers given since, 0: nobody knows. -ENOENT, -EACCES, -ENOTSUP (runtime_folder.h), -ENOMEM, -EIO. */
struct runtime_memory_place {
	const char *path;
	uint64_t name, session;
};
int runtime_memory_open(struct runtime_memory **out, const struct runtime_memory_place *place,
	const struct runtime_memory_finder *finder, uint64_t *known);

/* A start, whose numbers go on with `next`. Nothing is remembered before. -EIO, -ENOSPC: it is tried again, as below.
 */
int runtime_memory_begin(struct runtime_memory *memory, uint64_t session, uint64_t next, int64_t now_ms);

/*
 * This one, uncompressed, is about to go to the broker. -EIO, -ENOSPC, -ENOMEM: it must go to the store. Once something
 * could not be remembered nothing is for ten seconds; then it is tried again.
 */
int runtime_memory_offer(struct runtime_memory *memory, const struct stored_segment *segment, int64_t now_ms);

/* The broker has it; it need not be found again, but its messages must be known. -EIO, -ENOSPC. */
int runtime_memory_delivered(struct runtime_memory *memory, const struct stored_segment *segment, int64_t now_ms);

/* Whether it remembers: nothing failed, or it did well since. */
bool runtime_memory_works(const struct runtime_memory *memory);

/* It is in the store. NULL is fine: a folder that could not be read to its end has yielded some. */
void runtime_memory_forget(struct runtime_memory *memory, uint64_t first);

/* All files stay. NULL is fine. */
void runtime_memory_close(struct runtime_memory *memory);

#endif
