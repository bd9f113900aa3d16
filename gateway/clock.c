#include "gateway/clock.h"

#include <stdlib.h>

bool clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump)
{
	int64_t ahead_ms = now.wall_ms - now.monotonic_ms;
	int64_t by_ms = ahead_ms - watch->ahead_ms;
	bool jumped = watch->looked && (by_ms >= CLOCK_JUMP_LEAST_MS || by_ms <= -CLOCK_JUMP_LEAST_MS);

	watch->looked = true;
	watch->ahead_ms = ahead_ms;
	if (!jumped)
		return false;
	watch->jumps++;
	watch->last = (struct clock_jump){ .from_ms = now.wall_ms - by_ms, .to_ms = now.wall_ms };
	*jump = watch->last;
	return true;
}

int64_t clock_jump_ms(const struct clock_jump *jump)
{
	return jump->to_ms - jump->from_ms;
}

int64_t clock_jump_moved(const struct clock_jump *jump, int64_t wall_ms)
{
	bool by_new_time = llabs(wall_ms - jump->to_ms) < llabs(wall_ms - jump->from_ms);

	return by_new_time ? wall_ms : wall_ms + clock_jump_ms(jump);
}
