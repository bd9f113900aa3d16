#include "tests/sim/site_faults.h"

#include "tests/sim/site_broker.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_nodes.h"
#include "tests/sim/site_operator.h"
#include "tests/sim/site_world.h"

static int64_t between(struct site_faults *faults, int64_t least, int64_t most)
{
	return site_world_between(faults->world, least, most);
}

static void cut_at_a_write(struct site_faults *faults)
{
	uint64_t change = (uint64_t)between(faults, 1, 300);

	site_world_say(faults->world, "the power will go at change %u", (unsigned)change);
	site_gateway_plan_disk(faults->gateway, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change });
}

static void cut_site(struct site_faults *faults)
{
	int64_t for_ms = between(faults, 20000, SITE_HOUR_MS);

	site_world_say(faults->world, "the power of the site is gone");
	site_gateway_cut_power(faults->gateway, for_ms + 5000);
	site_nodes_restart_all(faults->nodes, for_ms);
}

/* Longer than a rollout waits for its nodes. */
static void turn_off(struct site_faults *faults)
{
	site_world_say(faults->world, "the gateway is turned off");
	site_gateway_cut_power(faults->gateway, between(faults, 2, 9) * SITE_HOUR_MS);
}

static void kill_gateway(struct site_faults *faults)
{
	site_gateway_kill(faults->gateway, between(faults, 1000, 5000));
}

static void stop_gateway(struct site_faults *faults)
{
	site_gateway_stop(faults->gateway, between(faults, 1000, 30000));
}

static void on_uplink_back(void *context, uint64_t argument)
{
	struct site_faults *faults = context;

	site_broker_set_reachable(faults->broker, true);
}

static void end_uplink(struct site_faults *faults)
{
	site_broker_set_reachable(faults->broker, false);
	int64_t most_ms = (faults->world->plan->quota_bytes > 0 ? 40 : 8) * SITE_HOUR_MS;

	site_world_later(faults->world, between(faults, 10000, most_ms), on_uplink_back, faults, 0);
}

static void on_broker_fast(void *context, uint64_t argument)
{
	struct site_faults *faults = context;

	faults->broker->delay_ms = 20;
}

static void slow_broker(struct site_faults *faults)
{
	faults->broker->delay_ms = between(faults, 200, 20000);
	site_world_say(faults->world, "the broker takes %d ms", (int)faults->broker->delay_ms);
	site_world_later(faults->world, between(faults, SITE_MINUTE_MS, SITE_HOUR_MS), on_broker_fast, faults, 0);
}

static void fail_disk(struct site_faults *faults)
{
	struct fault_plan plan = { .fault = FAULT_IO_ERROR,
		.first = (uint64_t)between(faults, 1, 200),
		.count = (uint64_t)between(faults, 1, 20) };

	site_world_say(faults->world, "the disk fails from change %u on, %u times", (unsigned)plan.first,
		(unsigned)plan.count);
	site_gateway_plan_disk(faults->gateway, &plan);
}

static void on_disk_well(void *context, uint64_t argument)
{
	struct site_faults *faults = context;

	site_gateway_plan_disk(faults->gateway, &(struct fault_plan){ 0 });
}

static void fill_disk(struct site_faults *faults)
{
	int64_t room = between(faults, 0, 100000);

	site_world_say(faults->world, "the disk has room for %d bytes", (int)room);
	site_gateway_plan_disk(faults->gateway,
		&(struct fault_plan){ .capacity_bytes = fault_vfs_bytes(faults->gateway->fault) + room });
	site_world_later(faults->world, between(faults, SITE_MINUTE_MS, 3 * SITE_HOUR_MS), on_disk_well, faults, 0);
}

static void meddle(struct site_faults *faults)
{
	site_operator_meddle(faults->worker);
}

static void halt(struct site_faults *faults)
{
	site_operator_halt(faults->worker);
}

static void on_fault(void *context, uint64_t argument)
{
	static void (*const kinds[])(struct site_faults * faults) = { cut_at_a_write, cut_at_a_write, cut_site,
		kill_gateway, stop_gateway, end_uplink, end_uplink, slow_broker, fail_disk, fill_disk, meddle, halt,
		turn_off };
	struct site_faults *faults = context;

	if (faults->over)
		return;
	if (faults->gateway->daemon) {
		faults->count++;
		kinds[between(faults, 0, sizeof(kinds) / sizeof(kinds[0]) - 1)](faults);
	}
	site_world_later(faults->world, between(faults, SITE_MINUTE_MS, 4 * SITE_HOUR_MS), on_fault, faults, 0);
}

static void on_settle(void *context, uint64_t argument)
{
	struct site_faults *faults = context;

	site_world_say(faults->world, "nothing goes wrong from now on");
	faults->over = true;
	on_disk_well(faults, 0);
	on_broker_fast(faults, 0);
	site_clock_settle(faults->clock);
	site_operator_go_on(faults->worker);
	site_broker_set_reachable(faults->broker, true);
}

void site_faults_begin(struct site_faults *faults)
{
	const struct site_plan *plan = faults->world->plan;

	if (!plan->faults)
		return;
	site_world_later(faults->world, between(faults, SITE_MINUTE_MS, 4 * SITE_HOUR_MS), on_fault, faults, 0);
	site_world_later(faults->world, plan->days_ms - plan->settle_ms, on_settle, faults, 0);
}
