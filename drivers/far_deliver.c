/* What the gateway says, handed on to the driver in this process: its settings, offers, commands and questions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/settings.h"
#include "drivers/driver_settings.h"
#include "drivers/far_state.h"

#define NONE ((struct span){ NULL, 0 })

/* Settings. */

static int take_settings(struct far_gateway *gateway, struct span json, char *why, size_t why_size)
{
	const struct settings_table *table = gateway->ops->settings;
	struct arena arena = { 0 };

	if (!table)
		return 0;
	void *values = calloc(1, table->struct_size);
	if (!values)
		return -ENOMEM;
	int error = driver_settings_read(table, values, &arena, json, why, why_size);
	if (error) {
		arena_finish(&arena);
		free(values);
		return error;
	}
	/* In place, as config_adopt() does: the driver keeps the pointer. */
	memcpy(gateway->settings, values, table->struct_size);
	free(values);
	arena_finish(&gateway->arenas[1]);
	gateway->arenas[1] = gateway->arenas[0];
	gateway->arenas[0] = arena;
	return 0;
}

static void on_hello(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	char why[256] = "";

	if (message->silence_ms > 0)
		gateway->silence_ms = message->silence_ms;
	if (message->protocol != DRIVER_PROTOCOL) {
		far_say(gateway, DRIVER_FAILED, "version 1 of the protocol is spoken here");
		far_gateway_stop(gateway, EX_PROTOCOL);
	} else if (take_settings(gateway, data, why, sizeof(why)) < 0) {
		far_say(gateway, DRIVER_FAILED, why);
		far_gateway_stop(gateway, EX_CONFIG);
	}
}

static void on_start(struct far_gateway *gateway)
{
	char why[256] = "";

	if (gateway->driver)
		return;
	int error = gateway->ops->open(
		&gateway->driver, gateway->loop, gateway->settings, &gateway->host, why, sizeof(why));
	if (!error) {
		far_say(gateway, DRIVER_READY, "");
		return;
	}
	gateway->driver = NULL;
	far_say(gateway, DRIVER_FAILED, *why ? why : strerror(-error));
	far_gateway_stop(gateway, EX_UNAVAILABLE);
}

static void on_reload(struct far_gateway *gateway, struct span data)
{
	char why[256] = "", line[320];
	int error = take_settings(gateway, data, why, sizeof(why));

	if (!error && gateway->ops->reload)
		error = gateway->ops->reload(gateway->driver, gateway->settings);
	if (!error)
		return;
	(void)snprintf(line, sizeof(line), "%s.reload_refused error=\"%s\"", gateway->ops->name,
		*why ? why : strerror(-error));
	gateway->host.event(gateway, DRIVER_WARNING, line);
}

/* What the driver is told. */

static int64_t absolute(int64_t relative_ms, int64_t now_ms)
{
	int64_t then_ms = now_ms + relative_ms;

	return relative_ms == 0 ? 0 : then_ms > 0 ? then_ms : 1;
}

static void on_offer(struct far_gateway *gateway, const struct driver_message *message)
{
	int64_t now_ms = (int64_t)uv_now(gateway->loop);
	struct image_source *image = far_images_hold(&gateway->images, message);
	const struct driver_offer offer = {
		.node = message->node,
		.image = image,
		.times = {
			.fetch_from_ms = absolute(message->times.fetch_from_ms, now_ms),
			.fetch_until_ms = absolute(message->times.fetch_until_ms, now_ms),
			.apply_at_ms = absolute(message->times.apply_at_ms, now_ms),
			.apply_until_ms = absolute(message->times.apply_until_ms, now_ms),
		},
	};
	char line[160];

	int error = image ? gateway->ops->offer(gateway->driver, &offer) : -ENOMEM;
	image_source_release(&image);
	if (!error)
		return;
	(void)snprintf(line, sizeof(line), "%s.offer_refused node=%s error=\"%s\"", gateway->ops->name, message->node,
		strerror(-error));
	gateway->host.event(gateway, DRIVER_WARNING, line);
}

static void on_command(struct far_gateway *gateway, const struct driver_message *message)
{
	const struct driver_command command = {
		.node = message->node,
		.id = message->id,
		.text = message->text,
		.until_ms = (int64_t)uv_now(gateway->loop) + message->within_ms,
	};

	if (gateway->ops->command)
		(void)gateway->ops->command(gateway->driver, &command);
}

struct asked {
	struct far_gateway *gateway;
	uint32_t id;
};

static void on_answer(void *context, int result, struct span answer)
{
	struct asked *asked = context;
	struct driver_message message;

	driver_message_init(&message, DRIVER_ANSWER);
	message.id = asked->id;
	message.result = result;
	(void)far_send(asked->gateway, &message, answer);
	free(asked);
}

static void on_ask(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	struct asked *asked = malloc(sizeof(*asked));
	const struct driver_question question = { message->verb, data, on_answer, asked };

	if (!asked)
		return;
	*asked = (struct asked){ gateway, message->id };
	if (gateway->ops->ask)
		gateway->ops->ask(gateway->driver, &question);
	else
		on_answer(asked, -ENOTSUP, NONE);
}

static void on_record(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	const struct driver_record record = { message->name, data, message->secret };

	if (record_shelf_look(&gateway->records, &record) > 0)
		(void)record_shelf_put(&gateway->records, &record);
}

static void deliver_to_driver(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	switch (message->type) {
	case DRIVER_OFFER:
		on_offer(gateway, message);
		return;
	case DRIVER_WITHDRAW:
		(void)gateway->ops->withdraw(gateway->driver, message->node);
		return;
	case DRIVER_COMMAND:
		on_command(gateway, message);
		return;
	case DRIVER_ASK:
		on_ask(gateway, message, data);
		return;
	case DRIVER_RELOAD:
		on_reload(gateway, data);
		return;
	case DRIVER_REPORT_DONE:
		far_report_done(gateway, message);
		return;
	case DRIVER_BYTES:
		if (far_images_take(&gateway->images, message, data))
			gateway->ops->images_ready(gateway->driver);
		return;
	default: /* an answer that came too late */
		return;
	}
}

void far_deliver(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	if (message->type == DRIVER_HELLO)
		on_hello(gateway, message, data);
	else if (message->type == DRIVER_RECORD)
		on_record(gateway, message, data);
	else if (message->type == DRIVER_START)
		on_start(gateway);
	else if (message->type == DRIVER_STOP)
		far_gateway_stop(gateway, EX_OK);
	else if (gateway->driver)
		deliver_to_driver(gateway, message, data);
}
