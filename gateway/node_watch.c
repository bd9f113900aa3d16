#include "gateway/node_watch.h"

#include <math.h>

#include "gateway/nodes.h"

#define DAY_MS 86400000.0

static int64_t watched_since(const struct node_record *record)
{
	return record->watched_ms ? record->watched_ms : record->first_seen_ms;
}

/* 0 if the clock was set back. */
static int64_t watched_for(const struct node_record *record, int64_t wall_ms)
{
	int64_t ms = wall_ms - watched_since(record);

	return ms > 0 ? ms : 0;
}

static uint64_t drops_since(const struct node_record *record)
{
	return record->drops >= record->watched_drops ? record->drops - record->watched_drops : 0;
}

void node_watch_begin(struct node_record *record, int64_t wall_ms)
{
	int64_t ms = watched_for(record, wall_ms);
	double faded = exp2(-(double)ms / (double)NODE_WATCH_HALF_LIFE_MS);

	record->past_ms = (int64_t)((double)record->past_ms * faded) + ms;
	record->past_drops_milli =
		(int64_t)((double)record->past_drops_milli * faded) + (int64_t)drops_since(record) * 1000;
	record->watched_ms = wall_ms;
	record->watched_drops = record->drops;
}

struct drop_history node_watch_history(const struct node_record *record, int64_t wall_ms)
{
	return (struct drop_history){
		.before = (double)record->past_drops_milli / 1000,
		.days_before = (double)record->past_ms / DAY_MS,
		.after = (double)drops_since(record),
		.days_after = (double)watched_for(record, wall_ms) / DAY_MS,
	};
}
