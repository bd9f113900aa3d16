/*
 * windows: readings gathered over time, each window told when it ends.
 *
 * A window belongs to a plan, a node and a name, and lasts from a multiple of the plan's width since 1970-01-01 UTC to
 * the next; a reading falls into it by its own time. It is told `late_ms` after its end, or after the gateway took its
 * first reading if that was later; what comes after that opens it once more and is told apart. A reading dated into
 * the future waits one width at most.
 *
 * Bounded: whoever adds to the table when it is full first has the window told that was longest left alone.
 */
#ifndef WAKEGATE_GATEWAY_WINDOWS_H
#define WAKEGATE_GATEWAY_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

struct window_plan;
struct windows;

/* `most`: windows open at once. `seed` is for the hash table. -ENOMEM. */
int windows_open(struct windows **out, size_t most, uint64_t seed);

/* Frees, with all that is in it. NULL is fine. */
void windows_close(struct windows *windows);

void windows_set_most(struct windows *windows, size_t most);

/* A reading for a window. */
struct window_entry {
	struct window_plan *plan; /* shared by the window while it is open */
	struct span node, name, unit;
	struct number value;
	int64_t time_us;
	int64_t received_ms; /* gateway's wall clock */
	uint64_t origin;     /* what it is kept in until the window was told; rises */
	uint32_t boot;       /* start of the gateway that took it */
};

/* -ENOMEM; then nothing happened. */
int windows_add(struct windows *windows, const struct window_entry *entry);

/* A window that has come to its end. */
struct window_told {
	struct window_plan *plan;
	struct span node, name;
	int64_t start_us;
	uint32_t boot;            /* of its first reading */
	struct reading *readings; /* the outputs, dated at the window's start; the teller may change them */
	size_t count;
};

/* Whether it may be forgotten; otherwise it is told again later. */
typedef bool window_teller(void *context, const struct window_told *told);

/* Tells all windows that have ended, until one may not be forgotten. Milliseconds until the next one ends, at most. */
int64_t windows_tick(struct windows *windows, int64_t now_ms, window_teller *tell, void *context);

/* Has windows told until there is room for `count` more. False: it did not succeed. */
bool windows_make_room(struct windows *windows, size_t count, window_teller *tell, void *context);

/* Has all windows told whose `origin` is below this one. False: it did not succeed. */
bool windows_tell_before(struct windows *windows, uint64_t origin, window_teller *tell, void *context);

/* Windows of retired plans are to be told at the next tick. */
void windows_hurry(struct windows *windows);

/* Forgets the window that begins then without telling it; nothing happens if there is none. */
void windows_forget(struct windows *windows, const struct window_told *which);

/* Forgets all. */
void windows_clear(struct windows *windows);

/* The smallest `origin` of a window; UINT64_MAX: there are no windows. Walks through all. */
uint64_t windows_oldest(const struct windows *windows);

size_t windows_count(const struct windows *windows);

#endif
