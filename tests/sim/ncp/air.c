#include "tests/sim/ncp/air.h"

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"

#define BYTE_US 32
#define BACKOFF_US 320 /* a unit; 0 to 7 of them: macMinBE 3 */
#define TURNAROUND_US 192
#define ACK_US (11 * BYTE_US)

struct air_try air_send(struct air *air, uint32_t bytes, bool acknowledged, uint32_t loss_permille)
{
	int64_t now_us = air->clock->now_us;
	int64_t from_us = air->free_us > now_us ? air->free_us : now_us;
	int64_t air_us = (int64_t)bytes * BYTE_US + (acknowledged ? TURNAROUND_US + ACK_US : 0);

	if (from_us - now_us > air->full_us) {
		air->counts.refused++;
		return (struct air_try){ .delay_us = 20 * AIR_MS, .refused = true };
	}
	bool lost = random_below(air->random, 1000) < air->loss_permille + loss_permille;
	air->free_us = from_us + (int64_t)random_below(air->random, 8) * BACKOFF_US + air_us;
	air->counts.frames++;
	air->counts.lost += lost;
	air->counts.airtime_us += (uint64_t)air_us;
	return (struct air_try){ .delay_us = air->free_us - now_us, .received = !lost };
}

int64_t air_duty_wait_us(struct air *air, uint32_t bytes)
{
	int64_t now_us = air->clock->now_us;
	int64_t wait_us = air->duty_free_us > now_us ? air->duty_free_us - now_us : 0;

	if (air->duty_permille == 0)
		return 0;
	air->duty_free_us = now_us + wait_us + (int64_t)bytes * BYTE_US * 1000 / air->duty_permille;
	return wait_us;
}
