#include "gateway/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/uplink.h"
#include "drivers/uplink_mqtt.h"
#include "gateway/alert_settings.h"
#include "gateway/alerting.h"
#include "gateway/audit.h"
#include "gateway/block_fetch.h"
#include "gateway/clock.h"
#include "gateway/commands.h"
#include "gateway/control.h"
#include "gateway/control_server.h"
#include "gateway/downloads.h"
#include "gateway/driver_records.h"
#include "gateway/firmware.h"
#include "gateway/fleet.h"
#include "gateway/general.h"
#include "gateway/holds.h"
#include "gateway/image_policy.h"
#include "gateway/labels.h"
#include "gateway/link_budget.h"
#include "gateway/log.h"
#include "gateway/machine_boot.h"
#include "gateway/memory.h"
#include "gateway/networks.h"
#include "gateway/node_commands.h"
#include "gateway/node_removals.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/random.h"
#include "gateway/reading_flow.h"
#include "gateway/reload.h"
#include "gateway/remote_drivers.h"
#include "gateway/rule_settings.h"
#include "gateway/schedule.h"
#include "gateway/segment_exchanges.h"
#include "gateway/service.h"
#include "gateway/sparkplug_settings.h"
#include "gateway/tables.h"
#include "gateway/telemetry_settings.h"
#include "gateway/ticker.h"
#include "gateway/topics.h"
#include "gateway/turn_clock.h"
#include "gateway/update.h"
#include "gateway/update_flow.h"
#include "gateway/upstream.h"
#include "store/store.h"

#define CLOCK_LOOK_MS 10000

struct daemon {
	struct daemon_options options;
	struct random random;
	char id[GENERAL_ID_MAX + 1];
	uint32_t boot;

	uv_loop_t loop;
	uv_async_t store_woken;
	uv_signal_t signals[3];
	struct ticker *ticker;

	struct store *store;
	struct nodes *nodes;
	struct holds *holds;
	struct firmware *firmware;
	struct reading_flow *readings;
	struct driver_records *driver_records;
	struct remote_drivers *remotes;
	struct networks *networks;
	struct update_flow *updates;
	struct node_commands *node_commands;
	struct node_removals *node_removals;

	struct control *control;
	struct audit *audit;
	struct control_server *control_server;
	struct commands *commands;

	struct topics topics;
	const char *filters[UPSTREAM_FILTERS_MAX];
	struct upstream *upstream; /* NULL: the config names no broker */
	struct fleet *fleet;       /* NULL: no upstream */
	struct alerting *alerting;
	uint64_t uplink_files; /* see reload_files_mark() */
	bool damage_told;
	struct clock_watch clock_watch;
	struct turn_clock turn_clock;
};

static const void *settings_of(const struct daemon *daemon, const struct settings_table *table)
{
	return config_values(daemon->options.config, table);
}

static struct moment now_of(const struct daemon *daemon)
{
	return clock_moment(daemon->options.clock);
}

static const struct daemon_stage *stage_of(const struct daemon *daemon)
{
	return daemon->options.stage;
}

static uint64_t uplink_files_mark(const struct daemon *daemon)
{
	return reload_files_mark(uplink_mqtt.settings, settings_of(daemon, uplink_mqtt.settings));
}

/* The loop and what wakes it. */

static void wake_loop(void *context)
{
	struct daemon *daemon = context;

	uv_async_send(&daemon->store_woken);
}

static void tell_damage(struct daemon *daemon)
{
	struct store_figures figures;

	store_figures(daemon->store, &figures);
	if (figures.damaged && !daemon->damage_told)
		log_error("store.damaged checked=at_next_start");
	daemon->damage_told = figures.damaged;
}

static void on_store_woken(uv_async_t *handle)
{
	struct daemon *daemon = handle->data;

	store_dispatch(daemon->store);
	tell_damage(daemon);
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	log_notice("daemon.stopping signal=%d", number);
	service_stopping("stopping");
	uv_stop(&daemon->loop);
}

static void tell_ready(const struct daemon *daemon)
{
	char status[128];

	snprintf(status, sizeof(status), "%zu nodes, gateway %s", nodes_count(daemon->nodes), daemon->id);
	service_ready(status);
}

/* Whether the uplink was set up with other settings, or with files that have been replaced since. */
static bool uplink_changed(struct daemon *daemon, const struct reload_result *result)
{
	uint64_t before = daemon->uplink_files;

	daemon->uplink_files = uplink_files_mark(daemon);
	return daemon->uplink_files != before || reload_touched(result, uplink_mqtt.settings);
}

static void apply_settings(struct daemon *daemon, const struct reload_result *result)
{
	const struct general_settings *general = settings_of(daemon, &general_settings_table);
	char why[256] = "", quoted[LOG_QUOTED_SIZE];

	log_set_level((enum log_level)general->log_level);
	networks_reload(daemon->networks);
	if (firmware_reload(daemon->firmware, why, sizeof(why)) < 0)
		log_error("images.keys_kept reason=%s", log_quote(quoted, sizeof(quoted), why));
	if (reload_touched(result, &rules_settings_table) || reload_touched(result, &labels_settings_table))
		reading_flow_reload(daemon->readings);
	if (reload_touched(result, &quiet_hours_settings_table) || reload_touched(result, &labels_settings_table))
		update_flow_reload(daemon->updates);
	if (daemon->upstream && uplink_changed(daemon, result))
		(void)upstream_reload(daemon->upstream);
}

static void on_reload(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	const struct daemon_options *options = &daemon->options;
	struct reload_result result;

	service_reloading(now_of(daemon).monotonic_ms);
	if (reload_config(&result, options->config, options->config_path, options->tables) == 0)
		apply_settings(daemon, &result);
	tell_ready(daemon);
}

static void tell_jump(const struct clock_jump *jump)
{
	log_notice("clock.jumped from_ms=%lld to_ms=%lld by_s=%lld", (long long)jump->from_ms, (long long)jump->to_ms,
		(long long)clock_jump_ms(jump) / 1000);
}

/* The wall clock may be set at any time; what was timed by it moves before anything judges by it. */
static int64_t tick_clock(void *context, struct moment now)
{
	struct daemon *daemon = context;
	struct clock_jump jump;

	if (!clock_watch_look(&daemon->clock_watch, now, &jump))
		return CLOCK_LOOK_MS;
	tell_jump(&jump);
	nodes_follow_clock(daemon->nodes, &jump);
	update_flow_follow_clock(daemon->updates, &jump);
	reading_flow_follow_clock(daemon->readings, &jump, now);
	alerting_follow_clock(daemon->alerting, &jump);
	return CLOCK_LOOK_MS;
}

static void listen_for_signals(struct daemon *daemon)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		if (!stage_of(daemon))
			uv_signal_start(&daemon->signals[i], numbers[i] == SIGHUP ? on_reload : on_stop, numbers[i]);
	}
}

static int open_loop(struct daemon *daemon, char *why, size_t why_size)
{
	turn_clock_init(&daemon->turn_clock, daemon->options.clock, &daemon->loop);
	uv_async_init(&daemon->loop, &daemon->store_woken, on_store_woken);
	daemon->store_woken.data = daemon;
	listen_for_signals(daemon);
	int error = ticker_open(&daemon->ticker, &daemon->loop, daemon->options.clock);
	if (!error)
		ticker_add(daemon->ticker, &(struct tick){ .call = tick_clock, .context = daemon, .eager = true });
	return error;
}

/* What must survive. */

static int count_boot(struct daemon *daemon)
{
	int got = store_setting_get(daemon->store, "boot", &daemon->boot, sizeof(daemon->boot));

	if (got < 0 && got != -ENOENT)
		return got;
	daemon->boot++;
	return store_setting_put(daemon->store, "boot", &daemon->boot, sizeof(daemon->boot), (struct store_reply){ 0 });
}

static int open_store(struct daemon *daemon, char *why, size_t why_size)
{
	const struct general_settings *general = settings_of(daemon, &general_settings_table);
	const struct telemetry_settings *telemetry = settings_of(daemon, &telemetry_settings_table);
	struct store_options options = {
		.directory = general->data_directory,
		.wake = wake_loop,
		.wake_context = daemon,
		.telemetry_quota_bytes = (uint64_t)telemetry->quota_bytes,
		.vfs = stage_of(daemon) ? stage_of(daemon)->vfs : NULL,
		.threadless = stage_of(daemon) != NULL,
		.tell_exchanges = segment_exchanges_told,
	};
	struct store_findings findings;
	int error = store_open(&daemon->store, &options, &findings, why, why_size);

	if (error)
		return error;
	for (size_t i = 0; i < sizeof(findings.set_aside) / sizeof(findings.set_aside[0]); i++)
		if (findings.set_aside[i][0])
			log_error("store.set_aside file=%s reason=corrupt", findings.set_aside[i]);
	return count_boot(daemon);
}

static int64_t tick_nodes(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return nodes_tick(daemon->nodes, now);
}

static int open_nodes(struct daemon *daemon, char *why, size_t why_size)
{
	int error = nodes_open(&daemon->nodes, daemon->store, settings_of(daemon, &nodes_settings_table));

	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_nodes, .context = daemon });
	return 0;
}

static int64_t tick_holds(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return holds_tick(daemon->holds);
}

static int open_holds(struct daemon *daemon, char *why, size_t why_size)
{
	int error = holds_open(&daemon->holds, daemon->store);

	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_holds, .context = daemon });
	return 0;
}

static bool image_is_needed(void *context, const uint8_t sha256[32])
{
	const struct daemon *daemon = context;

	return update_flow_needs(daemon->updates, sha256);
}

static void on_images_ready(void *context)
{
	struct daemon *daemon = context;

	if (daemon->networks)
		networks_images_ready(daemon->networks);
}

static int open_firmware(struct daemon *daemon, char *why, size_t why_size)
{
	const struct firmware_parts parts = {
		.store = daemon->store,
		.settings = settings_of(daemon, &image_settings_table),
		.context = daemon,
		.needed = image_is_needed,
		.ready = on_images_ready,
	};

	return firmware_open(&daemon->firmware, &parts, why, why_size);
}

/* From the nodes to the broker. */

static int expand_topics(struct daemon *daemon, char *why, size_t why_size)
{
	int error = topics_expand(&daemon->topics, settings_of(daemon, &topic_settings_table), daemon->id);

	if (error)
		snprintf(why, why_size, "a topic is longer than %d bytes", TOPIC_MAX);
	return error;
}

static int64_t tick_readings(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return reading_flow_tick(daemon->readings, now);
}

/* Updates, rollouts and alerts are not there yet: they follow as they are read. */
static void follow_missed_jump(struct daemon *daemon)
{
	const struct clock_jump *jump = reading_flow_missed_jump(daemon->readings);

	if (!jump)
		return;
	tell_jump(jump);
	nodes_follow_clock(daemon->nodes, jump);
}

static bool node_is_there(void *context, const char *id, struct moment now)
{
	const struct daemon *daemon = context;
	const struct schedule_settings *schedule = settings_of(daemon, &schedule_settings_table);
	const struct node *node = nodes_find(daemon->nodes, id);

	return node && !nodes_is_silent(daemon->nodes, node, schedule->interval_ms, now);
}

static int open_readings(struct daemon *daemon, char *why, size_t why_size)
{
	const struct reading_flow_parts parts = {
		.store = daemon->store,
		.settings = settings_of(daemon, &telemetry_settings_table),
		.rules = settings_of(daemon, &rules_settings_table),
		.labels = settings_of(daemon, &labels_settings_table),
		.nodes = daemon->nodes,
		.gateway = daemon->id,
		.topic = daemon->topics.telemetry,
		.boot = daemon->boot,
		.machine = stage_of(daemon) ? stage_of(daemon)->machine : machine_boot(),
		.journal_name = random_next(&daemon->random) | 1,
		.seed = random_next(&daemon->random),
		.sparkplug = settings_of(daemon, &sparkplug_settings_table),
		.is_there = node_is_there,
		.context = daemon,
	};
	int error = reading_flow_open(&daemon->readings, &parts, now_of(daemon));

	if (error)
		return error;
	follow_missed_jump(daemon);
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_readings, .context = daemon, .eager = true });
	return 0;
}

/* From images to nodes. */

static int64_t tick_networks(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return networks_tick(daemon->networks, now);
}

static int open_networks(struct daemon *daemon, char *why, size_t why_size)
{
	struct networks_parts parts = {
		.loop = &daemon->loop,
		.gateway = daemon->id,
		.clock = &daemon->turn_clock.clock,
		.random = &daemon->random,
		.nodes = daemon->nodes,
		.holds = daemon->holds,
		.telemetry = reading_flow_telemetry(daemon->readings),
		.images = firmware_images(daemon->firmware),
		.schedule = settings_of(daemon, &schedule_settings_table),
		.links = settings_of(daemon, &link_settings_table),
	};
	int error = driver_records_open(&daemon->driver_records, daemon->store);

	if (error)
		return error;
	parts.records = daemon->driver_records;
	if (!stage_of(daemon))
		error = remote_drivers_open(&daemon->remotes, settings_of(daemon, &remote_drivers_settings_table),
			settings_of(daemon, &control_settings_table), &daemon->random);
	if (error)
		return error;
	parts.remotes = daemon->remotes;
	if (stage_of(daemon)) {
		parts.clock = daemon->options.clock;
		parts.only = stage_of(daemon)->network;
		parts.only_settings = stage_of(daemon)->network_settings;
	}
	error = networks_open(&daemon->networks, &parts, daemon->options.config, why, why_size);
	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_networks, .context = daemon });
	return 0;
}

static int pass_command(void *context, const struct driver_command *command)
{
	struct daemon *daemon = context;
	const struct node *node = nodes_find(daemon->nodes, command->node);

	return node ? networks_command(daemon->networks, node, command) : -ENOENT;
}

static int open_node_commands(struct daemon *daemon, char *why, size_t why_size)
{
	const struct node_commands_parts parts = {
		.random = &daemon->random,
		.context = daemon,
		.pass = pass_command,
	};
	int error = node_commands_open(&daemon->node_commands, &parts);

	if (error)
		return error;
	networks_attach_commands(daemon->networks, daemon->node_commands);
	ticker_add(daemon->ticker, &(struct tick){ .call = node_commands_tick, .context = daemon->node_commands });
	return 0;
}

static int open_updates(struct daemon *daemon, char *why, size_t why_size)
{
	const struct update_flow_parts parts = {
		.store = daemon->store,
		.nodes = daemon->nodes,
		.holds = daemon->holds,
		.firmware = daemon->firmware,
		.networks = daemon->networks,
		.clock = daemon->options.clock,
		.random = &daemon->random,
		.ticker = daemon->ticker,
		.updates = settings_of(daemon, &update_settings_table),
		.quiet = settings_of(daemon, &quiet_hours_settings_table),
		.labels = settings_of(daemon, &labels_settings_table),
		.schedule = settings_of(daemon, &schedule_settings_table),
		.missed_jump = reading_flow_missed_jump(daemon->readings),
	};

	return update_flow_open(&daemon->updates, &parts);
}

static int64_t tick_node_removals(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return node_removals_tick(daemon->node_removals);
}

static int open_node_removals(struct daemon *daemon, char *why, size_t why_size)
{
	daemon->node_removals = node_removals_open(daemon->store, daemon->nodes, update_flow_updates(daemon->updates));
	if (!daemon->node_removals)
		return -ENOMEM;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_node_removals, .context = daemon });
	return 0;
}

/* The operator. */

static int open_control(struct daemon *daemon, char *why, size_t why_size)
{
	daemon->control = control_open();
	if (!daemon->control)
		return -ENOMEM;
	return audit_open(&daemon->audit, daemon->control, daemon->store, daemon->options.clock);
}

static int open_commands(struct daemon *daemon, char *why, size_t why_size)
{
	struct commands_parts parts = {
		.status = {
			.clock = daemon->options.clock,
			.clock_watch = &daemon->clock_watch,
			.gateway = daemon->id,
			.started_ms = now_of(daemon).monotonic_ms,
			.store = daemon->store,
			.nodes = daemon->nodes,
			.schedule = settings_of(daemon, &schedule_settings_table),
			.labels = settings_of(daemon, &labels_settings_table),
			.updates = update_flow_updates(daemon->updates),
			.holds = daemon->holds,
			.rollouts = update_flow_rollouts(daemon->updates),
			.images = firmware_images(daemon->firmware),
			.image_settings = settings_of(daemon, &image_settings_table),
			.telemetry = reading_flow_telemetry(daemon->readings),
			.telemetry_settings = settings_of(daemon, &telemetry_settings_table),
			.edge = reading_flow_edge(daemon->readings),
			.publish = reading_flow_publish(daemon->readings),
			.governor = reading_flow_governor(daemon->readings),
			.thin = reading_flow_thin(daemon->readings),
			.sparkplug = reading_flow_sparkplug(daemon->readings),
			.networks = daemon->networks,
			.upstream = daemon->upstream,
			.alerts = alerting_alerts(daemon->alerting),
			.fleet = daemon->fleet,
			.links = settings_of(daemon, &link_settings_table),
			.update_settings = settings_of(daemon, &update_settings_table),
			.quiet = settings_of(daemon, &quiet_hours_settings_table),
		},
		.imports = firmware_imports(daemon->firmware),
		.node_commands = daemon->node_commands,
		.node_removals = daemon->node_removals,
	};
	int error = commands_open(&daemon->commands, daemon->control, &parts);

	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = commands_tick, .context = daemon->commands });
	if (stage_of(daemon))
		return 0;
	return control_server_open(&daemon->control_server, &daemon->loop, daemon->control,
		settings_of(daemon, &control_settings_table), why, why_size);
}

/* The way upstream. */

static size_t collect_filters(const struct daemon *daemon, const char *out[UPSTREAM_FILTERS_MAX])
{
	size_t count;
	const char *const *filters = reading_flow_filters(daemon->readings, &count);

	for (size_t i = 0; i < count; i++)
		out[i] = filters[i];
	for (size_t i = 0; i < daemon->topics.rollout_count && count < UPSTREAM_FILTERS_MAX; i++)
		out[count++] = daemon->topics.rollout_filters[i];
	return count;
}

static int open_upstream(struct daemon *daemon, char *why, size_t why_size)
{
	const struct daemon_stage *stage = stage_of(daemon);

	if (stage ? !stage->uplink : !config_has(daemon->options.config, uplink_mqtt.settings))
		return 0;
	struct upstream_parts parts = {
		.loop = &daemon->loop,
		.ops = stage ? stage->uplink : &uplink_mqtt,
		.uplink_settings = stage ? stage->uplink_settings : settings_of(daemon, uplink_mqtt.settings),
		.settings = settings_of(daemon, &upstream_settings_table),
		.topics = &daemon->topics,
		.clock = daemon->options.clock,
		.gateway = daemon->id,
		.control = daemon->control,
	};
	parts.filter_count = collect_filters(daemon, daemon->filters);
	parts.filters = daemon->filters;
	int error = upstream_open(&daemon->upstream, &parts, why, why_size);
	if (error)
		return error;
	daemon->uplink_files = uplink_files_mark(daemon);
	return reading_flow_attach(daemon->readings, daemon->upstream);
}

static int take_manifest(void *context, const char *text, struct moment now, char *why, size_t why_size)
{
	struct daemon *daemon = context;

	return firmware_take_manifest(daemon->firmware, text, now, why, why_size);
}

static int64_t tick_fleet(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return fleet_tick(daemon->fleet, now);
}

static int open_fleet(struct daemon *daemon, char *why, size_t why_size)
{
	const struct upstream_settings *settings = settings_of(daemon, &upstream_settings_table);
	const struct fleet_parts parts = {
		.control = daemon->control,
		.rollouts = update_flow_rollouts(daemon->updates),
		.images = firmware_images(daemon->firmware),
		.store = daemon->store,
		.upstream = daemon->upstream,
		.topics = &daemon->topics,
		.allowed = &settings->remote_commands,
		.take_manifest = take_manifest,
		.context = daemon,
	};

	if (!daemon->upstream)
		return 0;
	int error = fleet_open(&daemon->fleet, &parts);
	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_fleet, .context = daemon });
	return 0;
}

static int64_t tick_alerts(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return alerting_tick(daemon->alerting, now);
}

static int open_alerts(struct daemon *daemon, char *why, size_t why_size)
{
	const struct alerting_parts parts = {
		.watch = {
			.settings = settings_of(daemon, &alert_settings_table),
			.nodes = daemon->nodes,
			.nodes_settings = settings_of(daemon, &nodes_settings_table),
			.schedule = settings_of(daemon, &schedule_settings_table),
			.updates = update_flow_updates(daemon->updates),
			.rollouts = update_flow_rollouts(daemon->updates),
			.fleet = daemon->fleet,
			.holds = daemon->holds,
			.images = firmware_images(daemon->firmware),
			.upstream = daemon->upstream,
			.publish = reading_flow_publish(daemon->readings),
			.thin = reading_flow_thin(daemon->readings),
			.store = daemon->store,
			.governor = reading_flow_governor(daemon->readings),
			.networks = daemon->networks,
		},
		.loop = &daemon->loop,
		.upstream = daemon->upstream,
		.topics = &daemon->topics,
		.gateway = daemon->id,
	};
	int error = alerting_open(&daemon->alerting, &parts, now_of(daemon));
	const struct clock_jump *missed = reading_flow_missed_jump(daemon->readings);

	if (error)
		return error;
	if (missed)
		alerting_follow_clock(daemon->alerting, missed);
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_alerts, .context = daemon });
	return 0;
}

static int64_t tick_firmware(void *context, struct moment now)
{
	struct daemon *daemon = context;

	return firmware_tick(daemon->firmware, now);
}

static int attach_firmware(struct daemon *daemon, char *why, size_t why_size)
{
	const struct firmware_upstream parts = {
		.loop = &daemon->loop,
		.downloads = settings_of(daemon, &download_settings_table),
		.blocks = settings_of(daemon, &block_settings_table),
		.topics = &daemon->topics,
		.upstream = daemon->upstream,
		.random = &daemon->random,
		.control = daemon->control,
	};

	if (!daemon->upstream)
		return 0;
	int error = firmware_attach(daemon->firmware, &parts, now_of(daemon));
	if (error)
		return error;
	ticker_add(daemon->ticker, &(struct tick){ .call = tick_firmware, .context = daemon, .eager = true });
	return 0;
}

static int64_t tick_watchdog(void *context, struct moment now)
{
	service_alive();
	return service_watchdog_ms();
}

/* Each may use what stands before it. */
static const struct part {
	const char *name;
	int (*open)(struct daemon *daemon, char *why, size_t why_size);
} parts[] = {
	{ "loop", open_loop },
	{ "store", open_store },
	{ "nodes", open_nodes },
	{ "holds", open_holds },
	{ "images", open_firmware },
	{ "topics", expand_topics },
	{ "telemetry", open_readings },
	{ "networks", open_networks },
	{ "updates", open_updates },
	{ "node commands", open_node_commands },
	{ "node removals", open_node_removals },
	{ "control", open_control },
	{ "upstream", open_upstream },
	{ "downloads", attach_firmware },
	{ "fleet", open_fleet },
	{ "alerts", open_alerts },
	{ "commands", open_commands },
};

int daemon_open(struct daemon **out, const struct daemon_options *options, char *why, size_t why_size)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	char reason[512] = "";
	int error = 0;

	if (!daemon || uv_loop_init(&daemon->loop) < 0) {
		free(daemon);
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	daemon->options = *options;
	random_init(&daemon->random, options->seed);
	general_id(settings_of(daemon, &general_settings_table), daemon->id);
	for (size_t i = 0; !error && i < sizeof(parts) / sizeof(parts[0]); i++) {
		error = parts[i].open(daemon, reason, sizeof(reason));
		if (error)
			snprintf(why, why_size, "%s: %s", parts[i].name, *reason ? reason : strerror(-error));
	}
	if (error) {
		daemon_close(daemon);
		return error;
	}
	*out = daemon;
	return 0;
}

void daemon_run(struct daemon *daemon)
{
	if (service_watchdog_ms() > 0)
		ticker_add(daemon->ticker, &(struct tick){ .call = tick_watchdog });
	ticker_add(daemon->ticker, &(struct tick){ .call = memory_tick });
	log_notice("daemon.ready version=%s gateway=%s boot=%u nodes=%zu", WAKEGATE_VERSION, daemon->id, daemon->boot,
		nodes_count(daemon->nodes));
	tell_ready(daemon);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

int64_t daemon_turn(struct daemon *daemon)
{
	return ticker_run(daemon->ticker);
}

bool daemon_disk_waits(const struct daemon *daemon)
{
	struct store_figures figures;

	store_figures(daemon->store, &figures);
	return figures.queued > 0;
}

void daemon_serve_disk(struct daemon *daemon)
{
	store_dispatch(daemon->store);
	tell_damage(daemon);
}

void daemon_view(const struct daemon *daemon, struct daemon_view *out)
{
	*out = (struct daemon_view){
		.nodes = daemon->nodes,
		.updates = update_flow_updates(daemon->updates),
		.rollouts = update_flow_rollouts(daemon->updates),
		.control = daemon->control,
		.alerts = daemon->alerting ? alerting_alerts(daemon->alerting) : NULL,
	};
}

/* Hands over what is not saved yet; then the store completes it and calls every reply. See docs/decisions/001. */
static void flush(struct daemon *daemon)
{
	upstream_close(daemon->upstream);
	control_close(daemon->control);
	node_commands_close(daemon->node_commands);
	commands_close(daemon->commands);
	audit_close(daemon->audit);
	alerting_close(daemon->alerting);
	daemon->alerting = NULL;
	fleet_close(daemon->fleet);
	firmware_flush(daemon->firmware);
	reading_flow_flush(daemon->readings, now_of(daemon));
	if (daemon->node_removals)
		(void)node_removals_tick(daemon->node_removals);
	if (daemon->nodes)
		nodes_flush(daemon->nodes);
	driver_records_shut(daemon->driver_records);
	store_close(daemon->store);
}

static void close_loop(struct daemon *daemon)
{
	ticker_close(daemon->ticker);
	uv_close((uv_handle_t *)&daemon->store_woken, NULL);
	for (size_t i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
}

void daemon_close(struct daemon *daemon)
{
	if (!daemon)
		return;
	control_server_close(daemon->control_server);
	flush(daemon);
	/* First: nodes whose readings the store could not take any more are told so by their drivers. */
	reading_flow_refuse_rest(daemon->readings);
	networks_close(daemon->networks);
	remote_drivers_close(daemon->remotes);
	driver_records_close(daemon->driver_records);
	node_removals_close(daemon->node_removals);
	update_flow_close(daemon->updates);
	holds_close(daemon->holds);
	reading_flow_close(daemon->readings);
	firmware_close(daemon->firmware);
	nodes_close(daemon->nodes);
	close_loop(daemon);
	free(daemon);
}
