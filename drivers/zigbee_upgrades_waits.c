#include "drivers/zigbee_upgrades_waits.h"

#include "drivers/zigbee_upgrades_frames.h"
#include "drivers/zigbee_upgrades_nudges.h"
#include "drivers/zigbee_upgrades_places.h"
#include "drivers/zigbee_upgrades_turns.h"

#define ANYWAY_MS 2000      /* longest silence for a client that does not know how to wait */
#define WITHDRAWN_MS 600000 /* for so long a transfer whose offer is gone waits for another */
#define STARTED_MS 60000    /* and for so long after the start */
#define START_WAIT_MS 5000  /* the offers are on their way then */
#define THROTTLE_MS 2000    /* shorter waits are a pause between blocks */
#define PROBE_PERIOD 2      /* seconds or milliseconds: that it tells */
#define PROBE_SECONDS_MS 1700
#define WAIT_MOST_S 3600

bool upgrade_refuses_wait(const struct upgrade_node *node)
{
	return node->kind->refuses_wait || node->refuses_wait;
}

void upgrade_abort(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE, .status = ZCL_ABORT };

	upgrades->counters.aborts++;
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(node);
	upgrade_answer(upgrades, node, &answer, node->want.sequence, now_ms);
}

/* In the unit that the node counts in; the first time a number that tells which, so that 300 ms are not five minutes.
 */
static uint16_t period_for(struct upgrade_node *node, int64_t ms)
{
	struct upgrade_period *period = &node->period;

	if (node->kind->counts_seconds)
		period->unit = UNIT_SECONDS;
	if (period->unit == UNIT_MS)
		return (uint16_t)ms;
	if (period->unit == UNIT_SECONDS)
		return (uint16_t)((ms + 999) / 1000);
	period->unit = UNIT_PROBED;
	return PROBE_PERIOD;
}

static void send_wait(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t wait_ms, int64_t now_ms)
{
	struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE,
		.status = ZCL_WAIT_FOR_DATA,
		.has_period = true,
		.period = node->period.set ? node->period.set : node->period.told };
	bool throttles = wait_ms > 0 && wait_ms < THROTTLE_MS && node->period.honoured;

	if (throttles) {
		answer.period = node->period.set = period_for(node, wait_ms);
		node->period.throttled_ms = now_ms;
	}
	if (wait_ms == 0)
		answer.period = node->period.set = 0;
	/* A pause between blocks is enough, once it is known how the node counts. */
	bool pause_is_enough = throttles && node->period.unit >= UNIT_MS;
	if (!pause_is_enough)
		answer.at_s = offer_seconds_until(wait_ms, 0);
	if (answer.at_s > WAIT_MOST_S)
		answer.at_s = WAIT_MOST_S;
	upgrades->counters.waits++;
	node->told_to_wait = true;
	node->nudge_ms = now_ms + (int64_t)answer.at_s * 1000 + upgrade_silence_ms(node);
	upgrade_answer(upgrades, node, &answer, node->want.sequence, now_ms);
}

/* A page begins anew then. */
void upgrade_put_off(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t wait_ms, int64_t now_ms)
{
	if (upgrade_refuses_wait(node)) {
		upgrade_dequeue(upgrades, node);
		node->want.next_ms = now_ms + (wait_ms < ANYWAY_MS ? wait_ms : ANYWAY_MS);
		return;
	}
	upgrade_drop_want(upgrades, node);
	send_wait(upgrades, node, wait_ms, now_ms);
}

/* How fast blocks come after a pause of PROBE_PERIOD was asked for tells the unit. */
void upgrade_judge_unit(struct upgrade_period *period, int64_t now_ms)
{
	if (period->unit != UNIT_PROBED || period->served_ms == 0 || period->served_ms < period->throttled_ms)
		return;
	period->unit = now_ms - period->served_ms >= PROBE_SECONDS_MS ? UNIT_SECONDS : UNIT_MS;
}

void upgrade_answer_absent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	bool just_withdrawn = node->withdrawn_ms > 0 && now_ms - node->withdrawn_ms < WITHDRAWN_MS;
	bool just_started = now_ms - upgrades->opened_ms < STARTED_MS;

	if ((just_withdrawn || just_started) && !upgrade_refuses_wait(node)) {
		upgrade_drop_want(upgrades, node);
		send_wait(upgrades, node, just_withdrawn ? OFFER_WAIT_MS : START_WAIT_MS, now_ms);
		return;
	}
	upgrade_abort(upgrades, node, now_ms);
}
