/*
 * stick_flights: the messages that a stick has taken and not yet told the fate of.
 *
 * Bounded: as many as suit the stick, fewer for a while after it said that it is full. Holds a copy of each, so that
 * one can be handed over again. Knows no clock.
 */
#ifndef WAKEGATE_DRIVERS_STICK_FLIGHTS_H
#define WAKEGATE_DRIVERS_STICK_FLIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/zigbee_stick.h"

#define STICK_FLIGHTS_MAX 32

struct flight {
	bool used;
	bool waits; /* to be handed over again, at `due_ms`; else that is when it counts as lost */
	uint8_t id; /* 1 to 255: what the stick calls it; no other flight has it */
	uint8_t tries;
	uint32_t tag;
	int64_t due_ms;
	struct zigbee_message message; /* its payload is the bytes below */
	uint8_t payload[ZIGBEE_ASDU_MAX];
};

struct stick_flights {
	struct flight slots[STICK_FLIGHTS_MAX];
	uint8_t last_id;
	unsigned count;
	unsigned most; /* that suit the stick */
	unsigned room; /* that it takes now */
};

/* `most` is 1 to STICK_FLIGHTS_MAX. Forgets all. */
void stick_flights_init(struct stick_flights *flights, unsigned most);

/* Copies the message; a flight that is due never. -EAGAIN; -EMSGSIZE. */
int stick_flights_begin(
	struct stick_flights *flights, const struct zigbee_message *message, uint32_t tag, struct flight **out);

/* NULL: none is called so. */
struct flight *stick_flights_find(struct stick_flights *flights, uint8_t id);

/* The stick is full: half as many as now, at least one. */
void stick_flights_shrink(struct stick_flights *flights);

/* One arrived: room for one more, up to what suits the stick. */
void stick_flights_grow(struct stick_flights *flights);

/* Frees the slot and tells its tag. */
uint32_t stick_flights_end(struct stick_flights *flights, struct flight *flight);

/* The one that is due first and at `now_ms` or before; NULL. */
struct flight *stick_flights_due(struct stick_flights *flights, int64_t now_ms);

/* When the first is due; INT64_MAX: none. */
int64_t stick_flights_deadline(const struct stick_flights *flights);

#endif
