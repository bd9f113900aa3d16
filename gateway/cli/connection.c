#include "gateway/cli/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/message_socket.h"
#include "gateway/control.h"
#include "gateway/moment.h"

#define REPLY_MAX (16 * 1024 * 1024) /* bytes */
#define QUEUE_MAX 1000
#define PROBE_EVERY_MS 500 /* libzmq does not say that the peer is gone */
#define LINGER_MS 100
#define BY_MAX 64 /* bytes, see docs/control.md */

struct connection {
	struct message_context *context;
	struct message_socket *socket;
	char endpoint[sizeof("ipc://") + MESSAGE_PATH_MAX + 1];
	int last_id;
};

int connection_open(struct connection **out, const char *socket, char *why, size_t why_size)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct message_options options = {
		.role = MESSAGE_DEALER, .frame_max = REPLY_MAX, .queue_max = QUEUE_MAX, .linger_ms = LINGER_MS
	};
	int result = -ENOMEM;

	if (!connection)
		return result;
	/* One byte more than is allowed goes through, so that message_socket_connect() says what is wrong. */
	snprintf(connection->endpoint, sizeof(connection->endpoint), "ipc://%s", socket);
	options.endpoint = connection->endpoint;
	connection->context = message_context_open();
	if (connection->context)
		result = message_socket_connect(&connection->socket, connection->context, &options, why, why_size);
	if (result < 0) {
		connection_close(connection);
		return result;
	}
	*out = connection;
	return 0;
}

int connection_send(struct connection *connection, json_t *request, const struct control_bytes *bytes, int *id)
{
	struct message message = { .count = 1 };
	int number = connection->last_id + 1;
	const char *user = getenv("SUDO_USER");

	if (json_object_set_new(request, "id", json_integer(number)) < 0)
		return -ENOMEM;
	/* Who is behind root; the daemon takes it for what it is, the client's word. */
	if (user && strlen(user) <= BY_MAX)
		(void)json_object_set_new(request, "by", json_string(user));
	char *text = json_dumps(request, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	message.frames[0] = (struct message_frame){ text, strlen(text) };
	if (bytes)
		message.frames[message.count++] = (struct message_frame){ bytes->data, bytes->size };
	int result = message_socket_send(connection->socket, &message);
	free(text);
	if (result == 0)
		*id = connection->last_id = number;
	return result;
}

static int take_reply(struct connection *connection, json_t **reply, int *id)
{
	struct message message;
	int result = message_socket_receive(connection->socket, &message);

	if (result < 0)
		return result;
	json_t *json = json_loadb(message.frames[0].data, message.frames[0].size, 0, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		return -EPROTO;
	}
	*id = (int)json_integer_value(json_object_get(json, "id"));
	*reply = json;
	return 0;
}

int connection_receive(struct connection *connection, int other_fd, int timeout_ms, json_t **reply, int *id)
{
	int64_t until = clock_moment(&machine_clock).monotonic_ms + timeout_ms;

	for (;;) {
		int result = take_reply(connection, reply, id);
		if (result != -EAGAIN)
			return result;
		int64_t left = until - clock_moment(&machine_clock).monotonic_ms;
		if (left <= 0)
			return -ETIMEDOUT;
		int ready = message_socket_wait(
			connection->socket, other_fd, left < PROBE_EVERY_MS ? (int)left : PROBE_EVERY_MS);
		if (ready < 0)
			return ready;
		if (ready == MESSAGE_OTHER)
			return -EAGAIN;
		if (ready == 0 && message_endpoint_probe(connection->endpoint) < 0)
			return -ECONNRESET;
	}
}

void connection_close(struct connection *connection)
{
	if (!connection)
		return;
	message_socket_close(connection->socket);
	message_context_close(connection->context);
	free(connection);
}
