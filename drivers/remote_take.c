#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/image_source.h"
#include "drivers/remote_session.h"
#include "drivers/remote_state.h"
#include "protocols/fingerprint.h"
#include "protocols/number.h"
#include "protocols/senml.h"

#define NONE ((struct span){ NULL, 0 })
#define RETRY_FULL_S 30
#define SCRATCH_SIZE 65536

/* Nodes. */

static void on_contact(struct driver *driver, const struct driver_message *message)
{
	struct contact_answer answer = { 0 };
	struct driver_message reply;
	struct node_contact contact = {
		.node = message->node,
		.proven = message->proven,
		.reports = message->reports,
		.unscheduled = message->unscheduled,
		.taken = message->taken,
		.hardware = message->hardware,
		.version = message->version,
		.parent = *message->parent ? message->parent : NULL,
		.image_size = message->digest_size,
		.battery_percent = message->battery,
		.signal_dbm = message->signal,
		.exchange = message->exchange,
		.message_bytes = message->message_bytes,
		.bytes_in = message->bytes_in,
		.bytes_out = message->bytes_out,
	};

	memcpy(contact.image, message->digest, message->digest_size);
	driver_message_init(&reply, DRIVER_CONTACT_ANSWER);
	reply.id = message->id;
	/* What is offered from within goes out before the answer. */
	reply.result = driver->host->contact(driver->host->context, &contact, &answer);
	reply.next_s = answer.next_s;
	remote_send(driver, &reply, NONE);
}

static bool contact_is_sound(const struct driver_message *message)
{
	return (message->digest_size == 0 || message->digest_size >= 4) && message->battery <= 100 &&
	       message->signal <= 0;
}

static void on_progress(struct driver *driver, const struct driver_message *message)
{
	const struct delivery_progress progress = {
		.node = message->node,
		.state = (enum delivery_state)message->state,
		.offset = message->offset,
		.code = message->code,
		.said = message->said,
	};

	driver->host->progress(driver->host->context, &progress);
}

static void on_replied(struct driver *driver, const struct driver_message *message, struct span data)
{
	const struct command_reply reply = {
		.node = message->node,
		.id = message->id,
		.ok = message->ok,
		.result = data,
		.is_json = message->json,
	};

	driver->host->replied(driver->host->context, &reply);
}

/* Readings. */

struct report {
	struct driver *driver;
	uint32_t session, id;
	uint64_t former;
};

static uint64_t former_exchange(void *context)
{
	return ((const struct report *)context)->former;
}

/* What another process says of its readings is not believed. */
static bool is_told(const struct reading_report *report)
{
	const struct span node = { report->node, strlen(report->node) };

	return report->exchange != 0 &&
	       fingerprint_of_report(node, report->readings, report->count) == report->exchange;
}

static void on_report_done(void *context, int result, uint32_t retry_s)
{
	struct report *report = context;
	struct driver *driver = report->driver;
	struct driver_message reply;

	driver_message_init(&reply, DRIVER_REPORT_DONE);
	reply.id = report->id;
	reply.result = result;
	reply.retry_s = retry_s;
	driver->report_count--;
	/* A process that ended meanwhile is not told: its nodes say it again, and are told then that it is durable. */
	if (report->session == driver->session && driver->peer_size > 0)
		remote_send(driver, &reply, NONE);
	free(report);
}

static void hand_on_report(struct driver *driver, const struct driver_message *message, struct senml_pack *pack)
{
	struct report *report = calloc(1, sizeof(*report));
	struct reading_report taken = {
		.node = message->node,
		.readings = pack->readings,
		.count = pack->count,
		.exchange = message->exchange,
		.former = former_exchange,
		.done = on_report_done,
		.context = report,
		.urgent = message->urgent,
		.fast = message->fast,
		.fresh = message->fresh,
	};

	if (!report) {
		remote_give_up(driver, "there is no memory for what it says");
		return;
	}
	*report = (struct report){ driver, driver->session, message->id, message->former };
	for (size_t i = 0; i < pack->count && message->counted; i++)
		pack->readings[i].is_dated = false;
	taken.told = is_told(&taken);
	driver->report_count++;
	driver->host->report(driver->host->context, &taken);
}

static void refuse_report(struct driver *driver, const struct driver_message *message)
{
	struct driver_message reply;

	driver_message_init(&reply, DRIVER_REPORT_DONE);
	reply.id = message->id;
	reply.result = -ENOBUFS;
	reply.retry_s = RETRY_FULL_S;
	remote_send(driver, &reply, NONE);
}

static void on_report(struct driver *driver, const struct driver_message *message, struct span data)
{
	struct reading *readings = calloc(READINGS_MAX, sizeof(*readings));
	void *scratch = malloc(SCRATCH_SIZE);
	struct senml_pack pack = { readings, READINGS_MAX, scratch, SCRATCH_SIZE, 0, 0 };
	struct senml_source source = {
		.format = strcmp(message->format, "cbor") == 0 ? FORMAT_CBOR : FORMAT_JSON,
		.data = data,
		.any_start = true, /* what stands before them is the node's name */
	};
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	source.now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	int error = readings && scratch ? senml_parse(&pack, &source) : -ENOMEM;
	if (error == -ENOMEM || driver->report_count >= REMOTE_REPORTS_MAX)
		refuse_report(driver, message);
	else if (error)
		remote_give_up(driver, "it sends garbage: readings of %s that are no SenML in %s", message->node,
			source.format == FORMAT_CBOR ? "CBOR" : "JSON");
	else
		hand_on_report(driver, message, &pack);
	free(readings);
	free(scratch);
}

/* Images. */

static void on_fetch(struct driver *driver, const struct driver_message *message)
{
	const struct driver_host *host = driver->host;
	struct driver_message reply;

	driver_message_init(&reply, DRIVER_FETCH_ANSWER);
	reply.id = message->id;
	if (host->fetch)
		reply.wait_ms = host->fetch(host->context, *message->node ? message->node : NULL, message->bytes);
	remote_send(driver, &reply, NONE);
}

static void on_image(struct driver *driver, const struct driver_message *message)
{
	const struct driver_host *host = driver->host;
	const struct image_source *image =
		host->image(host->context, message->name, *message->node ? message->node : NULL);
	struct driver_message reply;

	driver_message_init(&reply, DRIVER_IMAGE_ANSWER);
	reply.id = message->id;
	reply.result = image ? 0 : -ENOENT;
	if (image)
		remote_describe_image(&reply, image);
	remote_send(driver, &reply, NONE);
}

/* Whether it was answered. */
static bool answer_read(struct driver *driver, const struct remote_read *read)
{
	static uint8_t bytes[DRIVER_CHUNK_MAX]; /* on the loop's thread only, for this call */
	const struct driver_host *host = driver->host;
	struct image_source *image = host->image(host->context, read->name, NULL);
	int got = image ? image_source_read(image, read->offset, bytes, read->size) : -ENOENT;
	struct driver_message reply;

	if (got == -EAGAIN)
		return false;
	driver_message_init(&reply, DRIVER_BYTES);
	snprintf(reply.name, sizeof(reply.name), "%s", read->name);
	reply.offset = read->offset;
	reply.result = got < 0 ? got : 0;
	remote_send(driver, &reply, got > 0 ? (struct span){ (const char *)bytes, (size_t)got } : NONE);
	return true;
}

static void on_read(struct driver *driver, const struct driver_message *message)
{
	struct remote_read read = { .offset = message->offset, .size = message->size };

	if (strlen(message->name) >= sizeof(read.name) || read.size == 0 || read.size > DRIVER_CHUNK_MAX) {
		remote_give_up(
			driver, "it sends garbage: it reads %u bytes of the image \"%.32s\"", read.size, message->name);
		return;
	}
	memcpy(read.name, message->name, strlen(message->name) + 1);
	if (driver->read_count == REMOTE_READS_MAX)
		remote_give_up(driver, "it floods: more than %d reads of images wait", REMOTE_READS_MAX);
	else if (!answer_read(driver, &read))
		driver->reads[driver->read_count++] = read;
}

void remote_read_again(struct driver *driver)
{
	struct remote_read reads[REMOTE_READS_MAX];
	size_t count = driver->read_count;
	uint32_t session = driver->session;

	memcpy(reads, driver->reads, count * sizeof(*reads));
	driver->read_count = 0;
	for (size_t i = 0; i < count && driver->session == session && driver->peer_size > 0; i++)
		if (!answer_read(driver, &reads[i]))
			driver->reads[driver->read_count++] = reads[i];
}

/* Records, log, counters. */

static void on_keep(struct driver *driver, const struct driver_message *message, struct span data)
{
	const struct driver_record record = { message->name, data, message->secret };
	int error = driver->host->keep ? driver->host->keep(driver->host->context, &record) : -ENOTSUP;

	if (error)
		remote_log(driver, DRIVER_WARNING, "driver.record_refused driver=%s name=%s error=\"%s\"",
			driver->settings->name, message->name, strerror(-error));
}

/* What another process says is shown and logged, without what a terminal would obey. */
static void copy_plainly(char out[DRIVER_TEXT_MAX + 1], const char *text)
{
	for (size_t i = 0; i <= DRIVER_TEXT_MAX; i++)
		out[i] = text[i] && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) ? ' ' : text[i];
}

static void on_trouble(struct driver *driver, const struct driver_message *message)
{
	char text[DRIVER_TEXT_MAX + 1];

	copy_plainly(text, message->text);
	if (driver->host->trouble)
		driver->host->trouble(driver->host->context, (enum driver_level)message->level, text);
}

static void on_event(struct driver *driver, const struct driver_message *message)
{
	int64_t now_ms = (int64_t)uv_now(driver->loop);
	char text[DRIVER_TEXT_MAX + 1];

	if (now_ms - driver->event_second_ms >= 1000) {
		driver->event_second_ms = now_ms;
		driver->event_count = 0;
	}
	if (++driver->event_count > REMOTE_EVENTS_PER_S)
		return;
	copy_plainly(text, message->text);
	remote_log(driver, (enum driver_level)message->level, "%s driver=%s", text, driver->settings->name);
}

static int set_counter(struct remote_counters *counters, struct span name, const struct number *number)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t i = 0;
	int64_t value;

	if (name.size == 0 || name.size > REMOTE_COUNTER_NAME_MAX || number_scale(&value, number, 0) < 0 || value < 0)
		return -EBADMSG;
	for (size_t c = 0; c < name.size; c++)
		if (!memchr(characters, name.data[c], sizeof(characters) - 1)) /* a text may have NUL in it */
			return -EBADMSG;
	while (i < counters->count &&
		(strlen(counters->names[i]) != name.size || memcmp(counters->names[i], name.data, name.size) != 0))
		i++;
	if (i == REMOTE_COUNTERS_MAX)
		return -ENOBUFS;
	if (i == counters->count) {
		memcpy(counters->names[i], name.data, name.size);
		counters->list[counters->count++] = (struct driver_counter){ counters->names[i], &counters->values[i] };
	}
	counters->values[i] = (uint64_t)value;
	return 0;
}

static int take_counters(struct remote_counters *counters, struct span data)
{
	struct token_reader tokens;
	struct token name, value;
	char scratch[256];

	tokens_init(&tokens, FORMAT_JSON, data, scratch, sizeof(scratch));
	if (tokens_next(&tokens).kind != TOKEN_MAP)
		return -EBADMSG;
	while ((name = tokens_next(&tokens)).kind == TOKEN_TEXT) {
		value = tokens_next(&tokens);
		if (value.kind != TOKEN_NUMBER || set_counter(counters, name.text, &value.number) < 0)
			return -EBADMSG;
	}
	return name.kind == TOKEN_CLOSE ? 0 : -EBADMSG;
}

/* What the operator asked. */

static void on_answer(struct driver *driver, const struct driver_message *message, struct span data)
{
	struct remote_question **at = &driver->questions;

	while (*at && (*at)->id != message->id)
		at = &(*at)->next;
	struct remote_question *found = *at;
	if (!found)
		return;
	*at = found->next;
	driver->question_count--;
	found->question.done(found->question.context, message->result, data);
	free(found);
}

static void on_beat(struct driver *driver, const struct driver_message *message)
{
	if (remote_guard_came(&driver->guard, message->id, (int64_t)uv_now(driver->loop)) < 0)
		remote_give_up(driver, "it sends garbage: the beat %u was never sent", message->id);
}

/* What may come before its network is open. */
static bool take_any_time(struct driver *driver, const struct driver_message *message, struct span data)
{
	switch (message->type) {
	case DRIVER_BEAT:
		on_beat(driver, message);
		return true;
	case DRIVER_READY:
		remote_on_ready(driver);
		return true;
	case DRIVER_FAILED:
		remote_give_up(driver, "it cannot open its network: %s", message->text);
		return true;
	case DRIVER_BYE:
		remote_give_up(driver, "it left");
		return true;
	case DRIVER_KEEP:
		on_keep(driver, message, data);
		return true;
	case DRIVER_EVENT:
		on_event(driver, message);
		return true;
	case DRIVER_TROUBLE:
		on_trouble(driver, message);
		return true;
	case DRIVER_COUNTERS:
		if (take_counters(&driver->counters, data) < 0)
			remote_give_up(driver, "it sends garbage: counters that are no names with numbers");
		return true;
	default:
		return false;
	}
}

static void take_of_node(struct driver *driver, const struct driver_message *message, struct span data)
{
	switch (message->type) {
	case DRIVER_CONTACT:
		if (contact_is_sound(message))
			on_contact(driver, message);
		else
			remote_give_up(driver, "it sends garbage: a contact of %s that cannot be", message->node);
		return;
	case DRIVER_REPORT:
		on_report(driver, message, data);
		return;
	case DRIVER_PROGRESS:
		on_progress(driver, message);
		return;
	case DRIVER_LOST:
		driver->host->lost(driver->host->context, message->node);
		return;
	case DRIVER_REPLIED:
		on_replied(driver, message, data);
		return;
	case DRIVER_FETCH:
		on_fetch(driver, message);
		return;
	case DRIVER_IMAGE:
		on_image(driver, message);
		return;
	case DRIVER_READ:
		on_read(driver, message);
		return;
	case DRIVER_ANSWER:
		on_answer(driver, message, data);
		return;
	default:
		remote_give_up(
			driver, "it sends garbage: \"%s\" is the gateway's to say", driver_message_name(message->type));
	}
}

void remote_take(struct driver *driver, const struct driver_message *message, struct span data)
{
	if (!take_any_time(driver, message, data))
		take_of_node(driver, message, data);
}
