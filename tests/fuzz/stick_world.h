/*
 * stick_world: what a fuzzer puts around a stick: a line that takes anything, a clock, and a host that counts.
 */
#ifndef WAKEGATE_TESTS_STICK_WORLD_H
#define WAKEGATE_TESTS_STICK_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "drivers/stick.h"

struct stick_world {
	struct stick_line line;
	struct stick_host host;
	struct stick *stick;
	int64_t now_ms;
	uint32_t taken, landed;
	bool inside; /* a send() */
};

static inline int64_t world_now_ms(struct stick_line *line)
{
	return ((struct stick_world *)line)->now_ms;
}

static inline void world_write(struct stick_line *line, const void *data, size_t size)
{
}

static inline void world_set_alarm(struct stick_line *line, int64_t at_ms)
{
}

static inline void world_reopen(struct stick_line *line, const char *why)
{
	stick_on_down(((struct stick_world *)line)->stick, why);
}

static inline void world_close(struct stick_line *line)
{
}

static const struct stick_line_ops world_line_ops = { world_now_ms, world_write, world_set_alarm, world_reopen,
	world_close };

static inline void world_on_state(void *context, const struct stick_report *report)
{
}

static inline void world_on_received(void *context, const struct zigbee_message *message)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < message->payload.size; i++)
		sum ^= (uint8_t)message->payload.data[i];
	((struct stick_world *)context)->now_ms += sum & 1;
}

static inline void world_on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	struct stick_world *world = context;

	if (world->inside)
		abort();
	world->landed++;
}

static inline void world_on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent)
{
}

static inline void world_on_left(void *context, uint64_t eui64, uint16_t nwk)
{
}

static inline void world_on_routed(void *context, uint16_t nwk, uint8_t relays)
{
}

static inline void world_on_scanned(void *context, uint8_t channel, uint8_t energy)
{
}

static inline void world_on_key(void *context, const struct stick_link_key *key)
{
}

static inline void world_on_event(void *context, int level, const char *line)
{
}

static inline void world_on_permitted(void *context, const char *failed)
{
}

static inline void stick_world_init(struct stick_world *world)
{
	memset(world, 0, sizeof(*world));
	world->line.ops = &world_line_ops;
	world->host = (struct stick_host){ world, world_on_state, world_on_received, world_on_sent, world_on_joined,
		world_on_left, world_on_routed, world_on_scanned, world_on_key, world_on_event, world_on_permitted };
}

static inline void world_send(struct stick_world *world, const struct stick_ops *ops, bool zdo)
{
	const struct zigbee_message message = { .peer = zdo ? 0xfffc : 0x1234,
		.profile = zdo ? 0 : 0x0104,
		.wants_ack = true,
		.payload = { "payload", 7 } };

	world->inside = true;
	world->taken += ops->send(world->stick, &message, world->taken) == 0;
	world->inside = false;
}

/* One of what may happen besides bytes. */
static inline void stick_world_act(struct stick_world *world, const struct stick_ops *ops, uint8_t what)
{
	const struct stick_network network = { .pan = 0x1a62, .channel = 15, .extended_pan = 7 };
	const struct stick_link_key key = { .eui64 = 9 };

	switch (what & 15) {
	case 0:
		(void)ops->form(world->stick, &network);
		return;
	case 1:
		(void)ops->restore(world->stick, &network, &key, 1);
		return;
	case 2:
		(void)ops->backup(world->stick);
		return;
	case 3:
		(void)ops->scan(world->stick);
		return;
	case 4:
		(void)ops->permit(world->stick, 60);
		return;
	case 5:
		stick_on_down(world->stick, "unplugged");
		return;
	case 6:
		if (!world->stick->has_line)
			stick_on_up(world->stick);
		return;
	case 7:
	case 8:
		world->now_ms += what & 1 ? 300 : 30000;
		stick_on_alarm(world->stick);
		return;
	default:
		world_send(world, ops, what & 1);
	}
}

/* After close(): each message that was taken has had its end, once. */
static inline void stick_world_check(const struct stick_world *world)
{
	if (world->taken != world->landed)
		abort();
}

#endif
