#include "gateway/reading_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/boot_clock.h"
#include "gateway/clock.h"
#include "gateway/edge.h"
#include "gateway/gaps.h"
#include "gateway/governor.h"
#include "gateway/log.h"
#include "gateway/publish.h"
#include "gateway/sparkplug_edge.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "gateway/thin.h"
#include "gateway/upstream.h"
#include "store/store.h"

#define MOURN_MS 5000      /* between looks for nodes that are not heard of */
#define KEEP_CLOCK_MS 5000 /* before the disk is tried again */

struct reading_flow {
	bool is_open; /* all of it */
	struct boot_clock clock;
	bool clock_unkept;        /* the disk refused it: */
	int64_t keep_clock_at_ms; /* when it is tried again */
	bool missed;              /* that the clock was set while the gateway was down: */
	struct clock_jump missed_jump;
	struct reading_flow_parts parts;
	struct governor *governor;
	struct gaps *gaps;
	struct publish *publish;
	struct edge *edge;
	struct telemetry *telemetry;
	char *runtime_directory;
	struct thin *thin;
	struct upstream *upstream; /* NULL: none, or closed */
	struct upstream_client client;
	/* Where the format is Sparkplug, else NULL. */
	struct sparkplug_edge *sparkplug;
	struct upstream_client sparkplug_client;
	int64_t mourn_at_ms;
};

static int send_upstream(void *context, const struct uplink_message *message, uint64_t ticket)
{
	struct reading_flow *flow = context;

	return flow->upstream ? upstream_publish(flow->upstream, message, ticket) : -ENOTCONN;
}

/* What the settings say, or else systemd; NULL: no folder. */
static char *runtime_directory(const struct telemetry_settings *settings)
{
	const char *listed = getenv("RUNTIME_DIRECTORY");

	if (settings->runtime_directory)
		return strdup(settings->runtime_directory);
	return listed && *listed ? strndup(listed, strcspn(listed, ":")) : NULL;
}

/* Readings go to the broker while the edge node says so. */
static void on_gate(void *context, unsigned window, struct moment now)
{
	struct reading_flow *flow = context;

	if (window > 0)
		publish_on_connected(flow->publish, window, now);
	else
		publish_on_disconnected(flow->publish, now);
}

static int open_sparkplug(struct reading_flow *flow)
{
	const struct sparkplug_edge_parts parts = {
		.settings = flow->parts.sparkplug,
		.gateway = flow->parts.gateway,
		.boot = flow->parts.boot,
		.send = send_upstream,
		.gate = on_gate,
		.context = flow,
	};

	if (flow->parts.settings->format != BATCH_SPARKPLUG)
		return 0;
	return sparkplug_edge_open(&flow->sparkplug, &parts);
}

static void on_clock_kept(void *context, int result)
{
	struct reading_flow *flow = context;

	if (result < 0)
		flow->clock_unkept = true;
}

/* Without it readings of this start would keep 1970 after the next. */
static void keep_clock(struct reading_flow *flow, struct moment now)
{
	struct store_reply reply = { .done = on_clock_kept, .context = flow };

	flow->keep_clock_at_ms = now.monotonic_ms + KEEP_CLOCK_MS;
	flow->clock_unkept =
		store_setting_put(flow->parts.store, "clock.boot", &flow->clock, sizeof(flow->clock), reply) < 0;
}

static int open_clock(struct reading_flow *flow, struct moment now)
{
	int got = store_setting_get(flow->parts.store, "clock.boot", &flow->clock, sizeof(flow->clock));

	if (got < 0 && got != -ENOENT)
		return got;
	if (got != (int)sizeof(flow->clock))
		flow->clock = (struct boot_clock){ 0 };
	flow->missed = boot_clock_missed(&flow->clock, flow->parts.machine, flow->parts.boot, now, &flow->missed_jump);
	boot_clock_start(&flow->clock, flow->parts.machine, flow->parts.boot, now);
	if (boot_clock_is_unset(now))
		log_warning("clock.unset wall_ms=%lld", (long long)now.wall_ms);
	keep_clock(flow, now);
	return 0;
}

void reading_flow_follow_clock(struct reading_flow *flow, const struct clock_jump *jump, struct moment now)
{
	boot_clock_jumped(&flow->clock, jump, now);
	edge_follow_clock(flow->edge);
	keep_clock(flow, now);
}

const struct clock_jump *reading_flow_missed_jump(const struct reading_flow *flow)
{
	return flow->missed ? &flow->missed_jump : NULL;
}

static int open_thin(struct reading_flow *flow)
{
	struct thin_parts parts = {
		.store = flow->parts.store,
		.gaps = flow->gaps,
		.publish = flow->publish,
		.telemetry = flow->telemetry,
		.settings = flow->parts.settings,
		.seed = flow->parts.seed,
	};

	return thin_open(&flow->thin, &parts);
}

static int open_parts(struct reading_flow *flow, struct moment now)
{
	const struct reading_flow_parts *parts = &flow->parts;
	struct publish_parts publish = {
		.store = parts->store,
		.settings = parts->settings,
		.gateway = parts->gateway,
		.topic = parts->topic,
		.send = send_upstream,
		.context = flow,
		.clock = &flow->clock,
	};
	struct telemetry_parts telemetry = {
		.store = parts->store,
		.settings = parts->settings,
		.boot = parts->boot,
		.journal_name = parts->journal_name,
	};
	const struct edge_parts edge = {
		.store = parts->store,
		.rules = parts->rules,
		.labels = parts->labels,
		.nodes = parts->nodes,
		.seed = parts->seed,
		.clock = &flow->clock,
		.boot = parts->boot,
	};
	int error = governor_open(&flow->governor, parts->store, parts->settings, now);

	if (!error)
		error = edge_open(&flow->edge, &edge);
	if (!error)
		error = open_clock(flow, now);
	if (!error)
		error = gaps_open(&flow->gaps, parts->store);
	if (!error)
		error = open_sparkplug(flow);
	if (error)
		return error;
	publish.gaps = telemetry.gaps = flow->gaps;
	publish.edge = flow->sparkplug;
	error = publish_open(&flow->publish, &publish);
	if (error)
		return error;
	telemetry.publish = flow->publish;
	telemetry.governor = flow->governor;
	telemetry.runtime_directory = flow->runtime_directory = runtime_directory(parts->settings);
	telemetry.edge = flow->edge;
	error = telemetry_open(&flow->telemetry, &telemetry, now);
	return error ? error : open_thin(flow);
}

int reading_flow_open(struct reading_flow **out, const struct reading_flow_parts *parts, struct moment now)
{
	struct reading_flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return -ENOMEM;
	flow->parts = *parts;
	*out = flow;
	int error = open_parts(flow, now);
	flow->is_open = error == 0;
	return error;
}

static void on_connected(void *context, unsigned window, struct moment now)
{
	publish_on_connected(context, window, now);
}

static void on_disconnected(void *context, struct moment now)
{
	publish_on_disconnected(context, now);
}

static void on_delivered(void *context, uint64_t ticket, int result, struct moment now)
{
	publish_on_delivered(context, ticket, result, now);
}

static void on_sparkplug_connected(void *context, unsigned window, struct moment now)
{
	sparkplug_edge_on_connected(context, window, now);
}

static void on_sparkplug_disconnected(void *context, struct moment now)
{
	sparkplug_edge_on_disconnected(context, now);
}

static void on_sparkplug_message(void *context, const struct uplink_message *message, struct moment now)
{
	sparkplug_edge_on_message(context, message, now);
}

static void on_sparkplug_connecting(void *context, struct uplink_message *will)
{
	sparkplug_edge_will(context, will);
}

static void on_sparkplug_closing(void *context)
{
	sparkplug_edge_on_closing(context);
}

/* Publish hears of sessions by way of the edge node, see on_gate(). */
static int attach_sparkplug(struct reading_flow *flow)
{
	flow->client.connected = NULL;
	flow->client.disconnected = NULL;
	flow->sparkplug_client = (struct upstream_client){
		.tickets = SPARKPLUG_TICKETS,
		.context = flow->sparkplug,
		.connected = on_sparkplug_connected,
		.disconnected = on_sparkplug_disconnected,
		.prefix = SPARKPLUG_PREFIX,
		.message = on_sparkplug_message,
		.connecting = on_sparkplug_connecting,
		.closing = on_sparkplug_closing,
	};
	return upstream_attach(flow->upstream, &flow->sparkplug_client);
}

const char *const *reading_flow_filters(const struct reading_flow *flow, size_t *count)
{
	*count = 0;
	return flow->sparkplug ? sparkplug_edge_filters(flow->sparkplug, count) : NULL;
}

int reading_flow_attach(struct reading_flow *flow, struct upstream *upstream)
{
	flow->upstream = upstream;
	flow->client = (struct upstream_client){
		.tickets = PUBLISH_TICKETS,
		.context = flow->publish,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.delivered = on_delivered,
	};
	int error = flow->sparkplug ? attach_sparkplug(flow) : 0;
	return error ? error : upstream_attach(upstream, &flow->client);
}

static int64_t tick_sparkplug(struct reading_flow *flow, struct moment now)
{
	if (!flow->sparkplug)
		return MOURN_MS;
	if (now.monotonic_ms >= flow->mourn_at_ms) {
		flow->mourn_at_ms = now.monotonic_ms + MOURN_MS;
		sparkplug_edge_mourn(flow->sparkplug, flow->parts.is_there, flow->parts.context, now);
	}
	int64_t edge_ms = sparkplug_edge_tick(flow->sparkplug, now);
	return edge_ms < MOURN_MS ? edge_ms : MOURN_MS;
}

void reading_flow_reload(struct reading_flow *flow)
{
	edge_reload(flow->edge);
}

int64_t reading_flow_tick(struct reading_flow *flow, struct moment now)
{
	int64_t edge_ms = tick_sparkplug(flow, now);
	int64_t commit_ms = telemetry_tick(flow->telemetry, now);
	int64_t publish_ms = publish_tick(flow->publish, now);
	int64_t wear_ms = governor_tick(flow->governor, now);
	int64_t thin_ms = thin_tick(flow->thin, now);
	int64_t next_ms = commit_ms < publish_ms ? commit_ms : publish_ms;

	if (flow->clock_unkept && now.monotonic_ms >= flow->keep_clock_at_ms)
		keep_clock(flow, now);
	next_ms = flow->clock_unkept && next_ms > KEEP_CLOCK_MS ? KEEP_CLOCK_MS : next_ms;
	next_ms = next_ms < wear_ms ? next_ms : wear_ms;
	next_ms = next_ms < thin_ms ? next_ms : thin_ms;
	return next_ms < edge_ms ? next_ms : edge_ms;
}

struct telemetry *reading_flow_telemetry(const struct reading_flow *flow)
{
	return flow->telemetry;
}

struct publish *reading_flow_publish(const struct reading_flow *flow)
{
	return flow->publish;
}

struct governor *reading_flow_governor(const struct reading_flow *flow)
{
	return flow->governor;
}

struct edge *reading_flow_edge(const struct reading_flow *flow)
{
	return flow->edge;
}

struct thin *reading_flow_thin(const struct reading_flow *flow)
{
	return flow->thin;
}

struct sparkplug_edge *reading_flow_sparkplug(const struct reading_flow *flow)
{
	return flow->sparkplug;
}

void reading_flow_flush(struct reading_flow *flow, struct moment now)
{
	if (!flow)
		return;
	flow->upstream = NULL;
	if (!flow->is_open)
		return;
	if (flow->telemetry)
		telemetry_flush(flow->telemetry, now);
	if (flow->publish)
		publish_flush(flow->publish, now);
	if (flow->governor)
		governor_flush(flow->governor, now);
}

void reading_flow_refuse_rest(struct reading_flow *flow)
{
	if (!flow)
		return;
	telemetry_close(flow->telemetry);
	flow->telemetry = NULL;
}

void reading_flow_close(struct reading_flow *flow)
{
	if (!flow)
		return;
	reading_flow_refuse_rest(flow);
	thin_close(flow->thin);
	publish_close(flow->publish);
	sparkplug_edge_close(flow->sparkplug);
	gaps_close(flow->gaps);
	edge_close(flow->edge);
	governor_close(flow->governor);
	free(flow->runtime_directory);
	free(flow);
}
