#include "gateway/places.h"

#include <string.h>

#define FIRST_MEAN_MS 60000 /* that a transfer takes, as long as none has ended */

static void drop(struct places *places, size_t index)
{
	memmove(&places->list[index], &places->list[index + 1], (--places->count - index) * sizeof(places->list[0]));
}

static void expire(struct places *places, int64_t now_ms)
{
	for (size_t i = places->count; i > 0; i--)
		if (places->list[i - 1].until_ms < now_ms)
			drop(places, i - 1);
}

/* Its index, or `count`. */
static size_t find(const struct places *places, const void *who)
{
	size_t i = 0;

	while (i < places->count && places->list[i].who != who)
		i++;
	return i;
}

size_t places_taken(const struct places *places)
{
	size_t taken = 0;

	for (size_t i = 0; i < places->count; i++)
		taken += places->list[i].taken;
	return taken;
}

size_t places_waiting(const struct places *places)
{
	return places->count - places_taken(places);
}

/* Who has a place, or will have it before the asker. */
struct claims {
	bool of[PLACES_MAX];
	int64_t count;
};

static int64_t count_of_parent(const struct places *places, const struct claims *claims, uint16_t parent)
{
	int64_t count = 0;

	for (size_t i = 0; i < places->count; i++)
		count += claims->of[i] && places->list[i].parent == parent;
	return count;
}

static bool fits(
	const struct places *places, const struct places_limits *limits, const struct claims *claims, uint16_t parent)
{
	if (claims->count >= (limits->link > 0 ? limits->link : PLACES_MAX / 2))
		return false;
	return limits->parent == 0 || parent == 0 || count_of_parent(places, claims, parent) < limits->parent;
}

/* Those with earlier numbers go first, unless it is their parent that has no room for them. */
static bool has_room(const struct places *places, const struct places_limits *limits, size_t index, uint16_t parent)
{
	struct claims claims = { .count = (int64_t)places_taken(places) };

	for (size_t i = 0; i < places->count; i++)
		claims.of[i] = places->list[i].taken;
	for (size_t i = 0; i < index; i++) {
		if (claims.of[i] || !fits(places, limits, &claims, places->list[i].parent))
			continue;
		claims.of[i] = true;
		claims.count++;
	}
	return fits(places, limits, &claims, parent);
}

/* Until its number comes up, as long as transfers take what they took lately. */
static int64_t wait_of(const struct places *places, const struct places_limits *limits, size_t index)
{
	int64_t mean_ms = places->mean_ms ? places->mean_ms : FIRST_MEAN_MS;
	int64_t at_a_time = limits->link > 0 ? limits->link : limits->parent;
	int64_t ahead = 0;

	for (size_t i = 0; i < index; i++)
		ahead += !places->list[i].taken;
	int64_t wait_ms = mean_ms * (ahead + 1) / at_a_time;
	if (wait_ms < PLACES_WAIT_LEAST_MS)
		return PLACES_WAIT_LEAST_MS;
	return wait_ms < PLACES_WAIT_MOST_MS ? wait_ms : PLACES_WAIT_MOST_MS;
}

int64_t places_ask(struct places *places, const struct places_limits *limits, const struct place *asker, int64_t now_ms)
{
	size_t index = find(places, asker->who);
	int64_t wait_ms = 0;

	if (index < places->count && places->list[index].taken && places->list[index].until_ms >= now_ms) {
		places->list[index].until_ms = now_ms + limits->idle_ms;
		return 0;
	}
	expire(places, now_ms);
	index = find(places, asker->who);
	bool taken = has_room(places, limits, index, asker->parent);
	if (!taken)
		wait_ms = wait_of(places, limits, index);
	if (index == PLACES_MAX)
		return wait_ms ? wait_ms : PLACES_WAIT_LEAST_MS;
	places->count += index == places->count;
	places->list[index] = (struct place){
		.who = asker->who,
		.parent = asker->parent,
		.taken = taken,
		.since_ms = now_ms,
		.until_ms = now_ms + 2 * wait_ms + limits->idle_ms,
	};
	return wait_ms;
}

void places_leave(struct places *places, const void *who, int64_t now_ms)
{
	size_t index = find(places, who);

	if (index == places->count)
		return;
	const struct place *place = &places->list[index];
	int64_t took_ms = now_ms - place->since_ms;
	if (place->taken)
		places->mean_ms = places->mean_ms ? (3 * places->mean_ms + took_ms) / 4 : took_ms + 1;
	drop(places, index);
}
