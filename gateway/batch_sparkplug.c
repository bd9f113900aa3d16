#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/batch.h"
#include "gateway/batch_form.h"
#include "gateway/sparkplug_devices.h"
#include "gateway/sparkplug_edge.h"
#include "protocols/number.h"
#include "protocols/segment.h"
#include "protocols/sparkplug.h"

#define HEAD_ROOM 16 /* of the time, which stands before the metrics and is known last */
#define TAIL_ROOM 128

struct batch_form {
	struct sparkplug_edge *edge;
	size_t bytes;
	uint8_t *buffer;
	struct writer out;
	struct sparkplug_device *device; /* whose readings these are; NULL: none yet */
	bool is_historical;
};

static void begin(struct batch_form *form)
{
	writer_init(&form->out, form->buffer + HEAD_ROOM, form->bytes - HEAD_ROOM - TAIL_ROOM);
	form->device = NULL;
	form->is_historical = false;
}

static void mark_historical(struct batch_form *form)
{
	form->is_historical = true;
}

static void close_form(struct batch_form *form)
{
	if (!form)
		return;
	free(form->buffer);
	free(form);
}

static int open_form(struct batch_form **out, const struct batch_options *options)
{
	struct batch_form *form = calloc(1, sizeof(*form));

	if (!form)
		return -ENOMEM;
	form->edge = options->edge;
	form->bytes = options->bytes;
	form->buffer = malloc(options->bytes);
	if (!form->buffer) {
		close_form(form);
		return -ENOMEM;
	}
	begin(form);
	*out = form;
	return 0;
}

/* What births tell of the metric; backlog is not its present value. */
static void keep_value(struct sparkplug_known *known, const struct reading *reading, int64_t time_ms)
{
	if (reading->kind != READING_NUMBER && reading->kind != READING_BOOLEAN)
		return;
	known->has_value = true;
	known->value = reading->kind == READING_NUMBER ? number_value(&reading->number) : reading->boolean;
	known->time_ms = time_ms;
}

static void set_value(struct sparkplug_metric *metric, const struct reading *reading)
{
	switch (reading->kind) {
	case READING_NOTHING:
		metric->is_null = true;
		break;
	case READING_NUMBER:
		metric->kind = SPARKPLUG_A_REAL;
		metric->real = number_value(&reading->number);
		break;
	case READING_BOOLEAN:
		metric->kind = SPARKPLUG_A_TRUTH;
		metric->truth = reading->boolean;
		break;
	case READING_STRING:
		metric->kind = SPARKPLUG_A_TEXT;
		metric->text = reading->text;
		break;
	case READING_DATA:
		metric->kind = SPARKPLUG_SOME_BYTES;
		metric->text = reading->text;
		break;
	}
	metric->has_sum = reading->has_sum;
	metric->sum = reading->has_sum ? number_value(&reading->sum) : 0;
}

static bool belongs(const struct batch_form *form, struct span node)
{
	const char *id = form->device->id;

	return strlen(id) == node.size && memcmp(id, node.data, node.size) == 0;
}

static int add(struct batch_form *form, const struct segment_entry *entry)
{
	const struct reading *reading = &entry->reading;
	struct sparkplug_devices *devices = sparkplug_edge_devices(form->edge);
	int64_t time_ms = reading->has_time ? reading->time_us / 1000 : entry->received_ms;
	struct writer before = form->out;

	/* A birth goes before the message, cannot say two things of one metric, and has all that the message has. */
	if (form->device && (!belongs(form, entry->node) || sparkplug_device_disagrees(form->device, reading) ||
				    sparkplug_device_overflows(form->device, reading)))
		return -ENOBUFS;
	struct sparkplug_device *device = form->device ? form->device : sparkplug_devices_get(devices, entry->node);
	struct sparkplug_known *known = device ? sparkplug_device_learn(devices, device, reading) : NULL;
	if (!known)
		return -ENOMEM;
	bool by_alias = sparkplug_edge_uses_aliases(form->edge);
	struct sparkplug_metric metric = {
		.alias = by_alias ? known->alias : 0,
		.timestamp_ms = time_ms > 0 ? (uint64_t)time_ms : 0,
		.datatype = known->type, /* needless in 3.0, but older hosts do without the birth's */
		.is_historical = form->is_historical,
	};
	if (!by_alias)
		metric.name = reading->name;
	set_value(&metric, reading);
	sparkplug_write_metric(&form->out, &metric);
	if (form->out.failed) {
		form->out = before;
		return -ENOBUFS;
	}
	if (!form->is_historical)
		keep_value(known, reading, time_ms);
	form->device = device;
	return 0;
}

static int announce(struct batch_form *form)
{
	return sparkplug_edge_announce(form->edge, form->device);
}

/* The time goes right before the metrics; where the payload begins. */
static const uint8_t *write_head(struct batch_form *form, int64_t now_ms)
{
	uint8_t head[HEAD_ROOM];
	struct writer out;

	writer_init(&out, head, sizeof(head));
	sparkplug_begin(&out, (uint64_t)now_ms);
	assert(!out.failed);
	uint8_t *start = form->buffer + HEAD_ROOM - writer_size(&out);
	memcpy(start, head, writer_size(&out));
	return start;
}

static struct span finish(
	struct batch_form *form, const struct batch_label *label, size_t count, struct uplink_message *out)
{
	char body[96];
	int64_t now_ms = 0;
	uint8_t seq = sparkplug_edge_address(form->edge, form->device, out, &now_ms);
	int size = snprintf(body, sizeof(body), "boot=%u first=%llu last=%llu", label->boot,
		(unsigned long long)label->first, (unsigned long long)(label->first + count - 1));

	form->out.end += TAIL_ROOM;
	sparkplug_write_seq(&form->out, seq);
	sparkplug_write_body(&form->out, (struct span){ body, (size_t)size });
	assert(!form->out.failed);
	const uint8_t *start = write_head(form, now_ms);
	return (struct span){ (const char *)start, (size_t)(form->out.at - start) };
}

static void sent(struct batch_form *form)
{
	sparkplug_edge_count(form->edge);
}

const struct batch_form_ops batch_sparkplug = {
	.open = open_form,
	.close = close_form,
	.begin = begin,
	.mark_historical = mark_historical,
	.add = add,
	.announce = announce,
	.finish = finish,
	.sent = sent,
};
