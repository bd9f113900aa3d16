#include "tests/sim/site_node_alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/alerts.h"
#include "gateway/nodes.h"
#include "gateway/rhythm.h"
#include "gateway/update.h"
#include "gateway/updates.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_world.h"

#define LOOK_MS (3 * SITE_MINUTE_MS)
#define MARGIN_MS (6 * SITE_MINUTE_MS) /* looking, and alerts.hold */
#define MANY 10                        /* alerts.many */
#define BATTERY_LOW 10                 /* alerts.battery_percent */
#define BATTERY_WELL 15                /* it has recovered above */
#define ATTEMPTS 3                     /* alerts.failed_attempts */
/* alerts.silent_wakes is 10, counted from a slot that is at most two intervals away. */
#define SILENT_LEAST 8
#define SILENT_MOST 14

static const enum alert_kind kind_of[] = {
	[SITE_SILENT] = ALERT_NODE_SILENT,
	[SITE_FAILING] = ALERT_NODE_FAILING,
	[SITE_BATTERY] = ALERT_NODE_BATTERY,
};

void site_node_alerts_open(
	struct site_node_alerts *alerts, struct site_world *world, const struct site_gateway *gateway)
{
	const struct site_plan *plan = world->plan;

	*alerts = (struct site_node_alerts){ .world = world, .gateway = gateway };
	if (!plan->faults || plan->clock_jumps || plan->clock_resets)
		return;
	alerts->list = calloc(plan->nodes, sizeof(*alerts->list));
	if (!alerts->list)
		abort();
}

void site_node_alerts_close(struct site_node_alerts *alerts)
{
	free(alerts->list);
}

void site_node_alerts_on_met(void *context, uint32_t node, const struct node_contact *contact)
{
	struct site_node_alerts *alerts = context;

	if (!alerts->list)
		return;
	struct site_concerned *one = &alerts->list[node];
	if (one->heard_in != alerts->gateway->starts)
		one->battery = -1;
	one->heard_in = alerts->gateway->starts;
	one->heard_ms = alerts->world->now_ms;
	if (contact && contact->reports)
		one->battery = (int8_t)contact->battery_percent;
}

/* ---- as it is ---- */

static void note(const struct site_node_alerts *alerts, struct site_concerned *one, enum site_concern concern, bool so)
{
	if (one->is_so[concern] == so && one->since_ms[concern] > 0)
		return;
	one->is_so[concern] = so;
	one->since_ms[concern] = alerts->world->now_ms;
}

static void note_silence(const struct site_node_alerts *alerts, struct site_concerned *one)
{
	int64_t interval_ms = alerts->world->plan->interval_ms;
	int64_t quiet_ms = alerts->world->now_ms - one->heard_ms;

	if (one->heard_ms == 0 || quiet_ms > SILENT_MOST * interval_ms)
		note(alerts, one, SITE_SILENT, one->heard_ms > 0);
	else if (quiet_ms < SILENT_LEAST * interval_ms && one->heard_in == alerts->gateway->starts)
		note(alerts, one, SITE_SILENT, false);
	else
		one->since_ms[SITE_SILENT] = 0;
}

/* Who often missed what it was told is taken for one that comes as it likes, and its own visits are counted then. */
static void note_own_rhythm(
	const struct site_node_alerts *alerts, struct site_concerned *one, const struct node_record *record)
{
	int64_t interval_ms = alerts->world->plan->interval_ms;
	int64_t period_ms = rhythm_period_ms(&record->rhythm, interval_ms);
	int64_t least_ms = SILENT_LEAST * (period_ms < interval_ms ? period_ms : interval_ms);

	if (rhythm_is_own(&record->rhythm) && alerts->world->now_ms - one->heard_ms >= least_ms)
		one->since_ms[SITE_SILENT] = 0;
}

static void note_battery(const struct site_node_alerts *alerts, struct site_concerned *one)
{
	bool known = one->heard_in == alerts->gateway->starts && one->battery >= 0;

	if (known && (one->battery <= BATTERY_LOW || one->battery > BATTERY_WELL))
		note(alerts, one, SITE_BATTERY, one->battery <= BATTERY_LOW);
	else
		one->since_ms[SITE_BATTERY] = 0;
}

static bool number_of(const struct site_node_alerts *alerts, const char *id, size_t *node)
{
	*node = strncmp(id, "node-", 5) == 0 ? strtoul(id + 5, NULL, 10) : SIZE_MAX;
	return *node < alerts->world->plan->nodes;
}

static bool is_failing(const struct update *update)
{
	return update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED ||
	       (update->state == UPDATE_OFFERED && update->record.attempts >= ATTEMPTS);
}

/* It came and went between two looks, and the alert is about that. */
static void note_raised(
	const struct site_node_alerts *alerts, struct site_concerned *one, int concern, const struct alert *alert)
{
	int64_t raised_ms = alert->raised_ms - site_world_wall_ms(alerts->world) + alerts->world->now_ms;

	one->stands[concern] = true;
	if (raised_ms > one->since_ms[concern])
		one->since_ms[concern] = alerts->world->now_ms;
}

static void note_all(struct site_node_alerts *alerts, const struct daemon_view *view)
{
	size_t node;

	for (size_t i = 0; i < alerts->world->plan->nodes; i++) {
		struct site_concerned *one = &alerts->list[i];
		note_silence(alerts, one);
		note_battery(alerts, one);
		memset(one->stands, false, sizeof(one->stands));
	}
	for (size_t i = 0; i < nodes_count(view->nodes); i++) {
		const struct node_record *record = &nodes_at(view->nodes, i)->record;
		if (number_of(alerts, record->id, &node))
			note_own_rhythm(alerts, &alerts->list[node], record);
	}
	for (size_t i = 0; i < updates_count(view->updates); i++) {
		const struct update *update = updates_at(view->updates, i);
		if (number_of(alerts, update->record.node, &node))
			note(alerts, &alerts->list[node], SITE_FAILING, is_failing(update));
	}
	for (size_t i = 0; i < alerts_count(view->alerts); i++) {
		const struct alert *alert = alerts_at(view->alerts, i);
		for (int concern = 0; alert->stands && concern < SITE_CONCERNS; concern++)
			if (alert->kind == kind_of[concern] && number_of(alerts, alert->subject, &node))
				note_raised(alerts, &alerts->list[node], concern, alert);
	}
}

/* ---- against the alerts ---- */

static bool is_certain(const struct site_node_alerts *alerts, const struct site_concerned *one, int concern)
{
	return one->since_ms[concern] > 0 && alerts->world->now_ms - one->since_ms[concern] >= MARGIN_MS;
}

/* Nodes that surely have the trouble, and those that may have it. */
struct counted {
	unsigned sure, perhaps;
};

static struct counted count(const struct site_node_alerts *alerts, int concern)
{
	struct counted counted = { 0 };

	for (size_t i = 0; i < alerts->world->plan->nodes; i++) {
		const struct site_concerned *one = &alerts->list[i];
		bool certain = is_certain(alerts, one, concern);
		counted.sure += certain && one->is_so[concern];
		counted.perhaps += !certain || one->is_so[concern];
	}
	return counted;
}

static void check_node(struct site_node_alerts *alerts, size_t node, int concern, bool few)
{
	const struct site_concerned *one = &alerts->list[node];

	if (!is_certain(alerts, one, concern))
		return;
	if (one->is_so[concern] && few && !one->stands[concern])
		site_world_fail(alerts->world, "alert %s of node-%05u is not raised, %d min after it is so",
			alert_kind_name(kind_of[concern]), (unsigned)node,
			(int)((alerts->world->now_ms - one->since_ms[concern]) / SITE_MINUTE_MS));
	if (!one->is_so[concern] && one->stands[concern])
		site_world_fail(alerts->world, "alert %s of node-%05u is not cleared, %d min after it is over",
			alert_kind_name(kind_of[concern]), (unsigned)node,
			(int)((alerts->world->now_ms - one->since_ms[concern]) / SITE_MINUTE_MS));
}

static void check(struct site_node_alerts *alerts, const struct daemon_view *view, int concern)
{
	struct counted counted = count(alerts, concern);
	const struct alert *many = alerts_get(view->alerts, (enum alert_kind)(kind_of[concern] + 1), "");
	bool stands = many && many->stands;

	if (counted.sure > MANY && !stands)
		site_world_fail(alerts->world, "%u nodes have %s, and no alert tells of all", counted.sure,
			alert_kind_name(kind_of[concern]));
	if (counted.perhaps <= MANY / 2 && stands)
		site_world_fail(alerts->world, "%u nodes at most have %s, and an alert tells of many", counted.perhaps,
			alert_kind_name(kind_of[concern]));
	for (size_t i = 0; i < alerts->world->plan->nodes; i++)
		check_node(alerts, i, concern, counted.perhaps <= (stands ? MANY / 2 : MANY));
}

/* Time begins anew for all when the gateway does. */
static void forget(struct site_node_alerts *alerts)
{
	for (size_t i = 0; i < alerts->world->plan->nodes; i++)
		memset(alerts->list[i].since_ms, 0, sizeof(alerts->list[i].since_ms));
	alerts->starts = alerts->gateway->starts;
}

void site_node_alerts_look(struct site_node_alerts *alerts)
{
	struct daemon_view view;

	if (!alerts->list || !alerts->gateway->daemon || alerts->world->now_ms < alerts->look_ms)
		return;
	alerts->look_ms = alerts->world->now_ms + LOOK_MS;
	if (alerts->starts != alerts->gateway->starts)
		forget(alerts);
	daemon_view(alerts->gateway->daemon, &view);
	note_all(alerts, &view);
	for (int concern = 0; concern < SITE_CONCERNS; concern++)
		check(alerts, &view, concern);
}
