#include "tests/sim/site_events.h"

#include <stdlib.h>

static bool is_before(const struct site_event *a, const struct site_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void site_events_finish(struct site_events *events)
{
	free(events->heap);
	*events = (struct site_events){ 0 };
}

void site_events_add(struct site_events *events, struct site_event event)
{
	if (events->count == events->room) {
		events->room = events->room ? 2 * events->room : 1024;
		events->heap = realloc(events->heap, events->room * sizeof(*events->heap));
		if (!events->heap)
			abort();
	}
	event.order = events->added++;
	size_t at = events->count++;
	for (size_t parent; at > 0 && is_before(&event, &events->heap[parent = (at - 1) / 2]); at = parent)
		events->heap[at] = events->heap[parent];
	events->heap[at] = event;
}

int64_t site_events_next_ms(const struct site_events *events)
{
	return events->count ? events->heap[0].at_ms : INT64_MAX;
}

/* Lets the last one sink from the top. */
static void sink(struct site_events *events, struct site_event last)
{
	size_t at = 0;

	for (size_t child; (child = 2 * at + 1) < events->count; at = child) {
		if (child + 1 < events->count && is_before(&events->heap[child + 1], &events->heap[child]))
			child++;
		if (is_before(&last, &events->heap[child]))
			break;
		events->heap[at] = events->heap[child];
	}
	events->heap[at] = last;
}

bool site_events_take(struct site_events *events, int64_t now_ms, struct site_event *out)
{
	if (site_events_next_ms(events) > now_ms)
		return false;
	*out = events->heap[0];
	struct site_event last = events->heap[--events->count];
	if (events->count > 0)
		sink(events, last);
	return true;
}
