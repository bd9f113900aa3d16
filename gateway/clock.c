#include "gateway/clock.h"

#include <stdlib.h>

bool clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump)
{
	int64_t ahead_ms = now.wall_ms - now.monotonic_ms;
	int64_t by_ms = ahead_ms - watch->ahead_ms;
	bool jumped = watch->looked && (by_ms >= CLOCK_JUMP_LEAST_MS || by_ms <= -CLOCK_JUMP_LEAST_MS);

	if (!watch->looked)
		watch->began_ms = now.wall_ms;
	watch->looked = true;
	watch->ahead_ms = ahead_ms;
	if (!jumped)
		return false;
	watch->jumps++;
	watch->last = (struct clock_jump){ now.wall_ms - by_ms, now.wall_ms, watch->began_ms };
	watch->began_ms += by_ms;
	*jump = watch->last;
	return true;
}

int64_t clock_jump_ms(const struct clock_jump *jump)
{
	return jump->to_ms - jump->from_ms;
}

int64_t clock_jump_moved(const struct clock_jump *jump, int64_t wall_ms)
{
	int64_t by_ms = clock_jump_ms(jump), began_ms = jump->began_ms + by_ms;
	bool by_new_time = llabs(wall_ms - jump->to_ms) < llabs(wall_ms - jump->from_ms);

	if (wall_ms >= jump->began_ms && wall_ms <= jump->from_ms)
		return wall_ms + by_ms;
	if (by_ms > 0)
		return by_new_time ? wall_ms : wall_ms + by_ms;
	if (wall_ms > jump->from_ms)
		return wall_ms + by_ms;
	return wall_ms < began_ms ? wall_ms : began_ms;
}

int64_t clock_jump_past(const struct clock_jump *jump, int64_t wall_ms)
{
	int64_t moved_ms = clock_jump_moved(jump, wall_ms);

	if (moved_ms <= jump->to_ms)
		return moved_ms;
	/* What this run did not write was there before it, and so before all that it wrote. */
	return jump->began_ms > 0 ? jump->began_ms + clock_jump_ms(jump) : jump->to_ms;
}
