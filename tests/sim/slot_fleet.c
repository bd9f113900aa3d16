#include "tests/sim/slot_fleet.h"

#include <stdlib.h>

#define START_MS INT64_C(1790000000000)
#define REFUSED_MS 200 /* how long a refusal takes */

void slot_fleet_open(struct slot_fleet *fleet, const struct slot_fleet_options *options, unsigned seed)
{
	*fleet = (struct slot_fleet){ .options = *options, .nodes = calloc(options->nodes, sizeof(*fleet->nodes)) };
	if (!fleet->nodes)
		abort();
	random_init(&fleet->random, seed);
	slots_init(&fleet->slots, &fleet->options.schedule, &fleet->random);
	for (size_t i = 0; i < options->nodes; i++) {
		struct slot_node *node = &fleet->nodes[i];
		node->record = (struct node_record){ .id = "", .driver = "", .rank = (uint32_t)i };
		node->wake_at_ms = (int64_t)random_below(&fleet->random, (uint64_t)options->schedule.interval_ms);
		node->drift_ppm = (int64_t)random_below(&fleet->random, 2 * (uint64_t)options->drift_ppm + 1) -
				  options->drift_ppm;
		node->own = random_below(&fleet->random, 100) < options->own_percent;
	}
}

void slot_fleet_close(struct slot_fleet *fleet)
{
	free(fleet->nodes);
	free(fleet->spans);
}

static void note_span(struct slot_fleet *fleet, int64_t begin_ms, int64_t for_ms)
{
	if (fleet->span_count == fleet->span_room) {
		fleet->span_room = fleet->span_room ? 2 * fleet->span_room : 1024;
		fleet->spans = realloc(fleet->spans, fleet->span_room * sizeof(*fleet->spans));
		if (!fleet->spans)
			abort();
	}
	fleet->spans[fleet->span_count++] = (struct slot_span){ begin_ms, begin_ms + for_ms };
}

/* What the node takes for so long. */
static int64_t by_its_clock(const struct slot_node *node, int64_t ms)
{
	return ms + ms * node->drift_ppm / 1000000;
}

static void sleep_for(struct slot_fleet *fleet, struct slot_node *node, int64_t ms)
{
	node->wake_at_ms = fleet->now_ms + by_its_clock(node, ms) +
			   (int64_t)random_below(&fleet->random, (uint64_t)fleet->options.latency_ms + 1);
}

static void call(struct slot_fleet *fleet, struct slot_node *node)
{
	const struct schedule_settings *schedule = &fleet->options.schedule;
	const struct moment now = { .monotonic_ms = fleet->now_ms + 1, .wall_ms = START_MS + fleet->now_ms };
	const struct slots_contact contact = { .node_count = fleet->options.nodes,
		.excused = fleet->options.behind_broker };
	uint32_t next_s;

	if (random_below(&fleet->random, 100) < fleet->options.loss_percent) {
		sleep_for(fleet, node, schedule->interval_ms);
		return;
	}
	bool served = slots_on_contact(&fleet->slots, &node->record, &contact, now, &next_s);
	node->served += served;
	node->refused += !served;
	note_span(fleet, fleet->now_ms, served ? schedule->contact_ms : REFUSED_MS);
	if (served) {
		node->record.last_seen_ms = now.wall_ms;
		node->record.contacts++;
		if (node->first_served_ms == 0)
			node->first_served_ms = fleet->now_ms;
	}
	sleep_for(fleet, node, node->own ? fleet->options.own_period_ms : (int64_t)next_s * 1000);
}

static void call_when_it_likes(struct slot_fleet *fleet, struct slot_node *node)
{
	note_span(fleet, fleet->now_ms, fleet->options.schedule.contact_ms);
	node->wake_at_ms = fleet->now_ms + fleet->options.schedule.interval_ms;
}

static struct slot_node *next_of(const struct slot_fleet *fleet)
{
	struct slot_node *next = &fleet->nodes[0];

	for (size_t i = 1; i < fleet->options.nodes; i++)
		if (fleet->nodes[i].wake_at_ms < next->wake_at_ms)
			next = &fleet->nodes[i];
	return next;
}

void slot_fleet_live(struct slot_fleet *fleet, int64_t until_ms)
{
	for (struct slot_node *node = next_of(fleet); node->wake_at_ms < until_ms; node = next_of(fleet)) {
		fleet->now_ms = node->wake_at_ms;
		(fleet->options.hashed ? call_when_it_likes : call)(fleet, node);
	}
	fleet->now_ms = until_ms;
}

void slot_fleet_power_cut(struct slot_fleet *fleet, int64_t within_ms)
{
	for (size_t i = 0; i < fleet->options.nodes; i++) {
		struct slot_node *node = &fleet->nodes[i];
		node->wake_at_ms = fleet->now_ms + (int64_t)random_below(&fleet->random, (uint64_t)within_ms);
		node->first_served_ms = 0;
		node->served = node->refused = 0;
	}
}

void slot_fleet_restart_gateway(struct slot_fleet *fleet)
{
	slots_init(&fleet->slots, &fleet->options.schedule, &fleet->random);
	for (size_t i = 0; i < fleet->options.nodes; i++) {
		struct node_record *record = &fleet->nodes[i].record;
		record->next_contact_ms = record->last_seen_ms + fleet->options.schedule.interval_ms;
		record->rhythm.promised = record->rhythm.idle = 0;
	}
}

struct change {
	int64_t at_ms;
	int by;
};

static int compare_changes(const void *a, const void *b)
{
	const struct change *left = a, *right = b;

	if (left->at_ms != right->at_ms)
		return left->at_ms < right->at_ms ? -1 : 1;
	return left->by - right->by;
}

static int64_t clipped(int64_t ms, int64_t from_ms, int64_t until_ms)
{
	return ms < from_ms ? from_ms : ms > until_ms ? until_ms : ms;
}

struct slot_crowd slot_fleet_crowd(const struct slot_fleet *fleet, int64_t from_ms, int64_t until_ms)
{
	struct change *changes = malloc(2 * (fleet->span_count + 1) * sizeof(*changes));
	struct slot_crowd crowd = { 0 };
	size_t count = 0;
	int here = 0;

	if (!changes)
		abort();
	for (size_t i = 0; i < fleet->span_count; i++) {
		int64_t begin = clipped(fleet->spans[i].begin_ms, from_ms, until_ms);
		int64_t end = clipped(fleet->spans[i].end_ms, from_ms, until_ms);
		if (begin == end)
			continue;
		changes[count++] = (struct change){ begin, 1 };
		changes[count++] = (struct change){ end, -1 };
		crowd.mean += (double)(end - begin) / (double)(until_ms - from_ms);
	}
	qsort(changes, count, sizeof(*changes), compare_changes);
	for (size_t i = 0; i < count; i++) {
		here += changes[i].by;
		if (here > (int)crowd.peak)
			crowd.peak = (unsigned)here;
	}
	free(changes);
	return crowd;
}
