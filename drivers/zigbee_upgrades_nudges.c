#include "drivers/zigbee_upgrades_nudges.h"

#include "drivers/zigbee_upgrades_frames.h"
#include "drivers/zigbee_upgrades_places.h"

#define HEARD_MS 3000       /* for so long after it was heard a sleeper may listen */
#define PAUSE_FIRST_MS 5000 /* until a first word without effect is said again: radios lose some */
#define PAUSE_MS 30000      /* between the next ones, doubled each time */
#define PAUSE_MOST_MS 3600000
#define READS_MOST 2    /* unanswered, before a node is taken for one that does not answer */
#define INVITED_MS 5000 /* for so long a place is kept for a node that was told of its image */
#define PLACE_RETRY_MS 1000
#define SPREAD_MOST_MS 600000 /* nodes that wait for a window upgrade within so long, or a quarter of the window */
#define SLEEPY_SILENCE_MS (1800 * 1000LL)
#define SLEEPY_CHECK_MS (1800 * 1000LL)
#define SLEEPY_RESTART_MS (600 * 1000LL)

static int64_t time_of(const struct upgrade_node *node, uint16_t seconds, int64_t sleepy_ms)
{
	int64_t ms = (int64_t)seconds * 1000;

	return node->peer.sleeps && ms < sleepy_ms ? sleepy_ms : ms;
}

int64_t upgrade_silence_ms(const struct upgrade_node *node)
{
	return time_of(node, node->kind->silence_s, SLEEPY_SILENCE_MS);
}

int64_t upgrade_check_ms(const struct upgrade_node *node)
{
	return time_of(node, node->kind->check_s, SLEEPY_CHECK_MS);
}

int64_t upgrade_restart_ms(const struct upgrade_node *node)
{
	return time_of(node, node->kind->restart_s, SLEEPY_RESTART_MS);
}

void upgrade_enter(struct upgrade_node *node, enum upgrade_phase phase, int64_t after_ms, int64_t now_ms)
{
	node->phase = phase;
	node->nudge_ms = now_ms + after_ms;
}

bool upgrade_may_apply(const struct upgrade_node *node, int64_t now_ms)
{
	const struct offer_times *times = &node->offer.times;

	return now_ms >= times->apply_at_ms && (times->apply_until_ms == 0 || now_ms < times->apply_until_ms);
}

/* A random moment in the first part of the window, so that a house does not go dark at once. */
void upgrade_stage(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct offer_times *times = &node->offer.times;
	int64_t spread_ms = SPREAD_MOST_MS;

	node->release_at_ms = now_ms;
	if (times->apply_at_ms > now_ms) {
		if (times->apply_until_ms > 0 && (times->apply_until_ms - times->apply_at_ms) / 4 < spread_ms)
			spread_ms = (times->apply_until_ms - times->apply_at_ms) / 4;
		node->release_at_ms = times->apply_at_ms;
		if (spread_ms > 0)
			node->release_at_ms += upgrades->port->chance(upgrades->port->context) % spread_ms;
	}
	upgrade_enter(node, PHASE_STAGED, node->release_at_ms - now_ms, now_ms);
}

/* Moved by a quarter so that nodes do not come back in step. */
int64_t upgrade_pause_ms(struct zigbee_upgrades *upgrades, const struct upgrade_node *node)
{
	int64_t pause = node->nudges <= 1 ? PAUSE_FIRST_MS : PAUSE_MS;

	for (unsigned i = 2; i < node->nudges && pause < PAUSE_MOST_MS; i++)
		pause *= 2;
	if (pause > PAUSE_MOST_MS)
		pause = PAUSE_MOST_MS;
	return pause + upgrades->port->chance(upgrades->port->context) % (pause / 4);
}

static void ask(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	node->nudges++;
	node->nudge_ms = now_ms + upgrade_pause_ms(upgrades, node);
	upgrade_send_read(upgrades, node, now_ms);
}

static void invite(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct zigbee_upgrade notify = { .command = UPGRADE_IMAGE_NOTIFY, .jitter = ZIGBEE_UPGRADE_JITTER_MAX };
	int64_t window_ms = offer_wait_ms(&node->offer, now_ms);

	if (window_ms > 0) {
		node->nudge_ms = now_ms + window_ms;
		return;
	}
	if (!upgrade_place_is_free(upgrades, node, now_ms)) {
		node->nudge_ms = now_ms + PLACE_RETRY_MS;
		return;
	}
	(void)upgrade_take_place(upgrades, node, INVITED_MS, now_ms);
	node->nudges++;
	node->nudge_ms = now_ms + upgrade_pause_ms(upgrades, node);
	upgrades->counters.notifies++;
	upgrade_send_unasked(upgrades, node, &notify, FLIGHT_NOTIFY, now_ms);
}

static void release(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct zigbee_upgrade word = { .command = UPGRADE_END_RESPONSE, .file = node->file.id, .at_s = 1 };

	if (!upgrade_may_apply(node, now_ms)) {
		int64_t until_ms = node->offer.times.apply_at_ms - now_ms;
		node->nudge_ms = now_ms + (until_ms > 0 ? until_ms : PAUSE_MS);
		return;
	}
	node->nudges++;
	node->nudge_ms = now_ms + upgrade_pause_ms(upgrades, node);
	upgrade_send_unasked(upgrades, node, &word, FLIGHT_RELEASE, now_ms);
}

void upgrade_on_nudge_sent(
	struct zigbee_upgrades *upgrades, const struct upgrade_flight *flight, enum stick_sent outcome, int64_t now_ms)
{
	struct upgrade_node *node = flight->node;

	if (flight->kind != FLIGHT_RELEASE || !upgrade_is_offered(node) || node->phase != PHASE_STAGED)
		return;
	if (outcome != STICK_SENT)
		return; /* it is told again */
	upgrades->counters.releases++;
	node->nudges = 0;
	node->released_ms = now_ms;
	upgrade_enter(node, PHASE_RELEASED, upgrade_restart_ms(node), now_ms);
	upgrade_tell(upgrades, node, DELIVERY_APPLYING, 0);
}

int64_t upgrade_nudge(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	bool hears = !node->peer.sleeps || (node->heard_ms > 0 && now_ms - node->heard_ms < HEARD_MS);

	if (!upgrade_is_offered(node) || !node->met || node->phase == PHASE_DONE || !hears)
		return INT64_MAX;
	if (now_ms < node->nudge_ms)
		return node->nudge_ms;
	if (upgrade_load_file(node) < 0) {
		node->nudge_ms = now_ms + PLACE_RETRY_MS;
		return node->nudge_ms;
	} /* Who does not answer questions may still want the image: one who fetches it does not mind. */
	bool is_mute = node->nudges >= READS_MOST && (node->phase == PHASE_NEW || node->phase == PHASE_LOADING);

	if (node->phase == PHASE_IDLE || is_mute)
		invite(upgrades, node, now_ms);
	else if (node->phase == PHASE_STAGED)
		release(upgrades, node, now_ms);
	else
		ask(upgrades, node, now_ms);
	return upgrade_is_offered(node) ? node->nudge_ms : INT64_MAX;
}
