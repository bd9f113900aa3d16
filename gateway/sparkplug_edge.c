#include "gateway/sparkplug_edge.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/log.h"
#include "gateway/sparkplug_devices.h"
#include "gateway/sparkplug_settings.h"
#include "protocols/sparkplug.h"

#define REBIRTH "Node Control/Rebirth"
#define BOOT_STRIDE 89 /* between the bdSeq of two starts, so that no start goes on where the one before ended */
#define METRIC_MAX (READING_NAME_MAX + READING_UNIT_MAX + 96)
#define BIRTH_MAX (256 + SPARKPLUG_METRICS_MAX * METRIC_MAX)
#define RETRY_MS 1000
#define NEVER (INT64_MAX / 2)

struct sparkplug_edge {
	struct sparkplug_edge_parts parts;
	struct sparkplug_devices *devices;
	char edge_node[SPARKPLUG_ID_MAX + 1];
	char topic[SPARKPLUG_TOPIC_MAX];
	char command_topic[SPARKPLUG_TOPIC_MAX];
	char state_topic[SPARKPLUG_TOPIC_MAX];
	const char *filters[2];
	size_t filter_count;
	char will_topic[SPARKPLUG_TOPIC_MAX];
	uint8_t will[64];
	uint8_t *birth; /* room for one */

	uint8_t bd_seq; /* of the session, or of the last attempt at one */
	uint8_t seq;    /* of the next message */
	uint64_t ticket;
	unsigned window; /* 0: no session */
	bool born, gate_open;
	bool host_online;
	int64_t host_said_ms; /* the host's own time, of what it said last */
	size_t next_birth;    /* devices from this index on have not had their turn since the edge node was born */
	struct moment now;    /* of the last event */
};

static struct span text(const char *of)
{
	return (struct span){ of, strlen(of) };
}

/* A node's id may have what a topic may not. */
static void write_topic(const struct sparkplug_edge *edge, char *out, const char *kind, const char *device)
{
	size_t size = (size_t)snprintf(out, SPARKPLUG_TOPIC_MAX, SPARKPLUG_PREFIX "%s/%s/%s%s",
		edge->parts.settings->group, kind, edge->edge_node, device ? "/" : "");

	for (; device && *device; device++)
		size += (size_t)snprintf(out + size, SPARKPLUG_TOPIC_MAX - size,
			strchr("+#%", *device) ? "%%%02X" : "%c", (unsigned char)*device);
	assert(size < SPARKPLUG_TOPIC_MAX);
}

static void write_topics(struct sparkplug_edge *edge)
{
	const struct sparkplug_settings *settings = edge->parts.settings;

	snprintf(edge->edge_node, sizeof(edge->edge_node), "%s",
		settings->edge_node ? settings->edge_node : edge->parts.gateway);
	write_topic(edge, edge->command_topic, "NCMD", NULL);
	write_topic(edge, edge->will_topic, "NDEATH", NULL);
	edge->filters[edge->filter_count++] = edge->command_topic;
	if (!settings->primary_host)
		return;
	snprintf(edge->state_topic, sizeof(edge->state_topic), SPARKPLUG_PREFIX "STATE/%s", settings->primary_host);
	edge->filters[edge->filter_count++] = edge->state_topic;
}

int sparkplug_edge_open(struct sparkplug_edge **out, const struct sparkplug_edge_parts *parts)
{
	struct sparkplug_edge *edge = calloc(1, sizeof(*edge));

	if (!edge)
		return -ENOMEM;
	edge->parts = *parts;
	edge->birth = malloc(BIRTH_MAX);
	if (!edge->birth || sparkplug_devices_open(&edge->devices) < 0) {
		sparkplug_edge_close(edge);
		return -ENOMEM;
	}
	write_topics(edge);
	edge->bd_seq = (uint8_t)(parts->boot * BOOT_STRIDE);
	edge->host_online = !parts->settings->primary_host;
	*out = edge;
	return 0;
}

void sparkplug_edge_close(struct sparkplug_edge *edge)
{
	if (!edge)
		return;
	sparkplug_devices_close(edge->devices);
	free(edge->birth);
	free(edge);
}

const char *const *sparkplug_edge_filters(const struct sparkplug_edge *edge, size_t *count)
{
	*count = edge->filter_count;
	return edge->filters;
}

struct sparkplug_devices *sparkplug_edge_devices(const struct sparkplug_edge *edge)
{
	return edge->devices;
}

bool sparkplug_edge_uses_aliases(const struct sparkplug_edge *edge)
{
	return edge->parts.settings->aliases;
}

bool sparkplug_edge_is_acknowledged(const struct sparkplug_edge *edge)
{
	return edge->parts.settings->quality > 0;
}

/* ---- messages ---- */

static int send(struct sparkplug_edge *edge, const char *topic, const struct writer *payload)
{
	const struct uplink_message message = { .topic = topic,
		.payload = payload->start,
		.size = writer_size(payload),
		.quality = (int)edge->parts.settings->quality };

	assert(!payload->failed);
	return edge->parts.send(edge->parts.context, &message, SPARKPLUG_TICKETS | edge->ticket++);
}

static void write_bd_seq(const struct sparkplug_edge *edge, struct writer *out, uint64_t timestamp_ms)
{
	const struct sparkplug_metric metric = { .name = text("bdSeq"),
		.timestamp_ms = timestamp_ms,
		.datatype = SPARKPLUG_INT64,
		.kind = SPARKPLUG_AN_INTEGER,
		.integer = edge->bd_seq };

	sparkplug_write_metric(out, &metric);
}

/* Deaths of edge nodes have no sequence number; a last will does not know when it will be needed. */
static size_t write_node_death(struct sparkplug_edge *edge)
{
	struct writer out;

	writer_init(&out, edge->will, sizeof(edge->will));
	write_bd_seq(edge, &out, 0);
	assert(!out.failed);
	return writer_size(&out);
}

void sparkplug_edge_will(struct sparkplug_edge *edge, struct uplink_message *will)
{
	edge->bd_seq++;
	*will = (struct uplink_message){ .topic = edge->will_topic, .payload = edge->will, .quality = 1 };
	will->size = write_node_death(edge);
}

static int publish_node_death(struct sparkplug_edge *edge, int quality)
{
	const struct uplink_message message = {
		.topic = edge->will_topic, .payload = edge->will, .size = write_node_death(edge), .quality = quality
	};

	return edge->parts.send(edge->parts.context, &message, SPARKPLUG_TICKETS | edge->ticket++);
}

static void move_gate(struct sparkplug_edge *edge, bool open)
{
	if (edge->gate_open == open)
		return;
	edge->gate_open = open;
	edge->parts.gate(edge->parts.context, open ? edge->window : 0, edge->now);
}

static int bear_node(struct sparkplug_edge *edge)
{
	const uint64_t now_ms = (uint64_t)edge->now.wall_ms;
	const struct sparkplug_metric rebirth = {
		.name = text(REBIRTH), .timestamp_ms = now_ms, .datatype = SPARKPLUG_BOOLEAN, .kind = SPARKPLUG_A_TRUTH
	};
	const struct sparkplug_metric boot = { .name = text("Node Info/Boot"),
		.timestamp_ms = now_ms,
		.datatype = SPARKPLUG_INT64,
		.kind = SPARKPLUG_AN_INTEGER,
		.integer = edge->parts.boot };
	const struct sparkplug_metric version = { .name = text("Node Info/Version"),
		.timestamp_ms = now_ms,
		.datatype = SPARKPLUG_STRING,
		.kind = SPARKPLUG_A_TEXT,
		.text = text(WAKEGATE_VERSION) };
	struct writer out;

	writer_init(&out, edge->birth, BIRTH_MAX);
	sparkplug_begin(&out, now_ms);
	write_bd_seq(edge, &out, now_ms);
	sparkplug_write_metric(&out, &rebirth);
	sparkplug_write_metric(&out, &boot);
	sparkplug_write_metric(&out, &version);
	sparkplug_write_seq(&out, 0);
	write_topic(edge, edge->topic, "NBIRTH", NULL);
	int result = send(edge, edge->topic, &out);
	if (result < 0)
		return result;
	edge->seq = 1;
	edge->born = true;
	edge->next_birth = 0;
	return 0;
}

static void write_known(const struct sparkplug_edge *edge, struct writer *out, const struct sparkplug_known *known)
{
	bool is_truth = known->type == SPARKPLUG_BOOLEAN;
	int64_t time_ms = known->has_value ? known->time_ms : edge->now.wall_ms;
	struct sparkplug_metric metric = { .name = text(known->name),
		.alias = edge->parts.settings->aliases ? known->alias : 0,
		.timestamp_ms = time_ms > 0 ? (uint64_t)time_ms : 0,
		.datatype = known->type,
		.unit = text(known->unit),
		.is_null = !known->has_value };

	if (known->has_value) {
		metric.kind = is_truth ? SPARKPLUG_A_TRUTH : SPARKPLUG_A_REAL;
		metric.truth = is_truth && known->value > 0;
		metric.real = known->value;
	}
	sparkplug_write_metric(out, &metric);
}

/* A message of the edge node's that is no birth of its own: begins `out`, which finish_device() sends. */
static void begin_device(struct sparkplug_edge *edge, struct writer *out)
{
	writer_init(out, edge->birth, BIRTH_MAX);
	sparkplug_begin(out, (uint64_t)edge->now.wall_ms);
}

static int finish_device(
	struct sparkplug_edge *edge, struct writer *out, const char *kind, const struct sparkplug_device *device)
{
	sparkplug_write_seq(out, edge->seq);
	write_topic(edge, edge->topic, kind, device->id);
	int result = send(edge, edge->topic, out);
	if (result == 0)
		edge->seq++;
	return result;
}

static int bear_device(struct sparkplug_edge *edge, struct sparkplug_device *device)
{
	struct writer out;

	begin_device(edge, &out);
	for (size_t i = 0; i < device->count; i++)
		write_known(edge, &out, &device->metrics[i]);
	int result = finish_device(edge, &out, "DBIRTH", device);
	if (result == 0)
		device->born = true;
	return result;
}

static int publish_device_death(struct sparkplug_edge *edge, const struct sparkplug_device *device)
{
	struct writer out;

	begin_device(edge, &out);
	return finish_device(edge, &out, "DDEATH", device);
}

/* ---- births ---- */

static void be_unborn(struct sparkplug_edge *edge)
{
	edge->born = false;
	sparkplug_devices_bury(edge->devices);
}

/* All that was born at least once has its turn; those that are new are born before their first data. */
static int bear_devices(struct sparkplug_edge *edge)
{
	for (; edge->next_birth < sparkplug_devices_count(edge->devices); edge->next_birth++) {
		struct sparkplug_device *device = sparkplug_devices_at(edge->devices, edge->next_birth);
		int result = device->born ? 0 : bear_device(edge, device);

		if (result == -ENOBUFS || result == -ENOTCONN)
			return result;
		if (result < 0)
			log_warning("sparkplug.birth_refused node=%s reason=\"%s\"", device->id, strerror(-result));
	}
	return 0;
}

int64_t sparkplug_edge_tick(struct sparkplug_edge *edge, struct moment now)
{
	edge->now = now;
	if (edge->window == 0 || !edge->host_online)
		return NEVER;
	if (!edge->born && bear_node(edge) < 0)
		return RETRY_MS;
	move_gate(edge, true);
	return bear_devices(edge) < 0 ? RETRY_MS : NEVER;
}

int sparkplug_edge_announce(struct sparkplug_edge *edge, struct sparkplug_device *device)
{
	int result = edge->born ? 0 : bear_node(edge);

	return result == 0 && !device->born ? bear_device(edge, device) : result;
}

uint8_t sparkplug_edge_address(
	struct sparkplug_edge *edge, const struct sparkplug_device *device, struct uplink_message *out, int64_t *now_ms)
{
	write_topic(edge, edge->topic, "DDATA", device->id);
	out->topic = edge->topic;
	out->quality = (int)edge->parts.settings->quality;
	*now_ms = edge->now.wall_ms;
	return edge->seq;
}

void sparkplug_edge_count(struct sparkplug_edge *edge)
{
	edge->seq++;
}

void sparkplug_edge_mourn(struct sparkplug_edge *edge,
	bool (*is_there)(void *context, const char *node, struct moment now), void *context, struct moment now)
{
	edge->now = now;
	for (size_t i = sparkplug_devices_count(edge->devices); edge->born && i-- > 0;) {
		const struct sparkplug_device *device = sparkplug_devices_at(edge->devices, i);

		if (is_there(context, device->id, now))
			continue;
		if (device->born && publish_device_death(edge, device) < 0)
			return;
		sparkplug_devices_remove(edge->devices, i);
		edge->next_birth = 0; /* another has its place now */
	}
}

void sparkplug_edge_figures(const struct sparkplug_edge *edge, struct sparkplug_figures *out)
{
	*out = (struct sparkplug_figures){
		.edge_node = edge->edge_node,
		.primary_host = edge->parts.settings->primary_host,
		.born = edge->born,
		.host_online = edge->host_online,
		.devices = sparkplug_devices_count(edge->devices),
	};
}

/* ---- what comes ---- */

void sparkplug_edge_on_connected(struct sparkplug_edge *edge, unsigned window, struct moment now)
{
	edge->window = window;
	be_unborn(edge);
	(void)sparkplug_edge_tick(edge, now);
}

void sparkplug_edge_on_disconnected(struct sparkplug_edge *edge, struct moment now)
{
	edge->now = now;
	edge->window = 0;
	/* What a host said in another session may be old; if it is retained it is told again. */
	edge->host_online = !edge->parts.settings->primary_host;
	be_unborn(edge);
	move_gate(edge, false);
}

/* Section 5.9: what it said before counts no more; what it says with an older time is late. */
static void on_state(struct sparkplug_edge *edge, const struct uplink_message *message)
{
	struct sparkplug_state state;

	if (sparkplug_state_parse(&state, message->payload, message->size) < 0) {
		log_warning("sparkplug.bad_state host=%s", edge->parts.settings->primary_host);
		return;
	}
	if (state.timestamp_ms < edge->host_said_ms)
		return;
	edge->host_said_ms = state.timestamp_ms;
	if (state.online == edge->host_online)
		return;
	edge->host_online = state.online;
	log_notice("sparkplug.host host=%s state=%s", edge->parts.settings->primary_host,
		state.online ? "online" : "offline");
	if (state.online || !edge->born)
		return;
	(void)publish_node_death(edge, (int)edge->parts.settings->quality);
	be_unborn(edge);
	move_gate(edge, false);
}

static bool asks_for_rebirth(const struct uplink_message *message)
{
	struct sparkplug_payload payload;
	struct sparkplug_metric metric;
	struct reader rest;

	if (sparkplug_parse(&payload, message->payload, message->size) < 0)
		return false;
	reader_init(&rest, message->payload, message->size);
	while (sparkplug_next(&rest, &metric))
		if (metric.name.size == strlen(REBIRTH) && memcmp(metric.name.data, REBIRTH, strlen(REBIRTH)) == 0)
			return metric.kind == SPARKPLUG_A_TRUTH && metric.truth;
	return false;
}

void sparkplug_edge_on_message(struct sparkplug_edge *edge, const struct uplink_message *message, struct moment now)
{
	edge->now = now;
	if (edge->state_topic[0] && strcmp(message->topic, edge->state_topic) == 0) {
		on_state(edge, message);
	} else if (strcmp(message->topic, edge->command_topic) == 0 && asks_for_rebirth(message)) {
		log_notice("sparkplug.rebirth devices=%zu", sparkplug_devices_count(edge->devices));
		be_unborn(edge);
	}
}

void sparkplug_edge_on_closing(struct sparkplug_edge *edge)
{
	if (edge->born)
		(void)publish_node_death(edge, 0);
}
