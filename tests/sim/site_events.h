/*
 * site_events: what is to happen at a simulated site, in the order of its time; of one time, in the order of adding.
 */
#ifndef WAKEGATE_TESTS_SITE_EVENTS_H
#define WAKEGATE_TESTS_SITE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_event {
	int64_t at_ms;
	uint64_t order;
	void (*call)(void *context, uint64_t argument);
	void *context;
	uint64_t argument;
};

struct site_events {
	struct site_event *heap;
	size_t count, room;
	uint64_t added;
};

/* All zeros is an empty queue. Frees what it holds. */
void site_events_finish(struct site_events *events);

/* `order` is set here. */
void site_events_add(struct site_events *events, struct site_event event);

/* When the next one is due; INT64_MAX: there is none. */
int64_t site_events_next_ms(const struct site_events *events);

/* Takes the next one if it is due by then. */
bool site_events_take(struct site_events *events, int64_t now_ms, struct site_event *out);

#endif
