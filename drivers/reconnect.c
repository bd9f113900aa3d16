#include "drivers/reconnect.h"

#include <assert.h>

void reconnect_init(struct reconnect *reconnect, int64_t least_ms, int64_t most_ms, unsigned broker_count)
{
	assert(broker_count > 0 && least_ms > 0 && least_ms <= most_ms);
	*reconnect = (struct reconnect){ .least_ms = least_ms, .most_ms = most_ms, .broker_count = broker_count };
}

/* Doubles the pause and draws between half and all of it. */
static int64_t draw_pause(struct reconnect *reconnect, uint32_t chance)
{
	int64_t pause_ms = reconnect->pause_ms ? reconnect->pause_ms * 2 : reconnect->least_ms;

	if (pause_ms > reconnect->most_ms)
		pause_ms = reconnect->most_ms;
	reconnect->pause_ms = pause_ms;
	int64_t half_ms = pause_ms / 2;
	return half_ms + (int64_t)((uint64_t)(pause_ms - half_ms + 1) * chance >> 32);
}

int64_t reconnect_after_failure(struct reconnect *reconnect, bool version_doubt, uint32_t chance)
{
	if (version_doubt && reconnect->falls_back && !reconnect->fallen_back) {
		reconnect->fallen_back = true;
		return 0;
	}
	reconnect->fallen_back = false;
	reconnect->broker = (reconnect->broker + 1) % reconnect->broker_count;
	return reconnect->broker == 0 ? draw_pause(reconnect, chance) : 0;
}

int64_t reconnect_after_session(struct reconnect *reconnect, int64_t lasted_ms, uint32_t chance)
{
	reconnect->broker = 0;
	reconnect->fallen_back = false;
	if (lasted_ms >= reconnect->most_ms)
		reconnect->pause_ms = 0;
	return draw_pause(reconnect, chance);
}
