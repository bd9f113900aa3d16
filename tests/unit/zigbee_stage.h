/*
 * zigbee_stage: the Zigbee driver between a gateway and a dummy stick, both in a test's hands, with a clock of its own.
 */
#ifndef WAKEGATE_TESTS_ZIGBEE_STAGE_H
#define WAKEGATE_TESTS_ZIGBEE_STAGE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/stick_dummy.h"
#include "drivers/zigbee_driver.h"
#include "protocols/hex.h"
#include "protocols/number.h"
#include "protocols/zcl.h"
#include "protocols/zdo.h"

#define STAGE_SENSOR 0x00124b0014d26937
#define STAGE_SENSOR_ID "0x00124b0014d26937"
#define STAGE_NWK 0x1a2b
#define STAGE_RECORDS 32
#define STAGE_WALL_MS 1770000000000

struct stage_record {
	char name[DRIVER_RECORD_NAME_MAX + 1];
	char value[DRIVER_RECORD_MAX];
	size_t size;
	bool secret;
};

struct stage {
	struct driver *driver;
	struct driver_host host;
	struct zigbee_settings settings;
	int64_t now_ms;
	/* What the gateway was told. */
	struct stage_record records[STAGE_RECORDS];
	size_t record_count;
	unsigned contacts, checkins, reports, fresh, losses;
	struct node_contact contact;
	char hardware[NODE_TEXT_MAX + 1], version[NODE_TEXT_MAX + 1];
	char reading[128];  /* the latest: "NAME=VALUE UNIT" */
	int64_t reading_us; /* its time; 0: now */
	uint64_t exchange;
	char events[4096];
	char trouble[320]; /* "LEVEL SENTENCE", the latest */
	bool refuses;      /* nodes */
	int report_result;
	/* Sees what the node says; may be NULL. */
	void (*heard)(void *context, const struct zigbee_message *message);
	void *heard_context;
	/* What an operator was answered. */
	bool answered;
	int result;
	char answer[8192];
};

static inline int64_t stage_monotonic(void *context)
{
	return ((struct stage *)context)->now_ms;
}

static inline int64_t stage_wall(void *context)
{
	return STAGE_WALL_MS + ((struct stage *)context)->now_ms;
}

static inline int stage_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct stage *stage = context;

	stage->contacts++;
	stage->contact = *contact;
	if (contact->reports) {
		stage->checkins++;
		(void)snprintf(stage->hardware, sizeof(stage->hardware), "%s", contact->hardware);
		(void)snprintf(stage->version, sizeof(stage->version), "%s", contact->version);
	}
	answer->next_s = 0;
	return stage->refuses ? -EACCES : 0;
}

static inline void stage_report(void *context, const struct reading_report *report)
{
	struct stage *stage = context;
	char value[NUMBER_TEXT_MAX + 1] = "?";

	stage->reports++;
	stage->fresh += report->fresh;
	stage->exchange = report->exchange;
	const struct reading *reading = &report->readings[0];
	stage->reading_us = reading->has_time ? reading->time_us : 0;
	if (reading->kind == READING_NUMBER)
		value[number_print(&reading->number, value)] = '\0';
	(void)snprintf(stage->reading, sizeof(stage->reading), "%.*s=%s %.*s", (int)reading->name.size,
		reading->name.data, value, (int)reading->unit.size, reading->unit.data ? reading->unit.data : "");
	report->done(report->context, stage->report_result, 0);
}

static inline void stage_event(void *context, enum driver_level level, const char *line)
{
	struct stage *stage = context;
	size_t used = strlen(stage->events);

	(void)snprintf(stage->events + used, sizeof(stage->events) - used, "%s\n", line);
}

static inline void stage_trouble(void *context, enum driver_level level, const char *sentence)
{
	struct stage *stage = context;

	(void)snprintf(stage->trouble, sizeof(stage->trouble), "%d %s", (int)level, sentence);
}

static inline void stage_lost(void *context, const char *node)
{
	((struct stage *)context)->losses++;
}

static inline struct stage_record *stage_record(struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->record_count; i++)
		if (strcmp(stage->records[i].name, name) == 0)
			return &stage->records[i];
	return NULL;
}

static inline int stage_keep(void *context, const struct driver_record *record)
{
	struct stage *stage = context;
	struct stage_record *kept = stage_record(stage, record->name);

	if (record->value.size == 0) {
		if (kept)
			*kept = stage->records[--stage->record_count];
		return 0;
	}
	if (!kept)
		kept = &stage->records[stage->record_count++];
	ck_assert_uint_le(stage->record_count, STAGE_RECORDS);
	(void)snprintf(kept->name, sizeof(kept->name), "%s", record->name);
	memcpy(kept->value, record->value.data, record->value.size);
	kept->size = record->value.size;
	kept->secret = record->secret;
	return 0;
}

static inline void stage_recall(
	void *context, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	const struct stage *stage = context;

	for (size_t i = 0; i < stage->record_count; i++)
		each(taker, &(struct driver_record){ .name = stage->records[i].name,
				    .value = { stage->records[i].value, stage->records[i].size } });
}

static inline void stage_open_with(struct stage *stage, const struct stick_ops *const *sticks)
{
	const struct zigbee_stage place = {
		.sticks = sticks,
		.clock = { stage_monotonic, stage_wall, stage },
	};
	char why[256];

	ck_assert_int_eq(zigbee_open_on(&stage->driver, &place, &stage->settings, &stage->host, why, sizeof(why)), 0);
}

static inline void stage_open(struct stage *stage)
{
	static const struct stick_ops *const sticks[] = { &stick_dummy, NULL };

	stage_open_with(stage, sticks);
}

/* A gateway that has nothing yet. */
static inline void stage_init(struct stage *stage)
{
	*stage = (struct stage){
		.now_ms = 1000000,
		.settings = {
			.port = "/dev/ttyUSB0",
			.stick = ZIGBEE_STICK_AUTO,
			.channel = "15",
			.permit_limit_ms = 180000,
			.report_least_ms = 10000,
			.report_most_ms = 1800000,
			.battery_most_ms = 43200000,
			.ping_after_ms = 600000,
			.sleeper_lost_ms = 90000000,
			.upgrades = { .transfers = 4,
				.sleepy_transfers = 20,
				.airtime_percent = 100,
				.block_most = 65 },
		},
		.host = {
			.context = stage,
			.contact = stage_contact,
			.report = stage_report,
			.event = stage_event,
			.lost = stage_lost,
			.keep = stage_keep,
			.recall = stage_recall,
			.trouble = stage_trouble,
		},
	};
	stage_open(stage);
}

static inline void stage_close(struct stage *stage)
{
	driver_zigbee.close(stage->driver);
	stage->driver = NULL;
}

static inline void stage_pass(struct stage *stage, int64_t ms)
{
	stage->now_ms += ms;
	zigbee_turn(stage->driver);
}

/* The stick has this network, or the one it was given. */
static inline void stage_up(struct stage *stage)
{
	struct stick *stick = stage->driver->stick;

	if (stick->network.extended_pan == 0)
		stick->network = (struct stick_network){ .eui64 = 0x00124b00deadbeef,
			.extended_pan = 0xdddddddddddddddd,
			.pan = 0x1a62,
			.channel = 15,
			.key = { 1, 2, 3 } };
	stick_dummy_state(stick, STICK_UP, "");
	zigbee_turn(stage->driver);
}

static inline void stage_ask(struct stage *stage, const char *verb, const char *arguments);

static inline void stage_answered(void *context, int result, struct span answer)
{
	struct stage *stage = context;

	ck_assert(!stage->answered);
	stage->answered = true;
	stage->result = result;
	(void)snprintf(stage->answer, sizeof(stage->answer), "%.*s", (int)answer.size, answer.data);
}

static inline void stage_ask(struct stage *stage, const char *verb, const char *arguments)
{
	stage->answered = false;
	driver_zigbee.ask(stage->driver, &(struct driver_question){
						 .verb = verb,
						 .arguments = { arguments, strlen(arguments) },
						 .done = stage_answered,
						 .context = stage,
					 });
	zigbee_turn(stage->driver);
}

/* Whether what is answered has this. */
static inline bool stage_has(struct stage *stage, const char *verb, const char *part)
{
	stage_ask(stage, verb, "{}");
	return strstr(stage->answer, part) != NULL;
}

/* The stick answers to permit(); NULL: it does so. */
static inline void stage_permit(struct stage *stage, const char *failed)
{
	ck_assert(stick_dummy_permitted(stage->driver->stick, failed));
	zigbee_turn(stage->driver);
}

/* ---- a node ---- */

static inline void stage_hear(struct stage *stage, uint16_t cluster, const void *data, size_t size)
{
	bool zdo = cluster & ZDO_RESPONSE; /* all that this node sends of ZDO are responses */

	const struct zigbee_message message = { .peer = STAGE_NWK,
		.profile = zdo ? ZDO_PROFILE : 0x0104,
		.cluster = cluster,
		.own_endpoint = zdo ? 0 : 1,
		.peer_endpoint = zdo ? 0 : 1,
		.lqi = 180,
		.rssi = -60,
		.payload = { data, size } };

	if (stage->heard)
		stage->heard(stage->heard_context, &message);
	stick_dummy_receive(stage->driver->stick, &message);
	zigbee_turn(stage->driver);
}

/* A ZCL frame in hexadecimal digits. */
static inline void stage_hear_zcl(struct stage *stage, uint16_t cluster, const char *hex)
{
	uint8_t data[128];

	ck_assert_int_eq(hex_parse(data, hex, strlen(hex)), 0);
	stage_hear(stage, cluster, data, strlen(hex) / 2);
}

static inline bool stage_zdo_answer(const struct stick_dummy_sent *sent, struct zdo_message *answer)
{
	struct zdo_message asked;

	ck_assert_int_eq(zdo_parse(&asked, sent->message.cluster, sent->data, sent->message.payload.size), 0);
	*answer = (struct zdo_message){ .cluster = asked.cluster | ZDO_RESPONSE, .sequence = asked.sequence };
	answer->nwk = STAGE_NWK;
	switch (asked.cluster) {
	case ZDO_NODE_DESCRIPTOR:
		answer->node = (struct zdo_node_descriptor){ .kind = ZDO_END_DEVICE, .manufacturer = 0x117c };
		return true;
	case ZDO_ACTIVE_ENDPOINTS:
		answer->endpoints = (struct zdo_endpoints){ 2, { 1, 242 } };
		return true;
	case ZDO_SIMPLE_DESCRIPTOR:
		answer->simple = (struct zdo_simple_descriptor){ .endpoint = 1,
			.profile = 0x0104,
			.device = 0x0302,
			.in_count = 3,
			.in = { 0x0000, 0x0001, 0x0402 },
			.out_count = 1,
			.out = { 0x0019 } };
		return true;
	case ZDO_IEEE_ADDRESS:
		answer->eui64 = STAGE_SENSOR;
		return true;
	default:
		return asked.cluster == ZDO_BIND;
	}
}

static inline struct zcl_record stage_attribute(uint16_t cluster, uint16_t attribute, uint8_t room[40])
{
	struct zcl_record record = { .attribute = attribute, .status = ZCL_UNSUPPORTED_ATTRIBUTE };
	const char *text = cluster == 0 && attribute == 4 ? "ACME" : cluster == 0 && attribute == 5 ? "soil" : NULL;

	if (text) {
		room[0] = (uint8_t)strlen(text);
		memcpy(room + 1, text, strlen(text));
		record.value = (struct zcl_value){ ZCL_TEXT, { room, strlen(text) + 1 } };
	} else if (cluster == 0x0402) {
		record.value = zcl_value_make(ZCL_INT16, 2150, room);
	} else if (cluster == 0x0001 && attribute == 0x21) {
		record.value = zcl_value_make(ZCL_UINT8, 180, room);
	} else if (cluster == 0x0019) {
		record.value = attribute == 2 ? zcl_value_make(ZCL_UINT32, 0x01020304, room)
					      : zcl_value_make(ZCL_UINT16, attribute == 7 ? 0x117c : 0x4203, room);
	} else {
		return record;
	}
	record.status = ZCL_SUCCESS;
	return record;
}

static inline void stage_answer_zcl(struct stage *stage, const struct stick_dummy_sent *sent)
{
	uint8_t data[ZIGBEE_ASDU_MAX], room[40];
	struct zcl_frame asked, answer;
	struct zcl_record record;
	struct writer out;
	struct reader in;

	ck_assert_int_eq(zcl_frame_parse(&asked, sent->data, sent->message.payload.size), 0);
	if (asked.command != ZCL_READ && asked.command != ZCL_CONFIGURE_REPORTING)
		return;
	answer = (struct zcl_frame){ .is_global = true,
		.to_client = !asked.to_client,
		.no_default_response = true,
		.sequence = asked.sequence,
		.command = asked.command == ZCL_READ ? ZCL_READ_RESPONSE : ZCL_CONFIGURE_REPORTING_RESPONSE };
	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &answer);
	reader_init(&in, asked.payload.data, asked.payload.size);
	if (asked.command == ZCL_CONFIGURE_REPORTING)
		write_u8(&out, ZCL_SUCCESS);
	else
		while (zcl_record_read(&record, &in, ZCL_READ) > 0) {
			record = stage_attribute(sent->message.cluster, record.attribute, room);
			zcl_record_write(&out, &record, ZCL_READ_RESPONSE);
		}
	stage_hear(stage, sent->message.cluster, data, writer_size(&out));
}

/* The sensor gets the oldest message and answers it. False: nothing was sent. */
static inline bool stage_exchange(struct stage *stage)
{
	uint8_t data[ZIGBEE_ASDU_MAX];
	struct stick_dummy_sent sent;
	struct zdo_message answer;

	if (!stick_dummy_deliver(stage->driver->stick, STICK_SENT, &sent))
		return false;
	zigbee_turn(stage->driver);
	if (sent.message.profile != ZDO_PROFILE)
		stage_answer_zcl(stage, &sent);
	else if (stage_zdo_answer(&sent, &answer))
		stage_hear(stage, answer.cluster, data, zdo_write(&answer, data, sizeof(data)));
	return true;
}

static inline void stage_join(struct stage *stage)
{
	struct stick *stick = stage->driver->stick;

	stick->host.joined(stick->host.context, STAGE_SENSOR, STAGE_NWK, 0);
	zigbee_turn(stage->driver);
}

/* From the join to the last question. */
static inline void stage_interview(struct stage *stage)
{
	stage_join(stage);
	for (int i = 0; i < 100 && stage_exchange(stage); i++)
		;
	ck_assert_uint_eq(stage->driver->nodes.list[0]->interview.step, STEP_DONE);
}

#endif
