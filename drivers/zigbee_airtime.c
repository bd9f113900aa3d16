#include "drivers/zigbee_airtime.h"

#define BYTE_US 32             /* at 250 kbit/s */
#define FRAME_BYTES 51         /* around an APS payload: PHY 6, MAC 11, NWK 8 and 18 of security, APS 8 */
#define ACKNOWLEDGEMENT_US 544 /* turnaround and 11 bytes */
#define ROUTE_BYTES 2          /* of a source route, and again for each relay */
#define BURST_US 50000         /* that may be saved up */

#define WINDOW_MOST 6
#define GOOD_ENOUGH 16 /* frames, before the window grows */
#define WINDOW_FIRST 3
#define MEASURE_MS 2000
#define SLOW_MS 500 /* half of what a reading may be late for firmware's sake */

void zigbee_airtime_init(struct zigbee_airtime *air, int64_t percent, int64_t now_ms)
{
	*air = (struct zigbee_airtime){ .percent = percent,
		.refilled_ms = now_ms,
		.measured_ms = now_ms,
		.slowest_ms = -1,
		.window = WINDOW_FIRST,
		.window_most = WINDOW_MOST };
}

int64_t zigbee_airtime_of(unsigned asdu, unsigned relays)
{
	unsigned route = relays ? ROUTE_BYTES + ROUTE_BYTES * relays : 0;

	return (int64_t)(relays + 1) * ((int64_t)(FRAME_BYTES + route + asdu) * BYTE_US + ACKNOWLEDGEMENT_US);
}

static void refill(struct zigbee_airtime *air, int64_t now_ms)
{
	air->balance_us += (now_ms - air->refilled_ms) * 10 * air->percent;
	if (air->balance_us > BURST_US)
		air->balance_us = BURST_US;
	air->refilled_ms = now_ms;
}

int64_t zigbee_airtime_wait_ms(struct zigbee_airtime *air, int64_t now_ms)
{
	if (air->flying >= air->window)
		return INT64_MAX;
	if (air->percent >= 100)
		return 0;
	refill(air, now_ms);
	if (air->balance_us >= 0)
		return 0;
	return -air->balance_us / (10 * air->percent) + 1;
}

void zigbee_airtime_charge(struct zigbee_airtime *air, int64_t cost_us)
{
	air->balance_us -= cost_us;
	air->used_us += cost_us;
}

void zigbee_airtime_spend(struct zigbee_airtime *air, int64_t cost_us)
{
	air->flying++;
	zigbee_airtime_charge(air, cost_us);
}

bool zigbee_airtime_measure(struct zigbee_airtime *air, int64_t now_ms)
{
	int64_t took_ms = now_ms - air->measured_ms;

	if (took_ms < MEASURE_MS)
		return false;
	air->load = (unsigned)(air->used_us * 10 / (took_ms * air->percent));
	air->delay_ms = air->slowest_ms;
	air->used_us = 0;
	air->slowest_ms = -1;
	air->measured_ms = now_ms;
	return true;
}

void zigbee_airtime_done(struct zigbee_airtime *air, int64_t took_ms, bool refused)
{
	air->flying--;
	if (took_ms > air->slowest_ms)
		air->slowest_ms = took_ms;
	if (refused || took_ms > SLOW_MS) {
		air->window = air->window > 1 ? air->window / 2 : 1;
		air->good = 0;
		return;
	}
	if (++air->good >= GOOD_ENOUGH && air->window < air->window_most) {
		air->window++;
		air->good = 0;
	}
}
