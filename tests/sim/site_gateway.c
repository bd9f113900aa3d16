#include "tests/sim/site_gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/sim/site_broker.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_folder.h"
#include "tests/sim/site_hours.h"
#include "tests/sim/site_radio.h"
#include "tests/sim/site_world.h"

#define START_AGAIN_MS 10000

static bool is_powered(void *context)
{
	const struct site_gateway *gateway = context;

	return gateway->daemon && !fault_vfs_is_off(gateway->fault);
}

static void make_folder(struct site_gateway *gateway)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(gateway->directory, sizeof(gateway->directory), "%s/wakegate-site-XXXXXX", memory);
	if (!mkdtemp(gateway->directory))
		abort();
}

/* The quiet ones are named node-00000 to node-00019. */
static void write_limits(FILE *file, const struct site_plan *plan)
{
	fprintf(file, "links: { transfers = %u; per_parent = %u; rate = \"%u B\"; };\n", plan->transfers,
		plan->per_parent, plan->rate_bytes);
	if (plan->quiet)
		fprintf(file,
			"labels: { nodes = ( { match = [ \"node-0000?\", \"node-0001?\" ]; labels = [ \"quiet\" ]; } "
			"); };\nupdate_windows: { list = ( { labels = [ \"quiet\" ]; window = \"%s\"; } ); };\n",
			plan->quiet->text);
}

static void write_room(const struct site_plan *plan, char *out, size_t size)
{
	if (plan->quota_bytes == 0)
		snprintf(out, size, "when_full = \"refuse\";");
	else
		snprintf(out, size, "when_full = \"thin\"; quota = \"%d B\"; thin_above = 33; thin_window = \"%d s\";",
			(int)plan->quota_bytes, (int)(plan->thin_ms / 1000));
}

static void write_config(const struct site_gateway *gateway)
{
	const struct site_plan *plan = gateway->world->plan;
	FILE *file = fopen(gateway->config_path, "w");
	char room[128];

	if (!file)
		abort();
	write_room(plan, room, sizeof(room));
	fprintf(file,
		"gateway: { id = \"site\"; data_directory = \"%s\"; log_level = \"error\"; };\n"
		"nodes: { most = 20000; flush_interval = \"%d s\"; };\n"
		"schedule: { interval = \"%d s\"; };\n"
		"telemetry: { format = \"columnar\"; commit_delay = \"%d ms\"; "
		"%s%s%s %s };\n"
		"images: { unsigned_hardware = [ \"sim-0\", \"sim-1\" ]; };\n"
		"update: { attempts = 3; retry_after = \"%d s\"; retry_most = \"2 h\"; stall_after = \"3 h\"; "
		"deadline = \"%d s\"; };\n",
		gateway->directory, (int)(plan->flush_ms / 1000), (int)(plan->interval_ms / 1000), (int)plan->commit_ms,
		plan->remembers ? "runtime_directory = \"" : "", plan->remembers ? gateway->memory : "",
		plan->remembers ? "\";" : "", room, (int)(plan->interval_ms / 2000), (int)(plan->deadline_ms / 1000));
	write_limits(file, plan);
	fclose(file);
}

static void read_config(struct site_gateway *gateway)
{
	struct config_faults faults;

	tables_init(&gateway->tables);
	if (config_load(&gateway->config, gateway->config_path, gateway->tables.list, gateway->tables.count, &faults) <
		0) {
		fprintf(stderr, "%s\n", faults.count ? faults.faults[0].text : "the config cannot be read");
		abort();
	}
	config_faults_finish(&faults);
}

void site_gateway_open(
	struct site_gateway *gateway, struct site_world *world, struct site_radio *radio, struct site_broker *broker)
{
	*gateway = (struct site_gateway){ .world = world,
		.radio = radio,
		.broker = broker,
		.turn_at_ms = INT64_MAX,
		.disk_at_ms = INT64_MAX,
		.disk_most_ms = world->plan->disk_ms };
	radio->is_powered = is_powered;
	radio->power_context = gateway;
	make_folder(gateway);
	snprintf(gateway->vfs, sizeof(gateway->vfs), "site-%llu", (unsigned long long)world->plan->seed);
	snprintf(gateway->config_path, sizeof(gateway->config_path), "%s/site.cfg", gateway->directory);
	snprintf(gateway->memory, sizeof(gateway->memory), "%s/memory", gateway->directory);
	snprintf(gateway->kept, sizeof(gateway->kept), "%s/kept", gateway->directory);
	if (mkdir(gateway->memory, 0750) < 0)
		abort();
	write_config(gateway);
	read_config(gateway);
	gateway->fault = fault_vfs_open(gateway->vfs, world->plan->seed);
	fault_vfs_set_tracking(gateway->fault, world->plan->tracked);
	gateway->stage = (struct daemon_stage){
		.network = &site_radio_driver,
		.network_settings = &gateway->radio,
		.uplink = &site_broker_uplink,
		.uplink_settings = &gateway->broker,
		.vfs = gateway->vfs,
	};
}

static void remove_folders(const struct site_gateway *gateway)
{
	site_folder_remove(gateway->memory);
	site_folder_remove(gateway->kept);
	site_folder_remove(gateway->directory);
}

void site_gateway_plan_disk(struct site_gateway *gateway, const struct fault_plan *plan)
{
	gateway->disk_plan = *plan;
	fault_vfs_plan(gateway->fault, plan);
}

bool site_gateway_disk_fails(const struct site_gateway *gateway)
{
	return gateway->world->now_ms < gateway->unsaved_until_ms;
}

static void look_at_disk(struct site_gateway *gateway)
{
	const struct fault_plan *plan = &gateway->disk_plan;
	uint64_t changes = fault_vfs_changes(gateway->fault);
	bool strikes =
		plan->fault == FAULT_IO_ERROR && changes + 1 >= plan->first && changes <= plan->first + plan->count;

	if (strikes || plan->capacity_bytes > 0)
		gateway->unsaved_until_ms = gateway->world->now_ms + SITE_MINUTE_MS;
}

static void close_daemon(struct site_gateway *gateway)
{
	gateway->unsaved_ends += site_gateway_disk_fails(gateway);
	daemon_close(gateway->daemon);
	gateway->daemon = NULL;
	gateway->turn_at_ms = gateway->disk_at_ms = INT64_MAX;
	if (gateway->radio->unanswered)
		site_world_fail(gateway->world, "the gateway closed without a word about %llu reports",
			(unsigned long long)gateway->radio->unanswered);
}

void site_gateway_close(struct site_gateway *gateway)
{
	if (gateway->daemon)
		close_daemon(gateway);
	config_free(gateway->config);
	fault_vfs_close(gateway->fault);
	remove_folders(gateway);
}

static void on_start(void *context, uint64_t argument)
{
	struct site_gateway *gateway = context;

	if (!gateway->daemon)
		site_gateway_start(gateway);
}

static void start_later(struct site_gateway *gateway, int64_t after_ms)
{
	site_world_later(gateway->world, after_ms, on_start, gateway, 0);
}

void site_gateway_start(struct site_gateway *gateway)
{
	struct daemon_options options = {
		.config_path = gateway->config_path,
		.config = gateway->config,
		.tables = &gateway->tables,
		.clock = &gateway->world->clock,
		.seed = gateway->world->plan->seed * 1000 + gateway->starts,
		.stage = &gateway->stage,
	};
	char why[512] = "";
	gateway->stage.machine = gateway->cuts + 1;
	int error = daemon_open(&gateway->daemon, &options, why, sizeof(why));

	gateway->starts++;
	if (error) {
		gateway->failed_starts++;
		gateway->daemon = NULL;
		/* The sentence names a folder that is another one each time. */
		site_world_say(gateway->world, "gateway does not start: %s", strerror(-error));
		if (gateway->world->trace)
			fprintf(gateway->world->trace, "%s\n", why);
		if (fault_vfs_is_off(gateway->fault))
			site_gateway_cut_power(gateway, START_AGAIN_MS);
		else
			start_later(gateway, START_AGAIN_MS);
		return;
	}
	site_world_say(gateway->world, "gateway started");
	gateway->started_ms = gateway->world->now_ms;
	gateway->turn_at_ms = gateway->world->now_ms;
}

void site_gateway_cut_power(struct site_gateway *gateway, int64_t for_ms)
{
	site_world_say(gateway->world, "power cut");
	gateway->cuts++;
	gateway->radio->cuts++;
	fault_vfs_kill(gateway->fault);
	if (gateway->daemon)
		close_daemon(gateway);
	fault_vfs_restore(gateway->fault);
	site_folder_empty(gateway->memory);
	site_clock_lose_power(gateway->clock, for_ms);
	start_later(gateway, for_ms);
}

void site_gateway_kill(struct site_gateway *gateway, int64_t for_ms)
{
	if (!gateway->daemon)
		return;
	site_world_say(gateway->world, "gateway killed");
	gateway->kills++;
	fault_vfs_kill(gateway->fault);
	site_folder_copy(gateway->memory, gateway->kept);
	close_daemon(gateway);
	site_folder_copy(gateway->kept, gateway->memory);
	fault_vfs_revive(gateway->fault);
	start_later(gateway, for_ms);
}

void site_gateway_stop(struct site_gateway *gateway, int64_t for_ms)
{
	if (!gateway->daemon)
		return;
	site_world_say(gateway->world, "gateway stopped");
	gateway->stops++;
	close_daemon(gateway);
	start_later(gateway, for_ms);
}

int64_t site_gateway_next_ms(const struct site_gateway *gateway)
{
	return gateway->turn_at_ms < gateway->disk_at_ms ? gateway->turn_at_ms : gateway->disk_at_ms;
}

void site_gateway_turn(struct site_gateway *gateway)
{
	struct site_world *world = gateway->world;

	if (!gateway->daemon)
		return;
	if (gateway->disk_at_ms <= world->now_ms) {
		gateway->disk_at_ms = INT64_MAX;
		daemon_serve_disk(gateway->daemon);
	}
	look_at_disk(gateway);
	int64_t wait_ms = daemon_turn(gateway->daemon);
	gateway->turns++;
	gateway->turn_at_ms = world->now_ms + (wait_ms > 0 ? wait_ms : 1);
	if (fault_vfs_is_off(gateway->fault)) {
		site_gateway_cut_power(gateway, site_world_between(world, 5000, 10 * SITE_MINUTE_MS));
		return;
	}
	if (gateway->disk_at_ms == INT64_MAX && daemon_disk_waits(gateway->daemon))
		gateway->disk_at_ms = world->now_ms + site_world_between(world, 1, gateway->disk_most_ms);
}
