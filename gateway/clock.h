/*
 * clock: notices that the wall clock was set, by comparing it with the monotonic one from look to look.
 *
 * A gateway without a battery for its clock starts in 1970, or where it was when it went off, and is set forward when
 * the network is there. Whoever keeps wall times moves them by the jump. The slow corrections of NTP are followed
 * without a word. A machine that slept looks like one whose clock was set forward: its monotonic clock stood still.
 */
#ifndef WAKEGATE_GATEWAY_CLOCK_H
#define WAKEGATE_GATEWAY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"

#define CLOCK_JUMP_LEAST_MS 5000 /* between two looks; less is a correction */

/* The wall clock was set. Times in milliseconds since 1970. */
struct clock_jump {
	int64_t from_ms;  /* what it would say had nobody set it */
	int64_t to_ms;    /* what it says */
	int64_t began_ms; /* what it would say of the moment at which it was first looked at; 0: all was written by it
			   */
};

/* Zeroed: has not looked yet. */
struct clock_watch {
	bool looked;
	int64_t ahead_ms; /* the wall clock, of the monotonic one, at the last look */
	int64_t began_ms; /* when the first look was, as the clock has it now */
	uint64_t jumps;
	struct clock_jump last; /* where jumps > 0 */
};

/* Looks; true if the clock was set since the last look, with *jump. The first look finds nothing. */
bool clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump);

/* How far the clock was set: positive is forward. */
int64_t clock_jump_ms(const struct clock_jump *jump);

/*
 * A kept wall time, so that it is as long ago, or as far away, after the jump as it was before. One that was not
 * written since the first look may be of another clock, before a restart: after a jump forward it stays if it lies
 * nearer to the new time than to the old, after a jump back if it is older than the first look is now. Nothing becomes
 * longer ago than it was, and of two past times the later one stays the later one.
 */
int64_t clock_jump_moved(const struct clock_jump *jump, int64_t wall_ms);

/*
 * Likewise of something that has happened: not later than now, whatever clock wrote it, and if a former run did, not
 * later than the first look. A jump by nothing does the former.
 */
int64_t clock_jump_past(const struct clock_jump *jump, int64_t wall_ms);

#endif
