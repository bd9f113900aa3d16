/*
 * mqtt_stage: the driver for nodes behind a broker between a small broker and a host that writes down what it is told.
 */
#ifndef WAKEGATE_TESTS_MQTT_STAGE_H
#define WAKEGATE_TESTS_MQTT_STAGE_H

#include <errno.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "drivers/mqtt_settings.h"
#include "tests/unit/small_broker.h"

#define STAGE_REPORTS_MAX 32

struct mqtt_stage {
	struct small_broker broker;
	struct mqtt_settings settings;
	struct driver_host host;
	struct driver *driver;
	char told[8192];             /* "contact n", "progress n 1 100", "lost n", "report n 2", a line each */
	const char *unwelcome;       /* a node that the host does not accept */
	const char *supernumerary;   /* one that finds its registry full */
	struct node_contact contact; /* the last one; borrows nothing that is there still but its numbers */
	bool keeps;                  /* reports are durable at once; otherwise they wait in `reports` */
	struct reading_report reports[STAGE_REPORTS_MAX];
	size_t report_count;
	struct image_source image;
	bool is_fetching; /* its bytes are not in memory */
};

static inline __attribute__((format(printf, 2, 3))) void stage_tell(struct mqtt_stage *stage, const char *format, ...)
{
	size_t size = strlen(stage->told);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(stage->told + size, sizeof(stage->told) - size, format, arguments);
	va_end(arguments);
}

static inline int stage_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct mqtt_stage *stage = context;

	if (stage->unwelcome && strcmp(stage->unwelcome, contact->node) == 0)
		return -EACCES;
	if (stage->supernumerary && strcmp(stage->supernumerary, contact->node) == 0)
		return -ENOBUFS;
	stage->contact = *contact;
	answer->next_s = 900;
	stage_tell(stage, "contact %s%s%s\n", contact->node, contact->reports ? " runs " : "",
		contact->reports ? contact->version : "");
	return 0;
}

static inline void stage_report(void *context, const struct reading_report *report)
{
	struct mqtt_stage *stage = context;

	stage_tell(stage, "report %s %zu\n", report->node, report->count);
	ck_assert_uint_lt(stage->report_count, STAGE_REPORTS_MAX);
	stage->reports[stage->report_count++] = *report;
	if (stage->keeps)
		report->done(report->context, 0, 0);
}

static inline void stage_progress(void *context, const struct delivery_progress *progress)
{
	stage_tell(
		context, "progress %s %d %u %d\n", progress->node, progress->state, progress->offset, progress->code);
}

static inline void stage_event(void *context, enum driver_level level, const char *line)
{
	stage_tell(context, "%s\n", line);
}

static inline void stage_lost(void *context, const char *node)
{
	stage_tell(context, "lost %s\n", node);
}

static inline void stage_replied(void *context, const struct command_reply *reply)
{
	stage_tell(context, "replied %s %u %s%s %.*s\n", reply->node, reply->id, reply->ok ? "ok" : "failed",
		reply->is_json ? " json" : "", (int)reply->result.size, reply->result.data);
}

/* Bytes that tell their place. */
static inline int stage_read(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	struct mqtt_stage *stage = (struct mqtt_stage *)((char *)source - offsetof(struct mqtt_stage, image));

	if (stage->is_fetching)
		return -EAGAIN;
	if (offset >= source->size_bytes)
		return 0;
	if (size > source->size_bytes - offset)
		size = source->size_bytes - offset;
	for (size_t i = 0; i < size; i++)
		((char *)buffer)[i] = (char)('a' + (offset + i) % 26);
	return (int)size;
}

static inline void stage_destroy(struct image_source *source)
{
}

static const struct image_source_ops stage_image_ops = { .read = stage_read, .destroy = stage_destroy };

static inline void stage_set(struct mqtt_stage *stage)
{
	stage->settings = (struct mqtt_settings){ .host = "127.0.0.1",
		.port = stage->broker.port,
		.client_id = "wakegate",
		.telemetry_topic = "telemetry/{node}",
		.status_topic = "status/{node}",
		.firmware_topic = "ota/{node}",
		.command_topic = "cmd/{node}",
		.keepalive_ms = 3600000,
		.connect_timeout_ms = 120000,
		.backoff_least_ms = 1,
		.backoff_most_ms = 1,
		.in_flight = 100 };
	stage->host = (struct driver_host){ .context = stage,
		.contact = stage_contact,
		.report = stage_report,
		.progress = stage_progress,
		.event = stage_event,
		.lost = stage_lost,
		.replied = stage_replied };
	stage->image = (struct image_source){ .ops = &stage_image_ops,
		.references = 1,
		.size_bytes = 1000,
		.name = "abababababababab",
		.version = "2.0",
		.hardware = "m4",
		.format = "raw" };
	memset(stage->image.sha256, 0xab, sizeof(stage->image.sha256));
}

static inline void stage_await(struct mqtt_stage *stage, const char *text)
{
	while (!strstr(stage->told, text))
		(void)uv_run(&stage->broker.loop, UV_RUN_ONCE);
}

static inline void stage_open(struct mqtt_stage *stage)
{
	char why[256];

	memset(stage, 0, sizeof(*stage));
	broker_open(&stage->broker);
	stage_set(stage);
	ck_assert_int_eq(
		driver_mqtt.open(&stage->driver, &stage->broker.loop, &stage->settings, &stage->host, why, sizeof(why)),
		0);
	stage_await(stage, "mqtt_nodes.connected");
}

/* The connection breaks, and a new one stands. */
static inline void stage_reconnect(struct mqtt_stage *stage, bool resumes)
{
	stage->told[0] = '\0';
	stage->broker.resumes = resumes;
	broker_drop(&stage->broker);
	stage_await(stage, "mqtt_nodes.connected");
}

static inline uint64_t stage_counter(const struct mqtt_stage *stage, const char *name)
{
	const struct driver_counter *counters;
	size_t count = driver_mqtt.counters(stage->driver, &counters);

	for (size_t i = 0; i < count; i++)
		if (strcmp(counters[i].name, name) == 0)
			return *counters[i].value;
	ck_abort_msg("there is no counter %s", name);
}

static inline void stage_close(struct mqtt_stage *stage)
{
	driver_mqtt.close(stage->driver);
	broker_close(&stage->broker);
	ck_assert_uint_eq(stage->image.references, 1);
}

#endif
