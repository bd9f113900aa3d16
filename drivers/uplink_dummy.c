#include "drivers/uplink_dummy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct uplink {
	const struct uplink_host *host;
	bool connected;
	unsigned window;
	unsigned in_flight;
	uint64_t bytes_sent;
	uint64_t bytes_received;
	struct uplink_dummy_publish **publishes;
	size_t count;
};

static int dummy_open(struct uplink **out, struct uv_loop_s *loop, const void *settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	if (!uplink)
		return -ENOMEM;
	uplink->host = host;
	*out = uplink;
	return 0;
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void *copy_bytes(const void *data, size_t size)
{
	char *copy = calloc(1, size + 1);

	if (copy && size)
		memcpy(copy, data, size);
	return copy;
}

static struct uplink_dummy_publish *record(const struct uplink_message *message, uint64_t ticket)
{
	struct uplink_dummy_publish *publish = calloc(1, sizeof(*publish));

	if (!publish)
		return NULL;
	publish->ticket = ticket;
	publish->message = *message;
	publish->message.topic = copy_text(message->topic);
	publish->message.payload = copy_bytes(message->payload, message->size);
	publish->message.content_type = copy_text(message->content_type);
	publish->message.response_topic = copy_text(message->response_topic);
	publish->message.correlation = copy_bytes(message->correlation, message->correlation_size);
	return publish;
}

static int dummy_publish(struct uplink *uplink, const struct uplink_message *message, uint64_t ticket)
{
	if (!uplink->connected)
		return -ENOTCONN;
	if (message->size > UPLINK_MESSAGE_MAX)
		return -EMSGSIZE;
	if (message->quality > 0 && uplink->in_flight >= uplink->window)
		return -ENOBUFS;
	struct uplink_dummy_publish **grown =
		realloc(uplink->publishes, (uplink->count + 1) * sizeof(struct uplink_dummy_publish *));
	if (!grown)
		return -ENOMEM;
	uplink->publishes = grown;
	struct uplink_dummy_publish *publish = record(message, ticket);
	if (!publish)
		return -ENOMEM;
	uplink->publishes[uplink->count++] = publish;
	uplink->in_flight += message->quality > 0;
	uplink->bytes_sent += strlen(message->topic) + message->size;
	return 0;
}

static void dummy_traffic(const struct uplink *uplink, uint64_t *bytes_sent, uint64_t *bytes_received)
{
	*bytes_sent = uplink->bytes_sent;
	*bytes_received = uplink->bytes_received;
}

static void answer(struct uplink *uplink, struct uplink_dummy_publish *publish, int result)
{
	publish->delivered = true;
	uplink->in_flight -= publish->message.quality > 0;
	uplink->host->delivered(uplink->host->context, publish->ticket, result);
}

static void answer_all(struct uplink *uplink, int result)
{
	/* Those published from within delivered() wait for their own answer. */
	size_t count = uplink->count;

	for (size_t i = 0; i < count; i++)
		if (!uplink->publishes[i]->delivered)
			answer(uplink, uplink->publishes[i], result);
}

void uplink_dummy_connect(struct uplink *uplink, unsigned window)
{
	uplink->connected = true;
	uplink->window = window;
	uplink->host->connected(uplink->host->context, "dummy", window);
}

void uplink_dummy_disconnect(struct uplink *uplink)
{
	uplink->connected = false;
	answer_all(uplink, -ENOTCONN);
	uplink->host->disconnected(uplink->host->context, "dummy");
}

int uplink_dummy_deliver(struct uplink *uplink, uint64_t ticket, int result)
{
	for (size_t i = 0; i < uplink->count; i++) {
		struct uplink_dummy_publish *publish = uplink->publishes[i];

		if (publish->delivered || publish->ticket != ticket)
			continue;
		answer(uplink, publish, result);
		return 0;
	}
	return -ENOENT;
}

void uplink_dummy_deliver_all(struct uplink *uplink)
{
	answer_all(uplink, 0);
}

void uplink_dummy_receive(struct uplink *uplink, const struct uplink_message *message)
{
	uplink->bytes_received += strlen(message->topic) + message->size;
	uplink->host->message(uplink->host->context, message);
}

size_t uplink_dummy_count(const struct uplink *uplink)
{
	return uplink->count;
}

const struct uplink_dummy_publish *uplink_dummy_at(const struct uplink *uplink, size_t index)
{
	return uplink->publishes[index];
}

static void publish_free(struct uplink_dummy_publish *publish)
{
	free((char *)publish->message.topic);
	free((void *)publish->message.payload);
	free((char *)publish->message.content_type);
	free((char *)publish->message.response_topic);
	free((void *)publish->message.correlation);
	free(publish);
}

static void dummy_close(struct uplink *uplink)
{
	if (!uplink)
		return;
	for (size_t i = 0; i < uplink->count; i++)
		publish_free(uplink->publishes[i]);
	free(uplink->publishes);
	free(uplink);
}

const struct uplink_ops uplink_dummy = {
	.name = "dummy",
	.open = dummy_open,
	.publish = dummy_publish,
	.traffic = dummy_traffic,
	.close = dummy_close,
};
