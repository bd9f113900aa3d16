#include "gateway/thinned.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/aggregate.h"
#include "protocols/number.h"
#include "protocols/segment.h"
#include "protocols/siphash.h"

#define WINDOWS_LEAST 256
#define TEXT_LEAST 16384
#define TIME_MOST_US (INT64_C(1) << 60) /* farther from 1970 is no date; so that a window's start is in range */

/* A text of a window, in the common space. */
struct kept_text {
	uint32_t at;
	uint16_t size;
};

struct kept_number {
	int64_t time_us;
	struct number number;
};

struct window {
	uint64_t hash;
	int64_t start_us, received_ms;
	struct kept_text node, name, unit;
	enum reading_kind kind;
	bool is_dated;
	bool has_extras; /* a sum or an update time came with a reading */
	uint32_t count;
	struct reading last; /* without its texts */
	struct kept_text last_text;
	uint16_t last_room;                    /* bytes at its place */
	struct kept_number kept[THINNED_KEPT]; /* the first ones, if they are numbers */
	struct aggregate aggregate;            /* of numbers */
};

struct thinned {
	struct siphash_key key;
	int64_t window_us;
	struct window *windows;
	size_t count, room;
	uint32_t *slots; /* hash table of twice the room: number of a window + 1; 0: free */
	char *text;
	size_t text_size, text_room;
};

static int make_room(struct thinned *thinned, size_t room)
{
	struct window *windows = realloc(thinned->windows, room * sizeof(*windows));

	if (!windows)
		return -ENOMEM;
	thinned->windows = windows;
	uint32_t *slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(thinned->slots);
	thinned->slots = slots;
	thinned->room = room;
	for (size_t i = 0; i < thinned->count; i++) {
		size_t slot = windows[i].hash & (2 * room - 1);
		while (slots[slot])
			slot = (slot + 1) & (2 * room - 1);
		slots[slot] = (uint32_t)i + 1;
	}
	return 0;
}

int thinned_open(struct thinned **out, int64_t window_us, uint64_t seed)
{
	struct thinned *thinned = calloc(1, sizeof(*thinned));

	if (!thinned)
		return -ENOMEM;
	thinned->window_us = window_us;
	thinned->key = (struct siphash_key){ seed, ~seed };
	if (make_room(thinned, WINDOWS_LEAST) < 0) {
		thinned_close(thinned);
		return -ENOMEM;
	}
	*out = thinned;
	return 0;
}

void thinned_close(struct thinned *thinned)
{
	if (!thinned)
		return;
	for (size_t i = 0; i < thinned->count; i++)
		aggregate_finish(&thinned->windows[i].aggregate);
	free(thinned->windows);
	free(thinned->slots);
	free(thinned->text);
	free(thinned);
}

size_t thinned_windows(const struct thinned *thinned)
{
	return thinned->count;
}

/* Room for so many more bytes of text. */
static int make_text_room(struct thinned *thinned, size_t size)
{
	size_t room = thinned->text_room ? thinned->text_room : TEXT_LEAST;

	if (thinned->text_size + size > THINNED_TEXT_MAX)
		return -ENOBUFS;
	while (room < thinned->text_size + size)
		room *= 2;
	if (room == thinned->text_room)
		return 0;
	char *grown = realloc(thinned->text, room);
	if (!grown)
		return -ENOMEM;
	thinned->text = grown;
	thinned->text_room = room;
	return 0;
}

static struct kept_text keep_text(struct thinned *thinned, struct span text)
{
	struct kept_text kept = { (uint32_t)thinned->text_size, (uint16_t)text.size };

	if (text.size)
		memcpy(thinned->text + thinned->text_size, text.data, text.size);
	thinned->text_size += text.size;
	return kept;
}

static struct span text_of(const struct thinned *thinned, struct kept_text text)
{
	return (struct span){ thinned->text + text.at, text.size };
}

static bool is_text(const struct thinned *thinned, struct kept_text kept, struct span text)
{
	return kept.size == text.size && (text.size == 0 || memcmp(thinned->text + kept.at, text.data, text.size) == 0);
}

static int64_t time_of(const struct segment_entry *entry)
{
	return entry->reading.has_time ? entry->reading.time_us : entry->received_ms * 1000;
}

/* What the node dated and what the gateway timed may have clocks that differ. */
static bool is_dated(const struct segment_entry *entry)
{
	return entry->reading.has_time && entry->reading.is_dated;
}

static int64_t start_of(const struct thinned *thinned, int64_t time_us)
{
	int64_t into_us = time_us % thinned->window_us;

	if (time_us < -TIME_MOST_US || time_us > TIME_MOST_US)
		return time_us;
	return time_us - (into_us < 0 ? into_us + thinned->window_us : into_us);
}

static uint64_t hash_of(const struct thinned *thinned, const struct segment_entry *entry, int64_t start_us)
{
	struct siphash_key key = thinned->key;

	key.high ^= (uint64_t)start_us;
	return siphash(&key, entry->reading.name.data, entry->reading.name.size) ^
	       siphash(&key, entry->node.data, entry->node.size) * 3;
}

static bool is_window(const struct thinned *thinned, const struct window *window, const struct segment_entry *entry)
{
	return window->kind == entry->reading.kind && window->is_dated == is_dated(entry) &&
	       is_text(thinned, window->node, entry->node) && is_text(thinned, window->name, entry->reading.name) &&
	       is_text(thinned, window->unit, entry->reading.unit);
}

/* The slot of the reading's window, or the free one where it belongs. */
static uint32_t *find_slot(
	const struct thinned *thinned, const struct segment_entry *entry, uint64_t hash, int64_t start_us)
{
	size_t mask = 2 * thinned->room - 1;
	size_t slot = hash & mask;

	for (; thinned->slots[slot]; slot = (slot + 1) & mask) {
		const struct window *window = &thinned->windows[thinned->slots[slot] - 1];
		if (window->hash == hash && window->start_us == start_us && is_window(thinned, window, entry))
			break;
	}
	return &thinned->slots[slot];
}

static struct window *add_window(struct thinned *thinned, const struct segment_entry *entry, int64_t start_us)
{
	struct window *window = &thinned->windows[thinned->count++];

	*window = (struct window){
		.start_us = start_us,
		.node = keep_text(thinned, entry->node),
		.name = keep_text(thinned, entry->reading.name),
		.unit = keep_text(thinned, entry->reading.unit),
		.kind = entry->reading.kind,
		.is_dated = is_dated(entry),
	};
	aggregate_init(&window->aggregate, false);
	return window;
}

static void keep_last(struct thinned *thinned, struct window *window, const struct segment_entry *entry)
{
	const struct reading *reading = &entry->reading;
	int64_t time_us = time_of(entry);

	if (window->count > 0 && time_us < window->last.time_us)
		return;
	window->received_ms = entry->received_ms;
	window->last = *reading;
	window->last.has_time = true;
	window->last.time_us = time_us;
	if (reading->text.size > window->last_room) {
		window->last_text = keep_text(thinned, reading->text);
		window->last_room = window->last_text.size;
	} else if (reading->text.size > 0) {
		memcpy(thinned->text + window->last_text.at, reading->text.data, reading->text.size);
	}
	window->last_text.size = (uint16_t)reading->text.size;
}

static size_t text_size_of(const struct segment_entry *entry)
{
	return entry->node.size + entry->reading.name.size + entry->reading.unit.size + entry->reading.text.size;
}

int thinned_add(struct thinned *thinned, const struct segment_entry *entry)
{
	const struct reading *reading = &entry->reading;
	int64_t time_us = time_of(entry);
	int64_t start_us = start_of(thinned, time_us);
	uint64_t hash = hash_of(thinned, entry, start_us);
	int result = make_text_room(thinned, text_size_of(entry));

	if (result == 0 && thinned->count == thinned->room)
		result = thinned->room < THINNED_WINDOWS_MAX ? make_room(thinned, 2 * thinned->room) : -ENOBUFS;
	if (result < 0)
		return result;
	uint32_t *slot = find_slot(thinned, entry, hash, start_us);
	struct window *window = *slot ? &thinned->windows[*slot - 1] : add_window(thinned, entry, start_us);
	window->hash = hash;
	*slot = (uint32_t)(window - thinned->windows) + 1;
	keep_last(thinned, window, entry);
	window->has_extras |= reading->has_sum || reading->update_time_ms > 0;
	if (reading->kind == READING_NUMBER) {
		if (window->count < THINNED_KEPT)
			window->kept[window->count] = (struct kept_number){ time_us, reading->number };
		(void)aggregate_add(&window->aggregate, &reading->number, time_us);
	}
	window->count++;
	return 0;
}

static struct reading *next_reading(struct thinned_report *out, const struct window *window)
{
	struct reading *reading = &out->readings[out->count++];

	*reading = (struct reading){
		.kind = READING_NUMBER, .has_time = true, .is_dated = window->is_dated, .time_us = window->start_us
	};
	return reading;
}

static void name_reading(struct thinned_report *out, struct span name, const char *suffix)
{
	char *room = out->names[out->count - 1];
	int size = snprintf(room, sizeof(out->names[0]), "%.*s/%s", (int)name.size, name.data, suffix);

	out->readings[out->count - 1].name = (struct span){ room, (size_t)size };
}

static void report_last(const struct thinned *thinned, const struct window *window, struct thinned_report *out)
{
	struct reading *reading = next_reading(out, window);

	*reading = window->last;
	reading->name = text_of(thinned, window->name);
	reading->unit = text_of(thinned, window->unit);
	reading->text = text_of(thinned, window->last_text);
	if (window->count > 1)
		name_reading(out, text_of(thinned, window->name), "last");
}

static void report_kept(const struct thinned *thinned, const struct window *window, struct thinned_report *out)
{
	for (uint32_t i = 0; i < window->count; i++) {
		struct reading *reading = next_reading(out, window);

		reading->name = text_of(thinned, window->name);
		reading->unit = text_of(thinned, window->unit);
		reading->time_us = window->kept[i].time_us;
		reading->number = window->kept[i].number;
	}
}

static void report_count(const struct window *window, struct span name, struct thinned_report *out)
{
	next_reading(out, window)->number = number_from_integer(window->count);
	name_reading(out, name, "count");
}

static void report_numbers(const struct thinned *thinned, const struct window *window, struct thinned_report *out)
{
	static const struct {
		enum window_function function;
		const char *suffix;
	} parts[] = { { WINDOW_MIN, "min" }, { WINDOW_MEAN, "mean" }, { WINDOW_MAX, "max" } };
	struct aggregate aggregate = window->aggregate; /* to ask a copy leaves the window as it is */
	struct span name = text_of(thinned, window->name);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct reading *reading = next_reading(out, window);

		reading->unit = text_of(thinned, window->unit);
		reading->number = aggregate_value(&aggregate, parts[i].function, 0);
		name_reading(out, name, parts[i].suffix);
	}
	report_count(window, name, out);
	if (window->has_extras)
		report_last(thinned, window, out);
}

void thinned_report(const struct thinned *thinned, size_t index, struct thinned_report *out)
{
	const struct window *window = &thinned->windows[index];

	out->node = text_of(thinned, window->node);
	out->received_ms = window->received_ms;
	out->count = 0;
	if (window->count == 1)
		report_last(thinned, window, out);
	else if (window->kind == READING_NUMBER && !window->has_extras && window->count <= THINNED_KEPT)
		report_kept(thinned, window, out);
	else if (window->kind == READING_NUMBER)
		report_numbers(thinned, window, out);
	else {
		report_last(thinned, window, out);
		report_count(window, text_of(thinned, window->name), out);
	}
}
