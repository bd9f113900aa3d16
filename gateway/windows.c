#include "gateway/windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/aggregate.h"
#include "gateway/pattern.h"
#include "gateway/window_plan.h"
#include "protocols/number.h"
#include "protocols/siphash.h"

#define BUCKETS_LEAST 64
#define IDLE_MS (INT64_C(3600) * 1000)
#define RETRY_MS 100
#define TIME_MOST_US (INT64_C(1) << 60) /* farther from 1970 is no date */
#define GRAIN_MS 1000                   /* windows end at full seconds, so that many are told in one walk */

struct window {
	struct window *next_in_bucket;
	struct window *older, *newer; /* by when a reading was last added */
	uint64_t hash;
	struct window_plan *plan;
	int64_t start_us;
	int64_t due_ms;
	uint64_t origin; /* of its first reading, as `boot` */
	uint32_t boot;
	struct aggregate aggregate;
	uint8_t unit_size;
	char unit[READING_UNIT_MAX];
	uint16_t node_size, name_size;
	char text[]; /* node, then name */
};

struct windows {
	struct siphash_key key;
	size_t most, count;
	struct window **buckets;
	size_t bucket_count;
	struct window *oldest, *newest;
	int64_t next_due_ms; /* no window ends before */
	int64_t now_ms;      /* of the last tick */
};

int windows_open(struct windows **out, size_t most, uint64_t seed)
{
	struct windows *windows = calloc(1, sizeof(*windows));

	if (!windows)
		return -ENOMEM;
	windows->buckets = calloc(BUCKETS_LEAST, sizeof(struct window *));
	if (!windows->buckets) {
		free(windows);
		return -ENOMEM;
	}
	windows->bucket_count = BUCKETS_LEAST;
	windows->most = most;
	windows->key = (struct siphash_key){ seed, ~seed };
	windows->next_due_ms = INT64_MAX;
	*out = windows;
	return 0;
}

void windows_close(struct windows *windows)
{
	if (!windows)
		return;
	windows_clear(windows);
	free(windows->buckets);
	free(windows);
}

void windows_set_most(struct windows *windows, size_t most)
{
	windows->most = most;
}

static uint64_t hash_of(const struct windows *windows, const struct window_plan *plan, int64_t start_us,
	struct span node, struct span name)
{
	struct siphash_key key = windows->key;

	key.low ^= (uint64_t)(uintptr_t)plan;
	key.high ^= (uint64_t)start_us;
	return siphash(&key, name.data, name.size) ^ siphash(&key, node.data, node.size) * 3;
}

static bool is_window(const struct window *window, const struct window_entry *entry, int64_t start_us)
{
	return window->plan == entry->plan && window->start_us == start_us && window->node_size == entry->node.size &&
	       window->name_size == entry->name.size && memcmp(window->text, entry->node.data, entry->node.size) == 0 &&
	       memcmp(window->text + window->node_size, entry->name.data, entry->name.size) == 0;
}

static struct window *find(const struct windows *windows, const struct window_entry *entry, int64_t start_us)
{
	uint64_t hash = hash_of(windows, entry->plan, start_us, entry->node, entry->name);
	struct window *window = windows->buckets[hash & (windows->bucket_count - 1)];

	while (window && (window->hash != hash || !is_window(window, entry, start_us)))
		window = window->next_in_bucket;
	return window;
}

static void grow(struct windows *windows)
{
	size_t count = 2 * windows->bucket_count;
	struct window **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains do no harm */
	for (struct window *window = windows->oldest; window; window = window->newer) {
		struct window **bucket = &buckets[window->hash & (count - 1)];
		window->next_in_bucket = *bucket;
		*bucket = window;
	}
	free(windows->buckets);
	windows->buckets = buckets;
	windows->bucket_count = count;
}

static void unlink_by_age(struct windows *windows, struct window *window)
{
	*(window->older ? &window->older->newer : &windows->oldest) = window->newer;
	*(window->newer ? &window->newer->older : &windows->newest) = window->older;
}

static void append_newest(struct windows *windows, struct window *window)
{
	window->older = windows->newest;
	window->newer = NULL;
	*(windows->newest ? &windows->newest->newer : &windows->oldest) = window;
	windows->newest = window;
}

static void link_window(struct windows *windows, struct window *window)
{
	if (windows->count >= windows->bucket_count)
		grow(windows);
	struct window **bucket = &windows->buckets[window->hash & (windows->bucket_count - 1)];
	window->next_in_bucket = *bucket;
	*bucket = window;
	append_newest(windows, window);
	windows->count++;
}

static void remove_window(struct windows *windows, struct window *window)
{
	struct window **link = &windows->buckets[window->hash & (windows->bucket_count - 1)];

	while (*link != window)
		link = &(*link)->next_in_bucket;
	*link = window->next_in_bucket;
	unlink_by_age(windows, window);
	windows->count--;
	aggregate_finish(&window->aggregate);
	window_plan_release(window->plan);
	free(window);
}

static int64_t start_of(int64_t time_us, int64_t width_us)
{
	if (time_us > TIME_MOST_US || time_us < -TIME_MOST_US)
		time_us = time_us > 0 ? TIME_MOST_US : -TIME_MOST_US;
	int64_t rest = time_us % width_us;

	return time_us - (rest < 0 ? rest + width_us : rest);
}

static int64_t due_of(const struct window_plan *plan, int64_t start_us, int64_t received_ms)
{
	int64_t end_ms = start_us / 1000 + plan->width_ms;
	int64_t from_ms = end_ms > received_ms ? end_ms : received_ms;

	if (from_ms > received_ms + plan->width_ms)
		from_ms = received_ms + plan->width_ms;
	return (from_ms + plan->late_ms + GRAIN_MS - 1) / GRAIN_MS * GRAIN_MS;
}

static struct window *begin(struct windows *windows, const struct window_entry *entry, int64_t start_us)
{
	struct window *window = calloc(1, sizeof(*window) + entry->node.size + entry->name.size);

	if (!window)
		return NULL;
	window->plan = entry->plan;
	window->start_us = start_us;
	window->due_ms = due_of(entry->plan, start_us, entry->received_ms);
	window->origin = entry->origin;
	window->boot = entry->boot;
	window->node_size = (uint16_t)entry->node.size;
	window->name_size = (uint16_t)entry->name.size;
	memcpy(window->text, entry->node.data, entry->node.size);
	memcpy(window->text + entry->node.size, entry->name.data, entry->name.size);
	window->hash = hash_of(windows, entry->plan, start_us, entry->node, entry->name);
	aggregate_init(&window->aggregate, entry->plan->samples);
	return window;
}

static void take_unit(struct window *window, struct span unit)
{
	window->unit_size = (uint8_t)(unit.size < READING_UNIT_MAX ? unit.size : READING_UNIT_MAX);
	if (window->unit_size > 0)
		memcpy(window->unit, unit.data, window->unit_size);
}

int windows_add(struct windows *windows, const struct window_entry *entry)
{
	int64_t start_us = start_of(entry->time_us, entry->plan->width_ms * 1000);
	struct window *window = find(windows, entry, start_us);
	struct window *begun = window ? NULL : begin(windows, entry, start_us);

	if (!window)
		window = begun;
	if (!window || aggregate_add(&window->aggregate, &entry->value, entry->time_us) < 0) {
		free(begun);
		return -ENOMEM;
	}
	take_unit(window, entry->unit);
	if (begun) {
		(void)window_plan_share(entry->plan);
		link_window(windows, window);
		if (window->due_ms < windows->next_due_ms)
			windows->next_due_ms = window->due_ms;
	} else if (windows->newest != window) {
		unlink_by_age(windows, window);
		append_newest(windows, window);
	}
	return 0;
}

/* What is told of a window, with its names. */
struct telling {
	struct reading readings[RULE_OUTPUTS_MAX];
	char names[RULE_OUTPUTS_MAX][READING_NAME_MAX];
};

static struct span unit_of(const struct window *window, const struct window_output *output)
{
	if (output->unit[0])
		return (struct span){ output->unit, strlen(output->unit) };
	if (output->function == WINDOW_COUNT)
		return (struct span){ NULL, 0 };
	return (struct span){ window->unit, window->unit_size };
}

static bool tell_window(struct window *window, window_teller *tell, void *context)
{
	struct window_plan *plan = window->plan;
	struct telling telling;
	struct window_told told = {
		.plan = plan,
		.node = { window->text, window->node_size },
		.name = { window->text + window->node_size, window->name_size },
		.start_us = window->start_us,
		.boot = window->boot,
		.readings = telling.readings,
		.count = plan->output_count,
	};

	for (size_t i = 0; i < plan->output_count; i++) {
		const struct window_output *output = &plan->outputs[i];

		telling.readings[i] = (struct reading){
			.name = { telling.names[i], pattern_fill(telling.names[i], output->name, told.name) },
			.unit = unit_of(window, output),
			.kind = READING_NUMBER,
			.has_time = true,
			.number = aggregate_value(&window->aggregate, output->function, output->percent),
			.time_us = window->start_us,
		};
	}
	return tell(context, &told);
}

/* A due that is further away than it can ever be was counted by a clock that has been set back since. */
static bool has_ended(const struct window *window, int64_t now_ms)
{
	const struct window_plan *plan = window->plan;

	return plan->retired || now_ms >= window->due_ms ||
	       window->due_ms - now_ms > plan->width_ms + plan->late_ms + GRAIN_MS;
}

static int64_t wait_of(int64_t due_ms, int64_t now_ms)
{
	return due_ms > now_ms + IDLE_MS ? IDLE_MS : due_ms - now_ms;
}

int64_t windows_tick(struct windows *windows, int64_t now_ms, window_teller *tell, void *context)
{
	struct window *next;
	int64_t due_ms = INT64_MAX;
	bool telling = true;
	bool set_back = now_ms < windows->now_ms;

	windows->now_ms = now_ms;
	if (now_ms < windows->next_due_ms && !set_back)
		return wait_of(windows->next_due_ms, now_ms);
	for (struct window *window = windows->oldest; window; window = next) {
		next = window->newer;
		if (telling && has_ended(window, now_ms)) {
			telling = tell_window(window, tell, context);
			if (telling) {
				remove_window(windows, window);
				continue;
			}
		}
		if (window->due_ms < due_ms)
			due_ms = window->due_ms;
	}
	windows->next_due_ms = telling ? due_ms : now_ms;
	return telling ? wait_of(due_ms, now_ms) : RETRY_MS;
}

bool windows_make_room(struct windows *windows, size_t count, window_teller *tell, void *context)
{
	while (windows->oldest && windows->count + count > windows->most) {
		if (!tell_window(windows->oldest, tell, context))
			return false;
		remove_window(windows, windows->oldest);
	}
	return true;
}

bool windows_tell_before(struct windows *windows, uint64_t origin, window_teller *tell, void *context)
{
	struct window *next;

	for (struct window *window = windows->oldest; window; window = next) {
		next = window->newer;
		if (window->origin >= origin)
			continue;
		if (!tell_window(window, tell, context))
			return false;
		remove_window(windows, window);
	}
	return true;
}

void windows_hurry(struct windows *windows)
{
	windows->next_due_ms = INT64_MIN / 2;
}

void windows_forget(struct windows *windows, const struct window_told *which)
{
	const struct window_entry entry = { .plan = which->plan, .node = which->node, .name = which->name };
	struct window *window = find(windows, &entry, which->start_us);

	if (window)
		remove_window(windows, window);
}

void windows_clear(struct windows *windows)
{
	while (windows->oldest)
		remove_window(windows, windows->oldest);
	windows->next_due_ms = INT64_MAX;
}

uint64_t windows_oldest(const struct windows *windows)
{
	uint64_t oldest = UINT64_MAX;

	for (const struct window *window = windows->oldest; window; window = window->newer)
		if (window->origin < oldest)
			oldest = window->origin;
	return oldest;
}

size_t windows_count(const struct windows *windows)
{
	return windows->count;
}
