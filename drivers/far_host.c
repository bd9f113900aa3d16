/* The driver's side of far_gateway: what a driver says, as messages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/far_state.h"
#include "protocols/senml.h"

#define NONE ((struct span){ NULL, 0 })
#define FETCH_LATER_MS 1000
#define REPORTS_AT_FIRST 64

/* Cuts what is too long; NULL is nothing. */
#define COPY(out, text) (void)snprintf((out), sizeof(out), "%s", (text) ? (text) : "")

/* What must be known at once. */

static void write_contact(struct driver_message *message, const struct node_contact *contact)
{
	driver_message_init(message, DRIVER_CONTACT);
	COPY(message->node, contact->node);
	COPY(message->hardware, contact->hardware);
	COPY(message->version, contact->version);
	COPY(message->parent, contact->parent);
	message->proven = contact->proven;
	message->reports = contact->reports;
	message->unscheduled = contact->unscheduled;
	message->taken = contact->taken;
	message->digest_size = (uint32_t)contact->image_size;
	memcpy(message->digest, contact->image, contact->image_size);
	/* What a node says of itself is not what the driver's process is judged by. */
	message->battery = contact->battery_percent <= 100 ? contact->battery_percent : -1;
	message->signal = contact->signal_dbm < 0 ? contact->signal_dbm : 0;
	message->exchange = contact->exchange;
	message->message_bytes = contact->message_bytes;
	message->bytes_in = contact->bytes_in;
	message->bytes_out = contact->bytes_out;
}

static int contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct far_gateway *gateway = context;
	struct driver_message message;

	if (strlen(contact->node) > NODE_ID_MAX)
		return -EINVAL;
	write_contact(&message, contact);
	message.id = ++gateway->id;
	int error = far_send(gateway, &message, NONE);
	if (!error)
		error = far_wait(gateway, DRIVER_CONTACT_ANSWER, message.id, &message);
	far_take_offers(gateway);
	if (error) {
		answer->next_s = FAR_BUSY_S;
		return -EBUSY;
	}
	answer->next_s = message.next_s;
	return message.result;
}

static int64_t fetch(void *context, const char *node, uint32_t bytes)
{
	struct far_gateway *gateway = context;
	struct driver_message message;

	driver_message_init(&message, DRIVER_FETCH);
	message.id = ++gateway->id;
	message.bytes = bytes;
	COPY(message.node, node);
	int error = far_send(gateway, &message, NONE);
	if (!error)
		error = far_wait(gateway, DRIVER_FETCH_ANSWER, message.id, &message);
	return error ? FETCH_LATER_MS : message.wait_ms;
}

static struct far_answer *recent_of(struct far_gateway *gateway, const char *name, const char *node)
{
	uint32_t hash = 0;

	for (const char *c = name; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	for (const char *c = node; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	return &gateway->recent[hash % FAR_RECENT];
}

static void ask_image(struct far_gateway *gateway, struct far_answer *recent)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_IMAGE);
	message.id = ++gateway->id;
	COPY(message.name, recent->name);
	COPY(message.node, recent->node);
	int error = far_send(gateway, &message, NONE);
	if (!error)
		error = far_wait(gateway, DRIVER_IMAGE_ANSWER, message.id, &message);
	if (error)
		/* An image that the gateway spoke of before is not gone because it stands still. It is asked again
		 * before bytes go out, with fetch(). */
		recent->image = far_images_held(&gateway->images, recent->name);
	else if (message.result == 0)
		recent->image = far_images_hold(&gateway->images, &message);
	recent->until_ms = (int64_t)uv_now(gateway->loop) + FAR_RECENT_MS;
}

static struct image_source *image(void *context, const char *name, const char *node)
{
	struct far_gateway *gateway = context;
	struct far_answer *recent = recent_of(gateway, name, node ? node : "");

	if (strlen(name) >= sizeof(recent->name) || (node && strlen(node) > NODE_ID_MAX))
		return NULL;
	if ((int64_t)uv_now(gateway->loop) < recent->until_ms && strcmp(recent->name, name) == 0 &&
		strcmp(recent->node, node ? node : "") == 0)
		return recent->image;
	struct image_source *former = recent->image;
	recent->image = NULL;
	COPY(recent->name, name);
	COPY(recent->node, node);
	ask_image(gateway, recent);
	image_source_release(&former);
	return recent->image;
}

/* Readings. */

static int grow_reports(struct far_gateway *gateway)
{
	uint32_t room = gateway->report_room ? 2 * gateway->report_room : REPORTS_AT_FIRST;
	struct far_report *reports =
		room > FAR_REPORTS_MAX ? NULL : realloc(gateway->reports, (room + 1) * sizeof(*reports));

	if (!reports)
		return -ENOBUFS;
	for (uint32_t number = room; number > gateway->report_room; number--) {
		reports[number] = (struct far_report){ .next_free = gateway->report_free };
		gateway->report_free = number;
	}
	gateway->reports = reports;
	gateway->report_room = room;
	return 0;
}

/* Its number, or 0: no room. */
static uint32_t take_place(struct far_gateway *gateway, const struct reading_report *report)
{
	if (!gateway->report_free && grow_reports(gateway) < 0)
		return 0;
	uint32_t number = gateway->report_free;
	gateway->report_free = gateway->reports[number].next_free;
	gateway->reports[number] = (struct far_report){ report->done, report->context, 0 };
	return number;
}

static void end_report(struct far_gateway *gateway, uint32_t number, int result, uint32_t retry_s)
{
	struct far_report report = gateway->reports[number];

	gateway->reports[number] = (struct far_report){ .next_free = gateway->report_free };
	gateway->report_free = number;
	report.done(report.context, result, retry_s);
}

static int send_report(struct far_gateway *gateway, const struct reading_report *report, uint32_t number)
{
	struct driver_message message;
	struct writer out;

	driver_message_init(&message, DRIVER_REPORT);
	message.id = number;
	COPY(message.node, report->node);
	COPY(message.format, "cbor");
	message.exchange = report->exchange;
	message.former = report->former ? report->former(report->context) : 0;
	message.urgent = report->urgent;
	message.fast = report->fast;
	message.fresh = report->fresh;
	for (size_t i = 0; i < report->count; i++)
		message.counted |= report->readings[i].has_time && !report->readings[i].is_dated;
	writer_init(&out, gateway->text, DRIVER_DATA_MAX);
	int64_t size = senml_write(FORMAT_CBOR, &out, NONE, report->readings, report->count);
	return size < 0 ? (int)size : far_send(gateway, &message, (struct span){ gateway->text, (size_t)size });
}

static void report(void *context, const struct reading_report *report)
{
	struct far_gateway *gateway = context;
	uint32_t number = take_place(gateway, report);

	if (!number)
		report->done(report->context, -ENOBUFS, FAR_BUSY_S);
	else if (send_report(gateway, report, number) < 0)
		end_report(gateway, number, -ENOBUFS, FAR_BUSY_S);
}

void far_report_done(struct far_gateway *gateway, const struct driver_message *message)
{
	if (message->id > 0 && message->id <= gateway->report_room && gateway->reports[message->id].done)
		end_report(gateway, message->id, message->result, message->retry_s);
}

void far_refuse_reports(struct far_gateway *gateway)
{
	for (uint32_t number = 1; number <= gateway->report_room; number++)
		if (gateway->reports[number].done)
			end_report(gateway, number, -ENOBUFS, FAR_BUSY_S);
}

/* What is just said. */

static void progress(void *context, const struct delivery_progress *progress)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_PROGRESS);
	COPY(message.node, progress->node);
	message.state = (int32_t)progress->state;
	message.offset = progress->offset;
	message.code = progress->code;
	message.said = progress->said;
	(void)far_send(context, &message, NONE);
}

static void event(void *context, enum driver_level level, const char *line)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_EVENT);
	message.level = (int32_t)level;
	COPY(message.text, line);
	(void)far_send(context, &message, NONE);
}

static void trouble(void *context, enum driver_level level, const char *sentence)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_TROUBLE);
	message.level = (int32_t)level;
	COPY(message.text, sentence);
	(void)far_send(context, &message, NONE);
}

static void lost(void *context, const char *node)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_LOST);
	COPY(message.node, node);
	(void)far_send(context, &message, NONE);
}

static void replied(void *context, const struct command_reply *reply)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_REPLIED);
	COPY(message.node, reply->node);
	message.id = reply->id;
	message.ok = reply->ok;
	message.json = reply->is_json;
	(void)far_send(context, &message, reply->result);
}

static int keep(void *context, const struct driver_record *record)
{
	struct far_gateway *gateway = context;
	struct driver_message message;
	int change = record_shelf_look(&gateway->records, record);

	if (change <= 0)
		return change;
	driver_message_init(&message, DRIVER_KEEP);
	COPY(message.name, record->name);
	message.secret = record->secret;
	int error = far_send(gateway, &message, record->value);
	return error ? error : record_shelf_put(&gateway->records, record);
}

static void recall(void *context, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	const struct far_gateway *gateway = context;

	record_shelf_each(&gateway->records, each, taker);
}

void far_host_init(struct far_gateway *gateway)
{
	gateway->host = (struct driver_host){
		.context = gateway,
		.contact = contact,
		.report = report,
		.progress = progress,
		.image = image,
		.event = event,
		.lost = lost,
		.replied = replied,
		.fetch = fetch,
		.keep = keep,
		.recall = recall,
		.trouble = trouble,
	};
	record_shelf_init(&gateway->records);
	far_images_init(&gateway->images);
}

void far_host_finish(struct far_gateway *gateway)
{
	for (size_t i = 0; i < FAR_RECENT; i++)
		image_source_release(&gateway->recent[i].image);
	far_images_finish(&gateway->images);
	record_shelf_finish(&gateway->records);
	free(gateway->reports);
}
