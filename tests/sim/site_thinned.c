#include "tests/sim/site_thinned.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/site_ledger.h"
#include "tests/sim/site_world.h"

#define ALARM_EACH 499
#define LATE_MOST 5

void site_thinned_open(struct site_thinned *thinned, struct site_world *world, struct site_ledger *ledger)
{
	*thinned = (struct site_thinned){ .world = world, .ledger = ledger };
	if (world->plan->quota_bytes == 0)
		return;
	thinned->nodes = calloc(world->plan->nodes, sizeof(*thinned->nodes));
	if (!thinned->nodes)
		abort();
}

void site_thinned_close(struct site_thinned *thinned)
{
	for (size_t i = 0; thinned->nodes && i < thinned->world->plan->nodes; i++)
		free(thinned->nodes[i].windows);
	free(thinned->nodes);
	free(thinned->losses);
	free(thinned->came);
}

bool site_thinned_is_alarm(const struct site_world *world, uint32_t number)
{
	return world->plan->quota_bytes > 0 && number % ALARM_EACH == 0;
}

/* ---- what comes ---- */

bool site_thinned_come(struct site_thinned *thinned, uint64_t sequence)
{
	uint64_t room = thinned->came_room ? thinned->came_room : 65536;

	if (!thinned->nodes)
		return true;
	while (room <= sequence)
		room *= 2;
	if (room > thinned->came_room) {
		thinned->came = realloc(thinned->came, room);
		if (!thinned->came)
			abort();
		memset(thinned->came + thinned->came_room, 0, room - thinned->came_room);
		thinned->came_room = room;
	}
	bool is_new = !thinned->came[sequence];
	thinned->came[sequence] = 1;
	if (sequence > thinned->newest)
		thinned->newest = sequence;
	return is_new;
}

/* The window whose min has that number, begun if none of it has come. */
static struct site_thin_window *window_at(struct site_thin_list *list, uint64_t first)
{
	for (size_t i = list->count; i > 0; i--)
		if (list->windows[i - 1].first == first)
			return &list->windows[i - 1];
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->windows = realloc(list->windows, list->room * sizeof(*list->windows));
		if (!list->windows)
			abort();
	}
	list->windows[list->count] = (struct site_thin_window){ .first = first };
	return &list->windows[list->count++];
}

static bool is_of_window(const struct site_thinned *thinned, uint32_t node, double number, int64_t start_us)
{
	const struct site_account *account = &thinned->ledger->accounts[node];

	if (number < 1 || number > account->made)
		return false;
	int64_t time_us = account->readings[(uint32_t)number - 1].time_us;
	return time_us >= start_us && time_us < start_us + thinned->world->plan->thin_ms * 1000;
}

/* How many of these the window may count: one that its node repeated late may be kept more than once. */
static uint32_t most_of(const struct site_thinned *thinned, uint32_t node, const struct site_thin_window *window)
{
	const struct site_account *account = &thinned->ledger->accounts[node];
	uint32_t most = 0;

	for (uint32_t number = window->least; number <= window->most && number <= account->made; number++)
		most += account->readings[number - 1].repeated_late ? LATE_MOST : 1;
	return most;
}

static void check_window(const struct site_thinned *thinned, uint32_t node, const struct site_thin_window *window)
{
	bool is_whole = window->count >= 1 && window->least >= 1 && window->least <= window->most &&
			window->count <= most_of(thinned, node, window) && window->mean >= window->least - 0.01 &&
			window->mean <= window->most + 0.01;

	if (!is_whole || !is_of_window(thinned, node, window->least, window->start_us) ||
		!is_of_window(thinned, node, window->most, window->start_us))
		site_world_fail(thinned->world, "a window of node %u says min %u, mean %.2f, max %u, count %u", node,
			window->least, window->mean, window->most, window->count);
	if (window->start_us / 1000 + thinned->world->plan->thin_ms > site_world_wall_ms(thinned->world))
		site_world_fail(thinned->world, "a window of node %u was thinned before it was over", node);
}

static unsigned place_of(const char *name)
{
	static const char *const names[] = { "min", "mean", "max" };
	unsigned place = 0;

	while (place < 3 && strcmp(name, names[place]) != 0)
		place++;
	return place;
}

void site_thinned_receive(struct site_thinned *thinned, const struct site_thin_part *part)
{
	if (!thinned->nodes || part->node >= thinned->world->plan->nodes) {
		site_world_fail(thinned->world, "a window of node %u came, and nothing is to be thinned", part->node);
		return;
	}
	unsigned place = place_of(part->name);
	struct site_thin_window *window = window_at(&thinned->nodes[part->node], part->sequence - place);

	window->start_us = part->time_us;
	window->parts |= (uint8_t)(1u << place);
	if (place == 0)
		window->least = (uint32_t)part->value;
	else if (place == 1)
		window->mean = part->value;
	else if (place == 2)
		window->most = (uint32_t)part->value;
	else
		window->count = (uint32_t)part->value;
	if (window->parts == 0xf)
		check_window(thinned, part->node, window);
}

static uint64_t field_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

void site_thinned_lose(struct site_thinned *thinned, const char *text)
{
	if (!thinned->nodes)
		return;
	if (thinned->loss_count == thinned->loss_room) {
		thinned->loss_room = thinned->loss_room ? 2 * thinned->loss_room : 64;
		thinned->losses = realloc(thinned->losses, thinned->loss_room * sizeof(*thinned->losses));
		if (!thinned->losses)
			abort();
	}
	thinned->losses[thinned->loss_count++] = (struct site_loss){ .first = field_of(text, "first="),
		.last = field_of(text, "last="),
		.lost = field_of(text, "lost="),
		.became = field_of(text, "became="),
		.thinned = strstr(text, "reason=thinned") != NULL,
		.unused = strstr(text, "reason=unused") != NULL };
}

/* ---- the end ---- */

static void mark_told(struct site_thinned *thinned)
{
	for (size_t i = 0; i < thinned->loss_count; i++) {
		const struct site_loss *loss = &thinned->losses[i];
		for (uint64_t number = loss->first; number <= loss->last && number <= thinned->newest; number++)
			thinned->came[number] = 1;
	}
}

static void judge_numbers(struct site_thinned *thinned)
{
	mark_told(thinned);
	for (uint64_t number = 1; number <= thinned->newest; number++)
		if (!thinned->came[number]) {
			site_world_fail(thinned->world, "sequence number %llu neither came nor is told as lost",
				(unsigned long long)number);
			return;
		}
}

static bool is_in_window(const struct site_thin_list *list, uint32_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->windows[i].count > 0 && number >= list->windows[i].least && number <= list->windows[i].most)
			return true;
	return false;
}

/* Acknowledged readings that never came: those that a window stands for, and the others. */
struct missing {
	uint64_t thinned, others;
};

static struct missing count_missing(struct site_thinned *thinned)
{
	struct missing missing = { 0 };

	for (uint32_t node = 0; node < thinned->world->plan->nodes; node++) {
		const struct site_account *account = &thinned->ledger->accounts[node];
		for (uint32_t number = 1; number <= account->acknowledged; number++) {
			if (account->readings[number - 1].sequence)
				continue;
			if (site_thinned_is_alarm(thinned->world, number))
				site_world_fail(thinned->world, "alarm %u of node %u is lost, and others were there",
					number, node);
			if (is_in_window(&thinned->nodes[node], number))
				missing.thinned++;
			else
				missing.others++;
		}
	}
	return missing;
}

static uint64_t count_in_windows(const struct site_thinned *thinned)
{
	uint64_t count = 0;

	for (size_t node = 0; node < thinned->world->plan->nodes; node++)
		for (size_t i = 0; i < thinned->nodes[node].count; i++)
			count += thinned->nodes[node].windows[i].count;
	return count;
}

void site_thinned_judge(struct site_thinned *thinned)
{
	uint64_t told = 0, told_thinned = 0;
	bool known = true;

	if (!thinned->nodes || thinned->newest == 0)
		return;
	judge_numbers(thinned);
	for (size_t i = 0; i < thinned->loss_count; i++) {
		const struct site_loss *loss = &thinned->losses[i];
		told += loss->thinned || loss->unused ? 0 : loss->lost;
		told_thinned += loss->thinned ? loss->lost : 0;
		known = known && (loss->lost > 0 || loss->unused);
	}
	struct missing missing = count_missing(thinned);
	uint64_t counted = count_in_windows(thinned);
	site_world_say(thinned->world, "thinned: %llu missing, %llu in windows, %llu told; others: %llu, %llu told",
		(unsigned long long)missing.thinned, (unsigned long long)counted, (unsigned long long)told_thinned,
		(unsigned long long)missing.others, (unsigned long long)told);
	if (missing.thinned > counted || (known && missing.thinned > told_thinned))
		site_world_fail(thinned->world, "%llu readings were thinned, windows count %llu and gaps tell of %llu",
			(unsigned long long)missing.thinned, (unsigned long long)counted,
			(unsigned long long)told_thinned);
	/* What stood for some may have been dropped in its turn: less stands for them than was thinned. */
	uint64_t unspoken = told > 0 && told_thinned > counted ? told_thinned - counted : 0;
	if (known && missing.others > told + unspoken)
		site_world_fail(thinned->world, "%llu readings were dropped, and gaps tell of %llu",
			(unsigned long long)missing.others, (unsigned long long)told);
	if (told > 0 && told_thinned == 0)
		site_world_fail(
			thinned->world, "%llu readings were dropped before any was thinned", (unsigned long long)told);
}
