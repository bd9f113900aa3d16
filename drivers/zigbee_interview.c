#include "drivers/zigbee_interview.h"

#include <string.h>

#include "protocols/zcl.h"
#include "protocols/zdo.h"
#include "protocols/zigbee_upgrade.h"

#define ANSWER_MS 10000        /* for an answer; longer than a parent holds a frame for a sleeper */
#define HEARD_RECENTLY_MS 5000 /* a sleeper polls for a moment after it spoke */
#define TRIES_AWAKE 4
#define TRIES_SLEEPER 12
#define PAUSE_MS 5000   /* after the first silence; doubles */
#define REST_MS 3600000 /* for a node that does not answer at all */
#define GREEN_POWER 242 /* an endpoint that describes no function */
#define GATEWAY_ENDPOINT 1
#define HOME_AUTOMATION 0x0104

enum basic_attribute { BASIC_MAKER = 0x0004, BASIC_MODEL = 0x0005, BASIC_POWER = 0x0007, BASIC_BUILD = 0x4000 };

/* ---- the order of the questions ---- */

static struct zigbee_endpoint *endpoint_asked(struct zigbee_node *node)
{
	return &node->endpoints[node->interview.endpoint];
}

static uint16_t cluster_asked(const struct zigbee_node *node)
{
	return zigbee_measures[node->interview.measure].cluster;
}

/* The first endpoint that serves Basic, or that is a client of OTA Upgrade; -1: none. */
static int endpoint_with(const struct zigbee_node *node, bool upgrade)
{
	for (int i = 0; i < node->endpoint_count; i++)
		if (upgrade ? node->endpoints[i].has_upgrade : node->endpoints[i].has_basic)
			return i;
	return -1;
}

static bool has_scales(uint16_t cluster)
{
	for (size_t i = 0; i < zigbee_scale_attribute_count; i++)
		if (zigbee_scale_attributes[i].cluster == cluster)
			return true;
	return false;
}

/* Whether there is something to ask where the interview stands. */
static bool has_question(const struct zigbee_node *node)
{
	const struct zigbee_interview *at = &node->interview;

	switch ((enum zigbee_step)at->step) {
	case STEP_SIMPLE:
		return at->endpoint < node->endpoint_count;
	case STEP_MAKER:
	case STEP_BUILD:
		return endpoint_with(node, false) >= 0;
	case STEP_FIRMWARE:
		return endpoint_with(node, true) >= 0;
	case STEP_BIND:
	case STEP_REPORTING:
	case STEP_SCALES:
	case STEP_VALUES:
		return at->endpoint < node->endpoint_count && at->measure < zigbee_measure_count &&
		       node->endpoints[at->endpoint].measures & UINT32_C(1) << at->measure &&
		       (at->step != STEP_SCALES || has_scales(cluster_asked(node)));
	case STEP_NODE:
	case STEP_ENDPOINTS:
	case STEP_DONE:
		break;
	}
	return true;
}

static void step_to(struct zigbee_interview *at, enum zigbee_step step)
{
	at->step = (uint8_t)step;
	at->endpoint = at->measure = 0;
}

/* To the next cluster, the next endpoint, or the end. */
static void step_to_cluster(struct zigbee_node *node)
{
	struct zigbee_interview *at = &node->interview;
	uint16_t cluster = at->measure < zigbee_measure_count ? cluster_asked(node) : 0;

	while (at->measure < zigbee_measure_count && cluster_asked(node) == cluster)
		at->measure++;
	at->step = STEP_BIND;
	if (at->measure < zigbee_measure_count)
		return;
	at->measure = 0;
	if (++at->endpoint >= node->endpoint_count)
		step_to(at, STEP_DONE);
}

static void step_once(struct zigbee_node *node)
{
	struct zigbee_interview *at = &node->interview;

	switch ((enum zigbee_step)at->step) {
	case STEP_SIMPLE:
		if (++at->endpoint >= node->endpoint_count)
			step_to(at, STEP_MAKER);
		break;
	case STEP_NODE:
	case STEP_ENDPOINTS:
	case STEP_MAKER:
	case STEP_BUILD:
	case STEP_FIRMWARE:
		step_to(at, (enum zigbee_step)(at->step + 1));
		break;
	case STEP_BIND:
		/* Without a measure there is nothing to do here but to look on. */
		if (has_question(node))
			at->step = STEP_REPORTING;
		else
			step_to_cluster(node);
		break;
	case STEP_REPORTING:
	case STEP_SCALES:
		at->step++;
		break;
	case STEP_VALUES:
		step_to_cluster(node);
		break;
	case STEP_DONE:
		break;
	}
}

static void advance(struct zigbee_node *node, int64_t now_ms)
{
	struct zigbee_interview *at = &node->interview;

	do
		step_once(node);
	while (!has_question(node));
	at->tries = 0;
	at->waiting = false;
	at->due_ms = now_ms;
	node->changed = true;
}

void zigbee_interview_begin(struct zigbee_node *node, int64_t now_ms)
{
	node->interview = (struct zigbee_interview){ .step = STEP_NODE, .due_ms = now_ms };
	node->changed = true;
}

/* ---- when ---- */

/* One that did not say yet whether it sleeps does, if it does not answer. */
static bool is_asked_when_heard(const struct zigbee_node *node)
{
	return zigbee_node_sleeps(node) || (!node->described && node->interview.tries >= 2);
}

static bool may_ask(const struct zigbee_node *node, int64_t now_ms)
{
	return node->nwk != ZIGBEE_NWK_NONE && !node->left &&
	       (!is_asked_when_heard(node) || (node->spoke_ms && now_ms - node->spoke_ms <= HEARD_RECENTLY_MS));
}

int64_t zigbee_interview_due_ms(const struct zigbee_node *node, int64_t now_ms)
{
	const struct zigbee_interview *at = &node->interview;

	if (at->step == STEP_DONE || (!at->waiting && !may_ask(node, now_ms)))
		return INT64_MAX;
	return at->due_ms;
}

/* The answer did not come. False: the node rests. */
static bool try_again_later(struct zigbee_node *node, int64_t now_ms)
{
	struct zigbee_interview *at = &node->interview;
	bool patient = is_asked_when_heard(node);

	at->waiting = false;
	if (++at->tries < (patient || !node->described ? TRIES_SLEEPER : TRIES_AWAKE)) {
		at->due_ms = patient ? now_ms : now_ms + ((int64_t)PAUSE_MS << (at->tries - 1));
		return true;
	}
	if (at->step > STEP_SIMPLE) { /* the node is of use without this */
		advance(node, now_ms);
		return true;
	}
	at->tries = 0;
	at->due_ms = now_ms + REST_MS;
	return false;
}

void zigbee_interview_on_unsent(struct zigbee_node *node, uint8_t sequence, int64_t now_ms)
{
	if (node->interview.waiting && node->interview.sequence == sequence)
		node->interview.due_ms = now_ms;
}

/* ---- the questions ---- */

static void ask_zdo(struct zigbee_question *out, struct zdo_message *message)
{
	out->profile = ZDO_PROFILE;
	out->cluster = message->cluster;
	out->endpoint = ZDO_ENDPOINT;
	out->size = (uint8_t)zdo_write(message, out->data, sizeof(out->data));
}

static void bind(struct zigbee_node *node, const struct zigbee_interview_rules *rules, struct zdo_message *message)
{
	message->cluster = ZDO_BIND;
	message->binding = (struct zdo_binding){
		.source = node->eui64,
		.source_endpoint = endpoint_asked(node)->number,
		.cluster = cluster_asked(node),
		.target = rules->own_eui64,
		.target_endpoint = GATEWAY_ENDPOINT,
	};
}

static void write_read(struct writer *out, const uint16_t *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		zcl_record_write(out, &(struct zcl_record){ .attribute = attributes[i] }, ZCL_READ);
}

/* Attributes of a cluster that are asked for at an interview. */
static void write_values(struct zigbee_node *node, struct writer *out)
{
	const struct zigbee_endpoint *endpoint = endpoint_asked(node);

	for (size_t i = 0; i < zigbee_measure_count; i++) {
		const struct zigbee_measure *measure = &zigbee_measures[i];
		bool asked = !measure->optional || endpoint->reported & UINT32_C(1) << i;
		if (measure->cluster == cluster_asked(node) && asked)
			write_read(out, &measure->attribute, 1);
	}
}

static void write_scales(uint16_t cluster, struct writer *out)
{
	const uint16_t unit = METER_UNIT_ATTRIBUTE;

	for (size_t i = 0; i < zigbee_scale_attribute_count; i++)
		if (zigbee_scale_attributes[i].cluster == cluster)
			write_read(out, &zigbee_scale_attributes[i].attribute, 1);
	if (cluster == CLUSTER_METERING)
		write_read(out, &unit, 1);
}

static void write_reporting(
	const struct zigbee_interview_rules *rules, const struct zigbee_measure *measure, struct writer *out)
{
	uint8_t room[8];
	struct zcl_value change = zcl_value_make(measure->type, measure->change, room);
	struct zcl_record record = {
		.attribute = measure->attribute,
		.value = { .type = measure->type },
		.least_s = rules->report_least_s,
		.most_s = measure->is_battery ? rules->battery_most_s : rules->report_most_s,
	};

	if (zcl_type_is_analog(measure->type))
		record.change = change.data;
	zcl_record_write(out, &record, ZCL_CONFIGURE_REPORTING);
}

static void write_cluster_question(
	struct zigbee_node *node, const struct zigbee_interview_rules *rules, struct writer *out)
{
	uint16_t cluster = cluster_asked(node);

	if (node->interview.step == STEP_SCALES)
		write_scales(cluster, out);
	else if (node->interview.step == STEP_VALUES)
		write_values(node, out);
	else
		for (size_t i = 0; i < zigbee_measure_count; i++)
			if (zigbee_measures[i].cluster == cluster)
				write_reporting(rules, &zigbee_measures[i], out);
}

static void ask_zcl(struct zigbee_node *node, const struct zigbee_interview_rules *rules, struct zigbee_question *out)
{
	static const uint16_t maker[] = { BASIC_MAKER, BASIC_MODEL }, build[] = { BASIC_POWER, BASIC_BUILD };
	static const uint16_t firmware[] = { UPGRADE_CURRENT_VERSION, UPGRADE_MANUFACTURER, UPGRADE_IMAGE_TYPE };
	const struct zigbee_interview *at = &node->interview;
	struct zcl_frame frame = { .is_global = true,
		.no_default_response = true,
		.sequence = at->sequence,
		.command = at->step == STEP_REPORTING ? ZCL_CONFIGURE_REPORTING : ZCL_READ };
	struct writer writer;

	writer_init(&writer, out->data, sizeof(out->data));
	out->profile = HOME_AUTOMATION;
	if (at->step < STEP_BIND) {
		bool upgrade = at->step == STEP_FIRMWARE;
		out->cluster = upgrade ? CLUSTER_UPGRADE : CLUSTER_BASIC;
		out->endpoint = node->endpoints[endpoint_with(node, upgrade)].number;
		/* The attributes of OTA Upgrade are the client's (section 11.13.6). */
		frame.to_client = upgrade;
		zcl_frame_write(&writer, &frame);
		if (upgrade)
			write_read(&writer, firmware, 3);
		else
			write_read(&writer, at->step == STEP_MAKER ? maker : build, 2);
	} else {
		out->cluster = cluster_asked(node);
		out->endpoint = endpoint_asked(node)->number;
		zcl_frame_write(&writer, &frame);
		write_cluster_question(node, rules, &writer);
	}
	out->size = (uint8_t)writer_size(&writer);
}

static void ask(struct zigbee_node *node, const struct zigbee_interview_rules *rules, struct zigbee_question *out)
{
	struct zdo_message message = { .sequence = node->interview.sequence, .nwk = node->nwk };

	switch ((enum zigbee_step)node->interview.step) {
	case STEP_NODE:
		message.cluster = ZDO_NODE_DESCRIPTOR;
		break;
	case STEP_ENDPOINTS:
		message.cluster = ZDO_ACTIVE_ENDPOINTS;
		break;
	case STEP_SIMPLE:
		message.cluster = ZDO_SIMPLE_DESCRIPTOR;
		message.endpoint = endpoint_asked(node)->number;
		break;
	case STEP_BIND:
		bind(node, rules, &message);
		break;
	default:
		ask_zcl(node, rules, out);
		return;
	}
	ask_zdo(out, &message);
}

enum zigbee_interview_turn zigbee_interview_turn(struct zigbee_node *node, const struct zigbee_interview_rules *rules,
	uint8_t sequence, int64_t now_ms, struct zigbee_question *out)
{
	struct zigbee_interview *at = &node->interview;

	if (at->step == STEP_DONE || now_ms < at->due_ms)
		return INTERVIEW_NOTHING;
	/* Where a record of another version left it. */
	if (!has_question(node))
		advance(node, now_ms);
	if (at->waiting && !try_again_later(node, now_ms))
		return INTERVIEW_RESTS;
	if (at->step == STEP_DONE || now_ms < at->due_ms || !may_ask(node, now_ms))
		return INTERVIEW_NOTHING;
	at->sequence = sequence;
	at->waiting = true;
	at->due_ms = now_ms + ANSWER_MS;
	ask(node, rules, out);
	return INTERVIEW_ASK;
}

/* ---- the answers ---- */

static void take_endpoints(struct zigbee_node *node, const struct zdo_endpoints *endpoints)
{
	struct zigbee_endpoint list[ZIGBEE_ENDPOINTS_MAX];
	uint8_t count = 0;

	for (size_t i = 0; i < endpoints->count && count < ZIGBEE_ENDPOINTS_MAX; i++) {
		uint8_t number = endpoints->list[i];
		const struct zigbee_endpoint *known = zigbee_node_endpoint(node, number);
		bool is_repeated = memchr(endpoints->list, number, i) != NULL;
		if (number == ZDO_ENDPOINT || number >= GREEN_POWER || is_repeated)
			continue;
		if (known)
			list[count++] = *known;
		else
			zigbee_endpoint_init(&list[count++], number);
	}
	memcpy(node->endpoints, list, count * sizeof(list[0]));
	node->endpoint_count = count;
}

static void take_simple(struct zigbee_node *node, const struct zdo_simple_descriptor *simple)
{
	struct zigbee_endpoint *endpoint = endpoint_asked(node);

	endpoint->described = true;
	endpoint->profile = simple->profile;
	endpoint->device = simple->device;
	endpoint->has_basic = endpoint->has_upgrade = false;
	endpoint->measures = 0;
	for (size_t i = 0; i < simple->in_count; i++) {
		endpoint->has_basic |= simple->in[i] == CLUSTER_BASIC;
		endpoint->measures |= zigbee_measures_of(simple->in[i]);
	}
	for (size_t i = 0; i < simple->out_count; i++)
		endpoint->has_upgrade |= simple->out[i] == CLUSTER_UPGRADE;
	endpoint->reported &= endpoint->measures;
}

/* False: a refusal of what the rest hangs on; it is asked again. */
static bool take_zdo(struct zigbee_node *node, const struct zdo_message *message)
{
	bool refused = message->status != ZDO_SUCCESS;

	switch ((enum zigbee_step)node->interview.step) {
	case STEP_NODE:
		if (refused)
			return false;
		node->described = true;
		node->kind = message->node.kind;
		node->capabilities = message->node.capabilities;
		node->manufacturer = message->node.manufacturer;
		return true;
	case STEP_ENDPOINTS:
		if (!refused)
			take_endpoints(node, &message->endpoints);
		return !refused;
	case STEP_SIMPLE:
		if (!refused)
			take_simple(node, &message->simple);
		return true;
	default:
		return true;
	}
}

static uint16_t zdo_cluster_asked(const struct zigbee_node *node)
{
	static const uint16_t clusters[] = { [STEP_NODE] = ZDO_NODE_DESCRIPTOR,
		[STEP_ENDPOINTS] = ZDO_ACTIVE_ENDPOINTS,
		[STEP_SIMPLE] = ZDO_SIMPLE_DESCRIPTOR,
		[STEP_BIND] = ZDO_BIND };
	uint8_t step = node->interview.step;

	return step < sizeof(clusters) / sizeof(clusters[0]) && (clusters[step] || step == STEP_NODE) ? clusters[step]
												      : UINT16_MAX;
}

static bool is_of_other_endpoint(struct zigbee_node *node, const struct zdo_message *message)
{
	return node->interview.step == STEP_SIMPLE && message->status == ZDO_SUCCESS &&
	       message->simple.endpoint != endpoint_asked(node)->number;
}

bool zigbee_interview_on_zdo(struct zigbee_node *node, const struct zdo_message *message, int64_t now_ms)
{
	const struct zigbee_interview *at = &node->interview;

	if (!at->waiting || message->sequence != at->sequence ||
		message->cluster != (zdo_cluster_asked(node) | ZDO_RESPONSE) || is_of_other_endpoint(node, message))
		return false;
	if (take_zdo(node, message))
		advance(node, now_ms);
	else
		(void)try_again_later(node, now_ms);
	return true;
}

static void take_text(char out[ZIGBEE_TEXT_SIZE], const struct zcl_value *value)
{
	struct span text;
	size_t size = 0;

	if (!zcl_value_text(value, &text))
		return;
	for (; size < text.size && size < ZIGBEE_TEXT_SIZE - 1 && text.data[size]; size++)
		out[size] = text.data[size] >= ' ' && text.data[size] < 0x7f && text.data[size] != '"' &&
					    text.data[size] != '\\'
				    ? text.data[size]
				    : '_';
	out[size] = '\0';
}

static void take_basic(struct zigbee_node *node, const struct zcl_record *record)
{
	int64_t power;

	if (record->attribute == BASIC_MAKER)
		take_text(node->maker, &record->value);
	else if (record->attribute == BASIC_MODEL)
		take_text(node->model, &record->value);
	else if (record->attribute == BASIC_BUILD)
		take_text(node->build, &record->value);
	else if (record->attribute == BASIC_POWER && zcl_value_integer(&record->value, &power))
		node->power_source = (uint8_t)power;
}

static void take_firmware(struct zigbee_node *node, const struct zcl_frame *frame)
{
	struct zigbee_firmware firmware = { 0 };
	struct zcl_record record;
	struct reader in;
	unsigned found = 0;

	reader_init(&in, frame->payload.data, frame->payload.size);
	while (zcl_record_read(&record, &in, ZCL_READ_RESPONSE) > 0) {
		int64_t value;
		if (record.status != ZCL_SUCCESS || !zcl_value_integer(&record.value, &value))
			continue;
		found |= 1U << (record.attribute & 15);
		if (record.attribute == UPGRADE_CURRENT_VERSION)
			firmware.version = (uint32_t)value;
		else if (record.attribute == UPGRADE_MANUFACTURER)
			firmware.manufacturer = (uint16_t)value;
		else if (record.attribute == UPGRADE_IMAGE_TYPE)
			firmware.image_type = (uint16_t)value;
	}
	/* Its next query will tell what it does not tell now. */
	firmware.known =
		found == (1U << UPGRADE_CURRENT_VERSION | 1U << UPGRADE_MANUFACTURER | 1U << UPGRADE_IMAGE_TYPE);
	if (firmware.known)
		node->firmware = firmware;
}

static void take_attributes(struct zigbee_node *node, const struct zcl_frame *frame)
{
	struct zcl_record record;
	struct reader in;

	reader_init(&in, frame->payload.data, frame->payload.size);
	while (zcl_record_read(&record, &in, ZCL_READ_RESPONSE) > 0)
		if (record.status == ZCL_SUCCESS)
			take_basic(node, &record);
}

/* Which of the cluster's measures the node will report: all but those that it refuses by name. */
static void take_reporting(struct zigbee_node *node, const struct zcl_frame *frame)
{
	struct zigbee_endpoint *endpoint = endpoint_asked(node);
	uint32_t agreed = zigbee_measures_of(cluster_asked(node));
	struct zcl_record record;
	struct reader in;

	reader_init(&in, frame->payload.data, frame->payload.size);
	while (zcl_record_read(&record, &in, ZCL_CONFIGURE_REPORTING_RESPONSE) > 0) {
		if (record.status == ZCL_SUCCESS)
			continue;
		const struct zigbee_measure *refused = zigbee_measure_find(cluster_asked(node), record.attribute);
		if (record.for_all)
			agreed = 0;
		else if (refused)
			agreed &= ~(UINT32_C(1) << (refused - zigbee_measures));
	}
	endpoint->reported = (endpoint->reported & ~zigbee_measures_of(cluster_asked(node))) | agreed;
}

static uint16_t zcl_cluster_asked(const struct zigbee_node *node)
{
	uint8_t step = node->interview.step;

	if (step == STEP_MAKER || step == STEP_BUILD)
		return CLUSTER_BASIC;
	return step == STEP_FIRMWARE ? CLUSTER_UPGRADE : cluster_asked(node);
}

static void take_zcl(struct zigbee_node *node, const struct zcl_frame *frame)
{
	enum zigbee_step step = (enum zigbee_step)node->interview.step;

	if (step == STEP_REPORTING && frame->command == ZCL_CONFIGURE_REPORTING_RESPONSE)
		take_reporting(node, frame);
	else if (frame->command != ZCL_READ_RESPONSE)
		return; /* a default response: it does not know what it was asked */
	else if (step == STEP_FIRMWARE)
		take_firmware(node, frame);
	else if (step < STEP_FIRMWARE)
		take_attributes(node, frame);
}

bool zigbee_interview_on_zcl(struct zigbee_node *node, uint16_t cluster, const struct zcl_frame *frame, int64_t now_ms)
{
	const struct zigbee_interview *at = &node->interview;
	bool zcl_asked = at->step > STEP_SIMPLE && at->step != STEP_BIND && at->step != STEP_DONE;

	if (!at->waiting || !zcl_asked || frame->sequence != at->sequence || !frame->is_global ||
		cluster != zcl_cluster_asked(node))
		return false;
	if (frame->command != ZCL_READ_RESPONSE && frame->command != ZCL_CONFIGURE_REPORTING_RESPONSE &&
		frame->command != ZCL_DEFAULT_RESPONSE)
		return false;
	take_zcl(node, frame);
	advance(node, now_ms);
	return true;
}

const char *zigbee_step_name(uint8_t step)
{
	static const char *const names[] = { [STEP_NODE] = "node",
		[STEP_ENDPOINTS] = "endpoints",
		[STEP_SIMPLE] = "clusters",
		[STEP_MAKER] = "maker",
		[STEP_BUILD] = "build",
		[STEP_FIRMWARE] = "firmware",
		[STEP_BIND] = "binding",
		[STEP_REPORTING] = "reporting",
		[STEP_SCALES] = "scales",
		[STEP_VALUES] = "values",
		[STEP_DONE] = "done" };

	return step <= STEP_DONE ? names[step] : "done";
}
