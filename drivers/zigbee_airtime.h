/*
 * zigbee_airtime: how much of a Zigbee channel firmware may take and takes: a budget in microseconds, and how many
 * frames may be with the stick at a time.
 *
 * A plain value that knows no clock. The budget is what an operator grants; the window follows what the channel bears,
 * so that what nodes report does not wait behind blocks.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_AIRTIME_H
#define WAKEGATE_DRIVERS_ZIGBEE_AIRTIME_H

#include <stdbool.h>
#include <stdint.h>

struct zigbee_airtime {
	int64_t percent;
	int64_t balance_us; /* spent before it was there where negative */
	int64_t refilled_ms;
	unsigned window, window_most; /* frames */
	unsigned flying;
	unsigned good;                            /* since the window changed */
	int64_t used_us, slowest_ms, measured_ms; /* since measured */
	unsigned load;                            /* percent of `percent` that was spent in the last measured time */
	int64_t delay_ms;                         /* of the slowest frame in it; negative: there was none */
};

/* `percent` of the time, 100: no limit. */
void zigbee_airtime_init(struct zigbee_airtime *air, int64_t percent, int64_t now_ms);

/* Microseconds that a frame with `asdu` bytes of APS payload is on the air, over all hops, acknowledgements included:
 * 250 kbit/s (IEEE 802.15.4), secured. */
int64_t zigbee_airtime_of(unsigned asdu, unsigned relays);

/* 0: a frame may be sent now. Otherwise ms until then; INT64_MAX: when one that is under way is done. */
int64_t zigbee_airtime_wait_ms(struct zigbee_airtime *air, int64_t now_ms);

/* A frame was given to the stick; `cost_us`: with the request that it answers. charge(): it does not count for the
 * window, since a parent keeps it until a sleeper polls, and done() is not called. */
void zigbee_airtime_spend(struct zigbee_airtime *air, int64_t cost_us);
void zigbee_airtime_charge(struct zigbee_airtime *air, int64_t cost_us);

/* To be called now and then. True, every two seconds: `load` and `delay_ms` are new. */
bool zigbee_airtime_measure(struct zigbee_airtime *air, int64_t now_ms);

/* It is done, so long after it was given. `refused`: stick or channel were full. */
void zigbee_airtime_done(struct zigbee_airtime *air, int64_t took_ms, bool refused);

#endif
