#include "tests/sim/site_alerts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/alerts.h"
#include "gateway/rollouts.h"
#include "tests/sim/site_broker.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_operator.h"
#include "tests/sim/site_world.h"

#define LOOK_MS (20 * 1000)
#define MARGIN_MS (6 * SITE_MINUTE_MS) /* looking, alerts.hold, and what a disk takes */
#define UPLINK_MS (5 * SITE_MINUTE_MS) /* alerts.uplink_after */

void site_alerts_open(struct site_alerts *alerts, struct site_world *world, const struct site_gateway *gateway,
	const struct site_broker *broker)
{
	*alerts = (struct site_alerts){ .world = world, .gateway = gateway, .broker = broker };
	alerts->list = calloc(SITE_ALERTS_MAX, sizeof(*alerts->list));
	if (!alerts->list)
		abort();
}

void site_alerts_close(struct site_alerts *alerts)
{
	free(alerts->list);
}

/* ---- as told ---- */

static struct site_alert *alert_of(struct site_alerts *alerts, const char *kind, const char *subject)
{
	struct site_alert *found = alerts->list;

	while (found < alerts->list + alerts->count &&
		(strcmp(found->kind, kind) != 0 || strcmp(found->subject, subject) != 0))
		found++;
	if (found < alerts->list + alerts->count)
		return found;
	if (alerts->count == SITE_ALERTS_MAX)
		abort();
	alerts->count++;
	snprintf(found->kind, sizeof(found->kind), "%s", kind);
	snprintf(found->subject, sizeof(found->subject), "%s", subject);
	return found;
}

/* While a session lasts nothing is told twice, nothing older after newer, and nothing cleared that was not raised.
 * After a restart what was not durable may be told once more; after an outage only the latest is told. */
static void check_change(struct site_alerts *alerts, const struct site_alert *known, bool raised, int64_t changed_ms)
{
	const struct site_plan *plan = alerts->world->plan;
	bool by_one_clock = !plan->clock_jumps && !plan->clock_resets;
	bool follows = known->starts == alerts->gateway->starts && known->session == alerts->broker->session;

	if (known->changed_ms == changed_ms && known->raised == raised && known->settled &&
		known->starts == alerts->gateway->starts)
		site_world_fail(alerts->world, "alert %s of \"%s\" is told twice", known->kind, known->subject);
	if (follows && by_one_clock && changed_ms < known->changed_ms)
		site_world_fail(
			alerts->world, "alert %s of \"%s\" is told after a later change", known->kind, known->subject);
	if (follows && !raised && !known->raised && changed_ms != known->changed_ms)
		site_world_fail(alerts->world, "alert %s of \"%s\" is cleared again", known->kind, known->subject);
}

int site_alerts_take(struct site_alerts *alerts, const char *json, size_t size)
{
	json_t *told = json_loadb(json, size, 0, NULL);
	const char *state = json_string_value(json_object_get(told, "state"));
	const char *kind = json_string_value(json_object_get(told, "kind"));
	const char *subject = json_string_value(json_object_get(told, "subject"));
	int64_t changed_ms = json_integer_value(json_object_get(told, "changed_ms"));

	if (!state || !kind) {
		site_world_fail(alerts->world, "an alert cannot be read: %.*s", (int)size, json);
		json_decref(told);
		return -1;
	}
	struct site_alert *alert = alert_of(alerts, kind, subject ? subject : "");
	bool raised = strcmp(state, "raised") == 0;
	if (alert->starts > 0)
		check_change(alerts, alert, raised, changed_ms);
	alert->raised = raised;
	alert->changed_ms = changed_ms;
	alert->starts = alerts->gateway->starts;
	alert->session = alerts->broker->session;
	alert->settled = false;
	json_decref(told);
	return (int)(alert - alerts->list);
}

void site_alerts_settle(struct site_alerts *alerts, int number)
{
	if (number >= 0)
		alerts->list[number].settled = true;
}

/* ---- as it is ---- */

static void note(const struct site_alerts *alerts, struct site_trouble *trouble, bool is_so)
{
	if (trouble->is_so == is_so && trouble->since_ms > 0)
		return;
	*trouble = (struct site_trouble){ is_so, alerts->world->now_ms };
}

/* Time begins anew for all when the gateway does. */
static void forget(struct site_trouble *troubles, size_t count)
{
	for (size_t i = 0; i < count; i++)
		troubles[i].since_ms = 0;
}

static void check(struct site_alerts *alerts, const struct site_trouble *trouble, enum alert_kind kind,
	const char *subject, int64_t patience_ms)
{
	struct daemon_view view;

	if (trouble->since_ms == 0 || alerts->world->now_ms - trouble->since_ms < patience_ms + MARGIN_MS)
		return;
	daemon_view(alerts->gateway->daemon, &view);
	const struct alert *alert = alerts_get(view.alerts, kind, subject);
	if ((alert && alert->stands) != trouble->is_so)
		site_world_fail(alerts->world, "alert %s of \"%s\" is %s, and its trouble %s for %d min",
			alert_kind_name(kind), subject, trouble->is_so ? "not raised" : "not cleared",
			trouble->is_so ? "has been there" : "has been over",
			(int)((alerts->world->now_ms - trouble->since_ms) / SITE_MINUTE_MS));
}

static bool is_turned_by_a_gate(const struct rollout *rollout)
{
	return rollout->state == ROLLOUT_TRIPPED ||
	       (rollout->state == ROLLOUT_ROLLED_BACK && strncmp(rollout->reason, "rolled back by ", 15) != 0);
}

/* While the first wave rolls some node wants the image, and no node can have it before the stone is there. */
static void look_for_stones(struct site_alerts *alerts, int image, const struct rollout *rollout)
{
	struct site_trouble *missing = &alerts->missing[image];

	if (!alerts->world->plan->stones || site_image_level(image) != SITE_NEXT)
		return;
	/* While all is halted nothing is counted. */
	if (alerts->halted.is_so)
		missing->since_ms = 0;
	else if (alerts->worker->brought_ms[site_image_at(image, SITE_STONE)] > 0)
		note(alerts, missing, false);
	else if (rollout->state == ROLLOUT_ROLLING && rollout->wave == 0)
		note(alerts, missing, true);
	else
		missing->since_ms = 0;
	check(alerts, missing, ALERT_MISSING_STONE, rollout->plan.id, 0);
}

static void look_at_rollouts(struct site_alerts *alerts)
{
	struct daemon_view view;

	daemon_view(alerts->gateway->daemon, &view);
	for (size_t i = 0; i < rollouts_count(view.rollouts); i++) {
		const struct rollout *rollout = rollouts_at(view.rollouts, i);
		int image = site_images_find(alerts->worker->images, rollout->plan.sha256);
		note(alerts, &alerts->tripped[image], is_turned_by_a_gate(rollout));
		check(alerts, &alerts->tripped[image], ALERT_GATE_TRIPPED, rollout->plan.id, 0);
		look_for_stones(alerts, image, rollout);
	}
}

void site_alerts_look(struct site_alerts *alerts)
{
	const struct site_gateway *gateway = alerts->gateway;

	if (!gateway->daemon || alerts->world->now_ms < alerts->look_ms)
		return;
	alerts->look_ms = alerts->world->now_ms + LOOK_MS;
	if (alerts->starts != gateway->starts) {
		forget(&alerts->down, 1);
		forget(&alerts->halted, 1);
		forget(&alerts->unset, 1);
		forget(alerts->tripped, SITE_IMAGES);
		forget(alerts->missing, SITE_IMAGES);
		alerts->starts = gateway->starts;
	}
	note(alerts, &alerts->down, !alerts->broker->connected);
	check(alerts, &alerts->down, ALERT_UPLINK_DOWN, "", alerts->down.is_so ? UPLINK_MS : 0);
	if (alerts->worker->halted_in == gateway->starts || alerts->worker->halted_in == 0)
		note(alerts, &alerts->halted, site_operator_has_halted(alerts->worker));
	if (alerts->halted.is_so)
		check(alerts, &alerts->halted, ALERT_UPDATES_HALTED, "", 0);
	/* One that was ahead leaves contacts behind that make the right one look wrong. */
	note(alerts, &alerts->unset, site_clock_is_unset(alerts->world));
	if (alerts->unset.is_so)
		check(alerts, &alerts->unset, ALERT_CLOCK_WRONG, "", 0);
	look_at_rollouts(alerts);
}
