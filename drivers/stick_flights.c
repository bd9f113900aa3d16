#include "drivers/stick_flights.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void stick_flights_init(struct stick_flights *flights, unsigned most)
{
	assert(most > 0 && most <= STICK_FLIGHTS_MAX);
	memset(flights, 0, sizeof(*flights));
	flights->most = flights->room = most;
}

static struct flight *free_slot(struct stick_flights *flights)
{
	struct flight *slot = flights->slots;

	while (slot->used)
		slot++;
	return slot;
}

static uint8_t unused_id(struct stick_flights *flights)
{
	do {
		if (++flights->last_id == 0)
			flights->last_id = 1;
	} while (stick_flights_find(flights, flights->last_id));
	return flights->last_id;
}

int stick_flights_begin(
	struct stick_flights *flights, const struct zigbee_message *message, uint32_t tag, struct flight **out)
{
	if (message->payload.size > ZIGBEE_ASDU_MAX)
		return -EMSGSIZE;
	if (flights->count >= flights->room)
		return -EAGAIN;
	struct flight *flight = free_slot(flights);
	*flight = (struct flight){
		.used = true, .id = unused_id(flights), .tag = tag, .due_ms = INT64_MAX, .message = *message
	};
	if (message->payload.size > 0)
		memcpy(flight->payload, message->payload.data, message->payload.size);
	flight->message.payload.data = (const char *)flight->payload;
	flights->count++;
	*out = flight;
	return 0;
}

struct flight *stick_flights_find(struct stick_flights *flights, uint8_t id)
{
	for (size_t i = 0; i < STICK_FLIGHTS_MAX; i++) {
		if (flights->slots[i].used && flights->slots[i].id == id)
			return &flights->slots[i];
	}
	return NULL;
}

void stick_flights_shrink(struct stick_flights *flights)
{
	flights->room = flights->room > 2 ? flights->room / 2 : 1;
}

void stick_flights_grow(struct stick_flights *flights)
{
	if (flights->room < flights->most)
		flights->room++;
}

uint32_t stick_flights_end(struct stick_flights *flights, struct flight *flight)
{
	flight->used = false;
	flights->count--;
	return flight->tag;
}

static struct flight *first_due(const struct stick_flights *flights)
{
	const struct flight *first = NULL;

	for (size_t i = 0; i < STICK_FLIGHTS_MAX; i++) {
		const struct flight *flight = &flights->slots[i];
		if (flight->used && flight->due_ms != INT64_MAX && (!first || flight->due_ms < first->due_ms))
			first = flight;
	}
	return (struct flight *)first;
}

struct flight *stick_flights_due(struct stick_flights *flights, int64_t now_ms)
{
	struct flight *first = first_due(flights);

	return first && first->due_ms <= now_ms ? first : NULL;
}

int64_t stick_flights_deadline(const struct stick_flights *flights)
{
	const struct flight *first = first_due(flights);

	return first ? first->due_ms : INT64_MAX;
}
