#include "drivers/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver_settings.h"
#include "drivers/remote_process.h"
#include "drivers/remote_session.h"
#include "drivers/remote_state.h"

#define NONE ((struct span){ NULL, 0 })
#define OFFERS_MAX 100000
#define TROUBLE_MS 60000 /* after so long without a fault the last one is forgotten */

static int64_t now_of(const struct driver *driver)
{
	return (int64_t)uv_now(driver->loop);
}

/* What it is told when it comes. */

static void send_record(void *taker, const struct driver_record *record)
{
	struct driver *driver = taker;
	struct driver_message message;

	driver_message_init(&message, DRIVER_RECORD);
	snprintf(message.name, sizeof(message.name), "%s", record->name);
	message.secret = record->secret;
	remote_send(driver, &message, record->value);
}

static void send_settings(struct driver *driver, enum driver_message_type type, const void *values)
{
	const struct remote_settings *settings = driver->settings;
	struct driver_message message;
	struct writer out;
	char *text = malloc(DRIVER_DATA_MAX);

	driver_message_init(&message, type);
	message.protocol = DRIVER_PROTOCOL;
	message.silence_ms = (uint32_t)settings->limits.silence_ms;
	snprintf(message.driver, sizeof(message.driver), "%s", settings->name);
	if (!text)
		return;
	writer_init(&out, text, DRIVER_DATA_MAX);
	if (settings->table)
		driver_settings_write(settings->table, values, &out);
	if (out.failed)
		remote_give_up(driver, "its settings are too long");
	else
		remote_send(driver, &message, (struct span){ text, writer_size(&out) });
	free(text);
}

void remote_greet(struct driver *driver)
{
	struct driver_message start;

	send_settings(driver, DRIVER_HELLO, driver->settings->values);
	if (driver->host->recall)
		driver->host->recall(driver->host->context, send_record, driver);
	driver_message_init(&start, DRIVER_START);
	remote_send(driver, &start, NONE);
}

static int64_t relative(int64_t then_ms, int64_t now_ms)
{
	/* 0 says that there is no such time. */
	return then_ms == 0 ? 0 : then_ms == now_ms ? -1 : then_ms - now_ms;
}

void remote_describe_image(struct driver_message *message, const struct image_source *image)
{
	snprintf(message->name, sizeof(message->name), "%s", image->name);
	snprintf(message->version, sizeof(message->version), "%s", image->version);
	snprintf(message->hardware, sizeof(message->hardware), "%s", image->hardware);
	snprintf(message->format, sizeof(message->format), "%s", image->format);
	snprintf(message->only_for, sizeof(message->only_for), "%s", image->only_for);
	message->size = image->size_bytes;
	message->digest_size = sizeof(message->digest);
	memcpy(message->digest, image->sha256, sizeof(message->digest));
}

static void send_offer(struct driver *driver, const struct offer *offer)
{
	int64_t now_ms = now_of(driver);
	struct driver_message message;

	driver_message_init(&message, DRIVER_OFFER);
	snprintf(message.node, sizeof(message.node), "%s", offer->node);
	remote_describe_image(&message, offer->image);
	message.times = (struct offer_times){
		.fetch_from_ms = relative(offer->times.fetch_from_ms, now_ms),
		.fetch_until_ms = relative(offer->times.fetch_until_ms, now_ms),
		.apply_at_ms = relative(offer->times.apply_at_ms, now_ms),
		.apply_until_ms = relative(offer->times.apply_until_ms, now_ms),
	};
	remote_send(driver, &message, NONE);
}

void remote_on_ready(struct driver *driver)
{
	if (driver->state == REMOTE_RUNNING)
		return;
	driver->state = REMOTE_RUNNING;
	driver->ready_ms = now_of(driver);
	remote_log(driver, DRIVER_NOTICE, "driver.running driver=%s pid=%d restarts=%llu", driver->settings->name,
		driver->process ? remote_process_pid(driver->process) : 0, (unsigned long long)driver->restarts);
	for (size_t i = 0; i < driver->offers.by_node.room && driver->state == REMOTE_RUNNING; i++)
		if (driver->offers.by_node.entries[i].key)
			send_offer(driver, driver->offers.by_node.entries[i].value);
}

/* driver_ops. */

static void close_remote(struct driver *driver)
{
	if (!driver)
		return;
	remote_session_close(driver);
	offers_finish(&driver->offers);
}

static int open_remote(struct driver **out, struct uv_loop_s *loop, const void *values, const struct driver_host *host,
	char *why, size_t why_size)
{
	const struct remote_settings *settings = values;
	struct driver *driver = calloc(1, sizeof(*driver));

	if (!driver)
		return -ENOMEM;
	driver->settings = settings;
	driver->host = host;
	driver->loop = loop;
	if (!settings->program)
		snprintf(driver->trouble, sizeof(driver->trouble), "it has not come yet");
	offers_init(&driver->offers, OFFERS_MAX);
	reconnect_init(&driver->pause, settings->restart_after_ms, settings->restart_most_ms, 1);
	int error = remote_session_open(driver, why, why_size);
	if (error) {
		close_remote(driver);
		return error;
	}
	*out = driver;
	return 0;
}

static int reload(struct driver *driver, const void *values)
{
	const struct remote_settings *settings = values;

	if (driver->state == REMOTE_RUNNING && settings->table)
		send_settings(driver, DRIVER_RELOAD, settings->values);
	return 0;
}

static int offer(struct driver *driver, const struct driver_offer *offer)
{
	int error = offers_put(&driver->offers, offer);

	if (!error && driver->state == REMOTE_RUNNING)
		send_offer(driver, offers_find(&driver->offers, offer->node));
	return error;
}

static int withdraw(struct driver *driver, const char *node)
{
	struct driver_message message;

	if (!offers_find(&driver->offers, node))
		return 0;
	offers_remove(&driver->offers, node);
	driver_message_init(&message, DRIVER_WITHDRAW);
	snprintf(message.node, sizeof(message.node), "%s", node);
	if (driver->state == REMOTE_RUNNING)
		remote_send(driver, &message, NONE);
	return 0;
}

static int command(struct driver *driver, const struct driver_command *command)
{
	struct driver_message message;

	if (driver->state != REMOTE_RUNNING)
		return -EHOSTDOWN;
	if (!driver->takes_commands)
		return -ENOTSUP;
	driver_message_init(&message, DRIVER_COMMAND);
	message.id = command->id;
	message.within_ms = command->until_ms - now_of(driver);
	snprintf(message.node, sizeof(message.node), "%s", command->node);
	snprintf(message.text, sizeof(message.text), "%s", command->text);
	remote_send(driver, &message, NONE);
	return 0;
}

static void answer(const struct driver_question *question, int error, const char *why)
{
	question->done(question->context, error, (struct span){ why, strlen(why) });
}

static void ask(struct driver *driver, const struct driver_question *question)
{
	struct driver_message message;

	if (driver->state != REMOTE_RUNNING) {
		answer(question, -EHOSTDOWN, "the driver's process is not running now");
		return;
	}
	if (!driver->takes_questions) {
		answer(question, -ENOTSUP, "this driver is asked nothing");
		return;
	}
	struct remote_question *asked =
		driver->question_count < REMOTE_QUESTIONS_MAX ? calloc(1, sizeof(*asked)) : NULL;
	if (!asked || question->arguments.size > DRIVER_DATA_MAX || strlen(question->verb) >= sizeof(message.verb)) {
		free(asked);
		answer(question, -ENOBUFS, "too many questions, or too long a one");
		return;
	}
	*asked = (struct remote_question){ driver->questions, ++driver->question_id, *question };
	driver->questions = asked;
	driver->question_count++;
	driver_message_init(&message, DRIVER_ASK);
	message.id = asked->id;
	snprintf(message.verb, sizeof(message.verb), "%s", question->verb);
	remote_send(driver, &message, question->arguments);
}

static void images_ready(struct driver *driver)
{
	remote_read_again(driver);
}

static size_t counters(const struct driver *driver, const struct driver_counter **out)
{
	*out = driver->counters.list;
	return driver->counters.count;
}

static void process(const struct driver *driver, struct driver_process *out)
{
	static const char *const names[] = { "waiting", "starting", "running" };
	bool well = driver->state == REMOTE_RUNNING && now_of(driver) - driver->ready_ms > TROUBLE_MS;

	*out = (struct driver_process){
		.state = names[driver->state],
		.pid = driver->process ? remote_process_pid(driver->process) : 0,
		.restarts = driver->restarts,
		.trouble = well ? "" : driver->trouble,
	};
}

const struct driver_ops driver_remote = {
	.name = "remote",
	.settings = NULL, /* made by the gateway, see drivers/remote.h */
	.open = open_remote,
	.reload = reload,
	.offer = offer,
	.withdraw = withdraw,
	.command = command,
	.ask = ask,
	.images_ready = images_ready,
	.counters = counters,
	.process = process,
	.close = close_remote,
};
