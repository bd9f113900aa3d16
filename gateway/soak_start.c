#include "gateway/soak_start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/node_record.h"
#include "protocols/siphash.h"

#define DAY_MS 86400000.0

/* Two nodes with the same mark, once in a hundred thousand, are taken for none. */
struct sample {
	uint32_t mark;
	uint32_t bytes;     /* the lowest bits of what it had sent and got */
	uint32_t battery_s; /* as in its record */
	int8_t battery_percent;
	bool is_online;
};

struct soak_start {
	int64_t begun_ms; /* monotonic */
	size_t count;
	struct sample samples[];
};

static uint32_t mark_of(const struct node_record *record)
{
	static const struct siphash_key key = { 0x77616b6567617465, 0x736f616b20746865 };

	return (uint32_t)siphash(&key, record->id, strlen(record->id));
}

static uint32_t bytes_of(const struct node_record *record)
{
	return (uint32_t)(record->bytes_in + record->bytes_out);
}

struct soak_start *soak_start_open(size_t nodes, struct moment now)
{
	struct soak_start *start = malloc(sizeof(*start) + nodes * sizeof(start->samples[0]));

	if (start)
		*start = (struct soak_start){ .begun_ms = now.monotonic_ms };
	return start;
}

void soak_start_close(struct soak_start *start)
{
	free(start);
}

void soak_start_add(struct soak_start *start, const struct node_record *record, bool is_online)
{
	start->samples[start->count++] = (struct sample){
		.mark = mark_of(record),
		.bytes = bytes_of(record),
		.battery_s = record->battery_s,
		.battery_percent = record->battery_percent,
		.is_online = is_online,
	};
}

static int compare_marks(const void *a, const void *b)
{
	const struct sample *first = a, *second = b;

	return (first->mark > second->mark) - (first->mark < second->mark);
}

void soak_start_seal(struct soak_start *start)
{
	qsort(start->samples, start->count, sizeof(start->samples[0]), compare_marks);
}

static const struct sample *find(const struct soak_start *start, const struct node_record *record)
{
	const struct sample wanted = { .mark = mark_of(record) }, *end = start->samples + start->count;
	const struct sample *found = bsearch(&wanted, start->samples, start->count, sizeof(wanted), compare_marks);

	if (!found || (found > start->samples && found[-1].mark == wanted.mark) ||
		(found + 1 < end && found[1].mark == wanted.mark))
		return NULL;
	return found;
}

/* What it would have lost over the soak, from the time between what it last said before and since. Nodes that say it
 * seldom say it at the same hours, but for those that just restarted, so without the time these seem to lose more. */
static float battery_loss(const struct soak_start *start, const struct sample *sample, const struct node_record *record,
	int64_t lasted_ms)
{
	uint32_t begun_s = (uint32_t)(start->begun_ms / 1000) + 1;
	uint32_t from_s = sample->battery_s > 0 ? sample->battery_s : begun_s;

	if (sample->battery_percent < 0 || record->battery_percent < 0 || record->battery_s <= begun_s)
		return NAN;
	int64_t told_ms = (int64_t)(record->battery_s - from_s) * 1000;
	if (told_ms < lasted_ms / 2)
		return NAN; /* whole percents in a short time say little */
	return (float)((sample->battery_percent - record->battery_percent) * (double)lasted_ms / (double)told_ms);
}

struct node_change soak_start_change(
	const struct soak_start *start, const struct node_record *record, bool is_online, struct moment now)
{
	struct node_change change = { .away = NAN, .traffic = NAN, .battery_loss = NAN };
	const struct sample *sample = find(start, record);
	int64_t lasted_ms = now.monotonic_ms - start->begun_ms;

	/* A node of the same name that joined since is another one. */
	if (!sample || lasted_ms <= 0 || now.wall_ms - record->first_seen_ms < lasted_ms)
		return change;
	if (sample->is_online)
		change.away = is_online ? 0 : 1;
	change.traffic = (float)((uint32_t)(bytes_of(record) - sample->bytes) / ((double)lasted_ms / DAY_MS));
	change.battery_loss = battery_loss(start, sample, record, lasted_ms);
	return change;
}
