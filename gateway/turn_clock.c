#include "gateway/turn_clock.h"

#include <uv.h>

static struct moment moment_of_turn(void *context)
{
	struct turn_clock *turn_clock = context;
	uint64_t turn = uv_now(turn_clock->loop);

	if (turn != turn_clock->turn) {
		turn_clock->moment = clock_moment(turn_clock->source);
		turn_clock->turn = turn;
	}
	return turn_clock->moment;
}

void turn_clock_init(struct turn_clock *turn_clock, const struct clock *source, const struct uv_loop_s *loop)
{
	*turn_clock = (struct turn_clock){
		.clock = { moment_of_turn, turn_clock },
		.source = source,
		.loop = loop,
		.turn = uv_now(loop),
		.moment = clock_moment(source),
	};
}
