/*
 * boot_clock: gives readings their right times that were taken before the clock was set.
 *
 * A gateway without a battery for its clock starts in 1970 and counts from there. What it receives then bears that
 * count, which says how long after the start it was; when the clock is set, how far it was wrong is known, and the
 * readings are mended on their way upstream. Jumps are kept over restarts, so that a reading is mended whichever start
 * of the gateway took it. A plain value; docs/telemetry.md, "Times".
 */
#ifndef WAKEGATE_GATEWAY_BOOT_CLOCK_H
#define WAKEGATE_GATEWAY_BOOT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"

#define CLOCK_SET_LEAST_MS INT64_C(1672531200000) /* 2023-01-01: a clock that says less was never set */
#define BOOT_CLOCK_JUMPS_MAX 32                   /* remembered; older ones are forgotten */

struct clock_jump;
struct segment_entry;

/* The clock was set from `from_ms`, while these starts of the gateway counted by it. */
struct boot_clock_jump {
	uint32_t first_boot, last_boot;
	int64_t from_ms, to_ms;
};

/* May be kept as its bytes, see boot_clock_start(). */
struct boot_clock {
	uint32_t machine;          /* which start of the machine, see machine_boot() */
	uint32_t first_boot, boot; /* starts of the gateway: the first since then, and this one */
	uint32_t count;            /* jumps */
	int64_t ahead_ms;          /* the wall clock, of the monotonic one */
	struct boot_clock_jump jumps[BOOT_CLOCK_JUMPS_MAX];
};

/* Whether the clock was set while the gateway was down and the machine was not, by what was kept last, and how; before
 * it starts. `kept` zeroed: not known. */
bool boot_clock_missed(
	const struct boot_clock *kept, uint32_t machine, uint32_t boot, struct moment now, struct clock_jump *out);

/*
 * Starts from what was kept last, zeroed: nothing. If the clock was set while the gateway was down, and the machine was
 * not, that is found out. To be kept afterwards.
 */
void boot_clock_start(struct boot_clock *clock, uint32_t machine, uint32_t boot, struct moment now);

/* The clock was set. To be kept afterwards. */
void boot_clock_jumped(struct boot_clock *clock, const struct clock_jump *jump, struct moment now);

/* Whether the clock was not set since the machine started. */
bool boot_clock_is_unset(struct moment now);

/*
 * Mends a reading that was taken in this start of the gateway: the time of its receipt, and its own unless that is a
 * date. One that was received with a clock that was set, and one whose start's clock was never set, stay as they are.
 */
void boot_clock_mend(const struct boot_clock *clock, uint32_t boot, struct segment_entry *entry);

#endif
