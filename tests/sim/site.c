#include "tests/sim/site.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "tests/sim/site_alerts.h"
#include "tests/sim/site_audit.h"
#include "tests/sim/site_broker.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_faults.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_hours.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_ledger.h"
#include "tests/sim/site_links.h"
#include "tests/sim/site_node_alerts.h"
#include "tests/sim/site_nodes.h"
#include "tests/sim/site_operator.h"
#include "tests/sim/site_radio.h"
#include "tests/sim/site_thinned.h"
#include "tests/sim/site_watch.h"
#include "tests/sim/site_world.h"

struct site {
	struct site_world world;
	struct site_images images;
	struct site_ledger ledger;
	struct site_thinned thinned;
	struct site_broker broker;
	struct site_links links;
	struct site_radio radio;
	struct site_nodes nodes;
	struct site_gateway gateway;
	struct site_operator worker;
	struct site_watch watch;
	struct site_clock clock;
	struct site_faults faults;
	struct site_alerts alerts;
	struct site_node_alerts node_alerts;
	struct site_audit audit;
};

static const char *text_of(const struct site_hours *hours)
{
	return hours ? hours->text : "any time";
}

static void tell_limits(struct site_world *world)
{
	const struct site_plan *plan = world->plan;

	site_world_say(world, "rollouts: %s, to activate %s; quiet nodes: %s", text_of(plan->window),
		text_of(plan->apply_window), text_of(plan->quiet));
	if (plan->stones)
		site_world_say(world, "stones, %d h late", (int)(plan->stone_late_ms / SITE_HOUR_MS));
	site_world_say(world, "link: %u transfers, %u through a parent, %u bytes a second", plan->transfers,
		plan->per_parent, plan->rate_bytes);
}

static void open_site(struct site *site, const struct site_plan *plan, FILE *trace)
{
	site_world_open(&site->world, plan, trace);
	tell_limits(&site->world);
	site_images_open(&site->images, plan);
	site_ledger_open(&site->ledger, &site->world, plan->nodes);
	site_thinned_open(&site->thinned, &site->world, &site->ledger);
	site_broker_open(&site->broker, &site->world, &site->ledger);
	site->broker.thinned = &site->thinned;
	site_links_open(&site->links, &site->world, plan->nodes);
	site_radio_open(&site->radio, &site->world, &site->images, &site->links);
	site_nodes_open(&site->nodes, &site->world, &site->radio, &site->images, &site->ledger);
	site_gateway_open(&site->gateway, &site->world, &site->radio, &site->broker);
	site_audit_open(&site->audit, &site->world, &site->gateway);
	site_operator_open(&site->worker, &site->world, &site->gateway, &site->images, &site->audit);
	site_clock_open(&site->clock, &site->world, &site->gateway, &site->worker);
	site->gateway.clock = &site->clock;
	site->ledger.clock = &site->clock;
	site_alerts_open(&site->alerts, &site->world, &site->gateway, &site->broker);
	site->alerts.worker = &site->worker;
	site_node_alerts_open(&site->node_alerts, &site->world, &site->gateway);
	site->broker.alerts = &site->alerts;
	site_watch_open(&site->watch, &site->world, &site->gateway, &site->images, &site->nodes);
	site->watch.worker = &site->worker;
	site->radio.listener = (struct site_listener){ .context = &site->watch,
		.answering = site_watch_on_answering,
		.heard = site_watch_on_heard,
		.offered = site_watch_on_offered,
		.served = site_watch_on_served,
		.met = site_node_alerts_on_met,
		.met_context = &site->node_alerts,
		.node_context = &site->nodes,
		.answered = site_nodes_on_answer };
	site->faults = (struct site_faults){ .world = &site->world,
		.gateway = &site->gateway,
		.broker = &site->broker,
		.clock = &site->clock,
		.nodes = &site->nodes,
		.worker = &site->worker };
	site_faults_begin(&site->faults);
	site_gateway_start(&site->gateway);
}

static void close_site(struct site *site)
{
	site_gateway_close(&site->gateway);
	site_operator_close(&site->worker);
	site_audit_close(&site->audit);
	site_node_alerts_close(&site->node_alerts);
	site_alerts_close(&site->alerts);
	site_clock_close(&site->clock);
	site_watch_close(&site->watch);
	site_nodes_close(&site->nodes);
	site_radio_close(&site->radio);
	site_links_close(&site->links);
	site_broker_close(&site->broker);
	site_thinned_close(&site->thinned);
	site_ledger_close(&site->ledger);
	site_images_close(&site->images);
	site_world_close(&site->world);
}

/* All that happens at the next moment at which anything does; false at the end. */
static bool step(struct site *site)
{
	struct site_world *world = &site->world;
	int64_t event_ms = site_events_next_ms(&world->events);
	int64_t turn_ms = site_gateway_next_ms(&site->gateway);
	int64_t next_ms = event_ms < turn_ms ? event_ms : turn_ms;
	struct site_event event;

	if (next_ms > world->plan->days_ms)
		return false;
	world->now_ms = next_ms;
	while (site_events_take(&world->events, next_ms, &event))
		event.call(event.context, event.argument);
	site_gateway_turn(&site->gateway);
	site_watch_look(&site->watch);
	site_alerts_look(&site->alerts);
	site_node_alerts_look(&site->node_alerts);
	return !world->failed;
}

static void report(const struct site *site, struct site_report *out)
{
	const struct site_gateway *gateway = &site->gateway;

	*out = (struct site_report){ .failed = site->world.failed,
		.ended_ms = site->world.now_ms,
		.contacts = site->radio.contacts,
		.readings = site->ledger.received,
		.answers = site->watch.answers,
		.offers = site->watch.offers,
		.turns = gateway->turns,
		.starts = gateway->starts,
		.cuts = gateway->cuts,
		.kills = gateway->kills,
		.stops = gateway->stops,
		.failed_starts = gateway->failed_starts,
		.faults = site->faults.count,
		.hash = site->world.trace_hash };
	for (size_t i = 0; i < site->nodes.count; i++) {
		out->updates += site->nodes.list[i].updates;
		out->newest += site_image_level(site->nodes.list[i].runs) == SITE_NEXT;
	}
	int64_t completed_ms = site->watch.seen[SITE_HARDWARE_MAX].completed_ms;
	if (completed_ms > 0)
		out->completed_ms = completed_ms - site->worker.forecast_ms;
	out->forecast = json_incref(site->worker.forecast);
	memcpy(out->verdict, site->world.verdict, sizeof(out->verdict));
}

bool site_run(const struct site_plan *plan, FILE *trace, struct site_report *out)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		abort();
	log_set_clock(&site->world.clock);
	open_site(site, plan, trace);
	while (step(site))
		;
	if (!site->world.failed) {
		site_watch_judge(&site->watch);
		site_ledger_judge(&site->ledger);
		site_thinned_judge(&site->thinned);
	}
	report(site, out);
	close_site(site);
	out->failed = site->world.failed;
	log_set_clock(NULL);
	free(site);
	return !out->failed;
}
