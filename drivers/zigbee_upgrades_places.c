#include "drivers/zigbee_upgrades_places.h"

#define LOAD_LOW 50 /* percent of the channel: what one that answers at once makes of it */
#define LOAD_HIGH 75
#define DELAY_LOW_MS 100 /* of a frame: the channel is no fuller than it seems */
#define DELAY_HIGH_MS 500
#define RATE_GUESS 1000 /* bytes a second, of a transfer that has just begun */
#define WAIT_LEAST_MS 2000
#define WAIT_MOST_MS 30000 /* asking once more costs less than a place that nobody takes */
#define WAIT_MOST_SLEEPY_MS 300000

static bool holds_place(const struct upgrade_node *node, int64_t now_ms)
{
	return node->place.until_ms > now_ms;
}

static int64_t taken(
	const struct zigbee_upgrades *upgrades, bool sleepy, const struct upgrade_node *but, int64_t now_ms)
{
	int64_t count = 0;

	for (size_t i = 0; i < upgrades->count; i++) {
		const struct upgrade_node *node = upgrades->list[i];
		count += node != but && node->peer.sleeps == sleepy && holds_place(node, now_ms);
	}
	return count;
}

static int64_t limit_of(const struct zigbee_upgrades *upgrades, const struct upgrade_node *node)
{
	const struct zigbee_upgrades_settings *settings = upgrades->settings;

	if (node->peer.sleeps)
		return settings->sleepy_transfers;
	return upgrades->places < settings->transfers ? upgrades->places : settings->transfers;
}

void upgrade_fit_places(struct zigbee_upgrades *upgrades, int64_t now_ms)
{
	const struct zigbee_airtime *air = &upgrades->air;
	int64_t *places = &upgrades->places;

	if (!zigbee_airtime_measure(&upgrades->air, now_ms))
		return;
	bool is_quick = air->delay_ms >= 0 && air->delay_ms < DELAY_LOW_MS;
	bool has_room = is_quick && (air->load < LOAD_LOW || *places < UPGRADE_PLACES_FIRST);
	bool is_full = air->delay_ms > DELAY_HIGH_MS || (air->load > LOAD_HIGH && *places > UPGRADE_PLACES_FIRST);

	if (has_room && *places < upgrades->settings->transfers && taken(upgrades, false, NULL, now_ms) >= *places)
		*places += 1 + *places / 4;
	else if (is_full && *places > 1)
		--*places;
}

bool upgrade_place_is_free(struct zigbee_upgrades *upgrades, const struct upgrade_node *node, int64_t now_ms)
{
	return taken(upgrades, node->peer.sleeps, node, now_ms) < limit_of(upgrades, node);
}

/* How many hold theirs for longer. */
static int64_t seniors(const struct zigbee_upgrades *upgrades, const struct upgrade_node *node, int64_t now_ms)
{
	int64_t count = 0;

	for (size_t i = 0; i < upgrades->count; i++) {
		const struct upgrade_node *other = upgrades->list[i];
		count += other->peer.sleeps == node->peer.sleeps && holds_place(other, now_ms) &&
			 other->place.from_ms < node->place.from_ms;
	}
	return count;
}

bool upgrade_take_place(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t for_ms, int64_t now_ms)
{
	bool has_one = holds_place(node, now_ms);
	/* The channel bears fewer than it did: who came last goes on later. */
	bool is_free = has_one ? seniors(upgrades, node, now_ms) < limit_of(upgrades, node)
			       : upgrade_place_is_free(upgrades, node, now_ms);

	if (!is_free) {
		node->place.until_ms = 0;
		if (node->place.waiting_ms == 0)
			node->place.waiting_ms = now_ms;
		return false;
	}
	if (!has_one)
		node->place.from_ms = now_ms;
	node->place.until_ms = now_ms + for_ms;
	node->place.waiting_ms = 0;
	return true;
}

void upgrade_leave_place(struct upgrade_node *node)
{
	node->place.until_ms = node->place.waiting_ms = 0;
}

/* Until a transfer is done, as fast as it went so far. */
static int64_t left_ms(const struct upgrade_node *node, int64_t now_ms)
{
	int64_t took_ms = now_ms - node->began_ms;
	int64_t bytes = (int64_t)node->want.offset - node->began_offset;
	int64_t left = (int64_t)node->file.size - node->want.offset;

	if (node->began_ms == 0 || took_ms <= 0 || bytes <= 0)
		return left * 1000 / RATE_GUESS;
	return left * took_ms / bytes;
}

/* As long as the fastest transfer takes, for each round of those who came before. */
int64_t upgrade_place_wait_ms(const struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	int64_t most_ms = node->peer.sleeps ? WAIT_MOST_SLEEPY_MS : WAIT_MOST_MS;
	int64_t soonest_ms = most_ms, before = 0;

	for (size_t i = 0; i < upgrades->count; i++) {
		const struct upgrade_node *other = upgrades->list[i];
		if (other == node || other->peer.sleeps != node->peer.sleeps)
			continue;
		if (holds_place(other, now_ms)) {
			int64_t left = left_ms(other, now_ms);
			soonest_ms = left < soonest_ms ? left : soonest_ms;
			continue;
		}
		before += other->place.waiting_ms > 0 && other->place.waiting_ms < node->place.waiting_ms;
	}
	int64_t wait_ms = soonest_ms * (1 + before / limit_of(upgrades, node));
	return wait_ms < WAIT_LEAST_MS ? WAIT_LEAST_MS : wait_ms > most_ms ? most_ms : wait_ms;
}
