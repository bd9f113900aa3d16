#include "gateway/upstream.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/log.h"
#include "gateway/remote_commands.h"
#include "gateway/topics.h"

/* A message of upstream's own, until the broker has it. */
struct letter {
	struct letter *next;
	struct uplink_message message; /* owns what it points to */
	uint64_t ticket;
	bool in_flight;
};

struct upstream {
	struct upstream_parts parts;
	struct uplink *uplink;
	struct uplink_host host;
	struct uplink_identity identity;
	struct remote_commands *commands;
	char client_id[96];
	char *will;
	const char *subscriptions[3 + UPSTREAM_FILTERS_MAX];
	const struct upstream_client *clients[UPSTREAM_CLIENTS_MAX];
	size_t client_count;
	struct letter *letters;
	size_t letter_count;
	uint64_t next_ticket;
	unsigned window; /* of the clients; 0: no session */
	struct upstream_figures figures;
};

static struct moment now(const struct upstream *upstream)
{
	return clock_moment(upstream->parts.clock);
}

/* ---- letters ---- */

static void letter_free(struct letter *letter)
{
	free((char *)letter->message.topic);
	free((void *)letter->message.payload);
	free((char *)letter->message.content_type);
	free((void *)letter->message.correlation);
	free(letter);
}

static void *copy_of(const void *data, size_t size)
{
	void *copy = data && size ? malloc(size) : NULL;

	return copy ? memcpy(copy, data, size) : NULL;
}

static struct letter *letter_create(const struct uplink_message *message)
{
	struct letter *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return NULL;
	letter->message = (struct uplink_message){ .topic = strdup(message->topic),
		.payload = copy_of(message->payload, message->size),
		.size = message->size,
		.content_type = message->content_type ? strdup(message->content_type) : NULL,
		.correlation = copy_of(message->correlation, message->correlation_size),
		.correlation_size = message->correlation_size,
		.retain = message->retain,
		.quality = 1 };
	if (!letter->message.topic || (message->size && !letter->message.payload) ||
		(message->correlation_size && !letter->message.correlation)) {
		letter_free(letter);
		return NULL;
	}
	return letter;
}

static void letter_drop(struct upstream *upstream, struct letter *letter)
{
	struct letter **link = &upstream->letters;

	while (*link != letter)
		link = &(*link)->next;
	*link = letter->next;
	upstream->letter_count--;
	letter_free(letter);
}

/* Hands over what waits, in order, as far as the window goes. */
static void send_letters(struct upstream *upstream)
{
	struct letter *next;

	for (struct letter *letter = upstream->letters; letter; letter = next) {
		next = letter->next;
		if (letter->in_flight)
			continue;
		int result = upstream->parts.ops->publish(upstream->uplink, &letter->message, letter->ticket);
		if (result == -ENOBUFS || result == -ENOTCONN || result == -ENOMEM)
			return;
		letter->in_flight = result == 0;
		if (result == 0)
			continue;
		log_warning("uplink.message_dropped topic=%s reason=\"%s\"", letter->message.topic, strerror(-result));
		letter_drop(upstream, letter);
	}
}

int upstream_send(struct upstream *upstream, const struct uplink_message *message)
{
	struct letter **link = &upstream->letters;

	if (upstream->letter_count == UPSTREAM_QUEUE_MAX)
		return -ENOBUFS;
	struct letter *letter = letter_create(message);
	if (!letter)
		return -ENOMEM;
	letter->ticket = UPSTREAM_TICKETS | upstream->next_ticket++;
	while (*link)
		link = &(*link)->next;
	*link = letter;
	upstream->letter_count++;
	if (upstream->window)
		send_letters(upstream);
	return 0;
}

static void on_letter_delivered(struct upstream *upstream, uint64_t ticket, int result)
{
	struct letter *letter = upstream->letters;

	while (letter && letter->ticket != ticket)
		letter = letter->next;
	if (!letter)
		return; /* a status: the next session has its own */
	letter->in_flight = false;
	if (result == -ENOTCONN)
		return;
	if (result < 0)
		log_warning("uplink.message_refused topic=%s reason=\"%s\"", letter->message.topic, strerror(-result));
	letter_drop(upstream, letter);
}

/* ---- status ---- */

/* To be freed. */
static char *status_text(const struct upstream *upstream, const char *state, const char *reason)
{
	json_t *status =
		json_pack("{s:s,s:s,s:s*}", "state", state, "gateway", upstream->parts.gateway, "reason", reason);

	if (status && !reason) {
		json_object_set_new(status, "version", json_string(WAKEGATE_VERSION));
		json_object_set_new(status, "since_ms", json_integer(upstream->figures.since_ms));
	}
	char *text = status ? json_dumps(status, JSON_COMPACT) : NULL;
	json_decref(status);
	return text;
}

static struct uplink_message status_message(const struct upstream *upstream, const char *text)
{
	return (struct uplink_message){ .topic = upstream->parts.topics->status,
		.payload = text,
		.size = text ? strlen(text) : 0,
		.content_type = "application/json",
		.retain = true,
		.quality = 1 };
}

/* Not a letter: it holds for this session only, and goes before all else. */
static void publish_birth(struct upstream *upstream)
{
	char *text = status_text(upstream, "online", NULL);
	struct uplink_message message = status_message(upstream, text);

	(void)upstream->parts.ops->publish(upstream->uplink, &message, UPSTREAM_TICKETS | upstream->next_ticket++);
	free(text);
}

/* At QoS 0, which no full window keeps back; the goodbye follows on the same connection. */
static void publish_farewell(struct upstream *upstream)
{
	char *text = status_text(upstream, "offline", "stopped");
	struct uplink_message message = status_message(upstream, text);

	message.quality = 0;
	(void)upstream->parts.ops->publish(upstream->uplink, &message, UPSTREAM_TICKETS | upstream->next_ticket++);
	free(text);
}

/* ---- what the uplink says ---- */

static void on_connected(void *context, const char *detail, unsigned window)
{
	struct upstream *upstream = context;
	unsigned reserve = window > 7 ? 4 : window > 1;

	upstream->window = window - reserve;
	upstream->figures.connected = true;
	upstream->figures.since_ms = now(upstream).wall_ms;
	upstream->figures.sessions++;
	snprintf(upstream->figures.broker, sizeof(upstream->figures.broker), "%s", detail);
	log_notice("uplink.connected broker=\"%s\" window=%u", detail, window);
	publish_birth(upstream);
	send_letters(upstream);
	for (size_t i = 0; i < upstream->client_count; i++)
		if (upstream->clients[i]->connected)
			upstream->clients[i]->connected(upstream->clients[i]->context, upstream->window, now(upstream));
}

static void on_disconnected(void *context, const char *detail)
{
	struct upstream *upstream = context;

	upstream->window = 0;
	upstream->figures.connected = false;
	upstream->figures.since_ms = now(upstream).wall_ms;
	snprintf(upstream->figures.broker, sizeof(upstream->figures.broker), "%s", detail);
	log_warning("uplink.disconnected broker=\"%s\"", detail);
	for (size_t i = 0; i < upstream->client_count; i++)
		if (upstream->clients[i]->disconnected)
			upstream->clients[i]->disconnected(upstream->clients[i]->context, now(upstream));
}

static void on_delivered(void *context, uint64_t ticket, int result)
{
	struct upstream *upstream = context;

	if (ticket & UPSTREAM_TICKETS)
		on_letter_delivered(upstream, ticket, result);
	/* The window has opened; a client may fill it from within its delivered(). */
	if (upstream->window)
		send_letters(upstream);
	for (size_t i = 0; i < upstream->client_count; i++) {
		const struct upstream_client *client = upstream->clients[i];

		if (ticket & client->tickets && client->delivered)
			client->delivered(client->context, ticket, result, now(upstream));
	}
}

static void on_message(void *context, const struct uplink_message *message)
{
	struct upstream *upstream = context;
	const struct upstream_parts *parts = &upstream->parts;

	if (strcmp(message->topic, parts->topics->commands) == 0) {
		remote_commands_on_message(upstream->commands, message);
		return;
	}
	for (size_t i = 0; i < upstream->client_count; i++) {
		const struct upstream_client *client = upstream->clients[i];

		if (client->prefix && strncmp(message->topic, client->prefix, strlen(client->prefix)) == 0)
			client->message(client->context, message, now(upstream));
	}
}

static void on_connecting(void *context, struct uplink_message *will)
{
	const struct upstream *upstream = context;

	for (size_t i = 0; i < upstream->client_count; i++)
		if (upstream->clients[i]->connecting)
			upstream->clients[i]->connecting(upstream->clients[i]->context, will);
}

static void on_event(void *context, enum driver_level level, const char *line)
{
	static const enum log_level levels[] = { [DRIVER_ERROR] = LOG_LEVEL_ERROR,
		[DRIVER_WARNING] = LOG_LEVEL_WARNING,
		[DRIVER_NOTICE] = LOG_LEVEL_NOTICE,
		[DRIVER_INFO] = LOG_LEVEL_INFO,
		[DRIVER_DEBUG] = LOG_LEVEL_DEBUG };
	struct upstream *upstream = context;

	if (!upstream->figures.connected)
		snprintf(upstream->figures.broker, sizeof(upstream->figures.broker), "%s", line);
	log_line(levels[level], "%s", line);
}

/* ---- the gateway's side ---- */

int upstream_attach(struct upstream *upstream, const struct upstream_client *client)
{
	if (upstream->client_count == UPSTREAM_CLIENTS_MAX)
		return -ENOBUFS;
	assert((client->tickets & UPSTREAM_TICKETS) == 0);
	upstream->clients[upstream->client_count++] = client;
	if (upstream->window && client->connected)
		client->connected(client->context, upstream->window, now(upstream));
	return 0;
}

int upstream_publish(struct upstream *upstream, const struct uplink_message *message, uint64_t ticket)
{
	return upstream->parts.ops->publish(upstream->uplink, message, ticket);
}

bool upstream_is_connected(const struct upstream *upstream)
{
	return upstream->window > 0;
}

void upstream_figures(const struct upstream *upstream, struct upstream_figures *out)
{
	*out = upstream->figures;
	out->waiting = upstream->letter_count;
	upstream->parts.ops->traffic(upstream->uplink, &out->bytes_sent, &out->bytes_received);
}

int upstream_reload(struct upstream *upstream)
{
	if (!upstream->parts.ops->reload)
		return -ENOTSUP;
	return upstream->parts.ops->reload(upstream->uplink, upstream->parts.uplink_settings);
}

static int send_answer(void *context, const struct uplink_message *message)
{
	return upstream_send(context, message);
}

static int open_commands(struct upstream *upstream)
{
	const struct remote_commands_parts parts = { .control = upstream->parts.control,
		.clock = upstream->parts.clock,
		.allowed = &upstream->parts.settings->remote_commands,
		.replies = upstream->parts.topics->replies,
		.send = send_answer,
		.context = upstream };

	return remote_commands_open(&upstream->commands, &parts);
}

static void describe_identity(struct upstream *upstream)
{
	const struct topics *topics = upstream->parts.topics;

	snprintf(upstream->client_id, sizeof(upstream->client_id), "wakegate-%s", upstream->parts.gateway);
	upstream->subscriptions[0] = topics->manifests;
	upstream->subscriptions[1] = topics->commands;
	upstream->subscriptions[2] = topics->block_filter;
	for (size_t i = 0; i < upstream->parts.filter_count; i++)
		upstream->subscriptions[3 + i] = upstream->parts.filters[i];
	upstream->identity = (struct uplink_identity){ .client_id = upstream->client_id,
		.will = status_message(upstream, upstream->will),
		.subscriptions = upstream->subscriptions,
		.subscription_count = 3 + upstream->parts.filter_count };
	upstream->host = (struct uplink_host){ .context = upstream,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.message = on_message,
		.delivered = on_delivered,
		.connecting = on_connecting,
		.event = on_event };
}

int upstream_open(struct upstream **out, const struct upstream_parts *parts, char *why, size_t why_size)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	int result = -ENOMEM;

	snprintf(why, why_size, "no memory for the uplink");
	if (!upstream)
		return -ENOMEM;
	assert(parts->filter_count <= UPSTREAM_FILTERS_MAX);
	upstream->parts = *parts;
	upstream->will = status_text(upstream, "offline", "lost");
	if (!upstream->will || open_commands(upstream) < 0)
		goto fail;
	describe_identity(upstream);
	result = parts->ops->open(&upstream->uplink, parts->loop, parts->uplink_settings, &upstream->identity,
		&upstream->host, why, why_size);
	if (result < 0)
		goto fail;
	*out = upstream;
	return 0;
fail:
	upstream_close(upstream);
	return result;
}

void upstream_close(struct upstream *upstream)
{
	if (!upstream)
		return;
	remote_commands_close(upstream->commands);
	for (size_t i = 0; upstream->window && i < upstream->client_count; i++)
		if (upstream->clients[i]->closing)
			upstream->clients[i]->closing(upstream->clients[i]->context);
	if (upstream->window)
		publish_farewell(upstream);
	if (upstream->uplink)
		upstream->parts.ops->close(upstream->uplink);
	while (upstream->letters)
		letter_drop(upstream, upstream->letters);
	free(upstream->will);
	free(upstream);
}

/* ---- settings ---- */

static const struct setting settings_list[] = {
	{ .name = "remote_commands",
		.type = SETTING_LIST,
		.offset = offsetof(struct upstream_settings, remote_commands),
		.initial = "[ \"*\" ]",
		.least = 0,
		.most = 64,
		.reloadable = true,
		.help = "Commands that may come from upstream: names, \"node.*\" or \"*\" for all that may be asked "
			"remotely." },
};

const struct settings_table upstream_settings_table = {
	.group = "upstream",
	.help = "What the fleet server may ask of this gateway.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct upstream_settings),
};
