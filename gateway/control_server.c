#include "gateway/control_server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "config/settings.h"
#include "drivers/message_socket.h"
#include "gateway/control.h"

#define LINGER_MS 500 /* for replies that are on their way when the daemon stops */

static int check_settings(const void *values, bool present, char *why, size_t why_size);

static const struct setting table[] = {
	{ .name = "socket",
		.type = SETTING_FILE,
		.offset = offsetof(struct control_settings, socket),
		.initial = "/run/wakegate/control.sock",
		.least = 1,
		.most = MESSAGE_PATH_MAX,
		.help = "Where the daemon listens for the operator's command line." },
	{ .name = "mode",
		.type = SETTING_TEXT,
		.offset = offsetof(struct control_settings, mode),
		.initial = "0660",
		.least = 3,
		.most = 4,
		.help = "Mode of the socket file in octal: who may write to it may command the gateway." },
	{ .name = "group",
		.type = SETTING_TEXT,
		.offset = offsetof(struct control_settings, group),
		.least = 1,
		.most = 32,
		.example = "wakegate",
		.help = "Group of the socket file; without it the group that the daemon runs as." },
	{ .name = "client_timeout",
		.type = SETTING_DURATION,
		.offset = offsetof(struct control_settings, client_timeout_ms),
		.initial = "15 s",
		.least = 1000,
		.most = 3600 * 1000,
		.help = "A program that watches something and is silent for so long counts as gone." },
};

const struct settings_table control_settings_table = {
	.group = "control",
	.help = "The socket of the operator's command line.",
	.settings = table,
	.count = sizeof(table) / sizeof(table[0]),
	.struct_size = sizeof(struct control_settings),
	.check = check_settings,
};

struct client;

/* A request that is being answered. */
struct slot {
	struct client *client; /* NULL: free */
	struct control_request *request;
};

/* A peer with at least one request that is being answered. */
struct client {
	struct control_server *server;
	uint8_t peer[ROUTER_PEER_MAX];
	size_t peer_size;
	unsigned outstanding; /* 0: free */
	bool gone;
	uint64_t heard_ms;
	struct slot slots[CONTROL_CLIENT_REQUESTS_MAX];
};

struct control_server {
	struct control *control;
	struct message_context *context;
	struct message_socket *socket;
	uv_timer_t timer;
	int64_t client_timeout_ms;
	struct client clients[CONTROL_CLIENTS_MAX];
};

static int parse_mode(const char *text, unsigned *out)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (!*text || *end || mode > 0777)
		return -EINVAL;
	*out = (unsigned)mode;
	return 0;
}

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct control_settings *control = values;
	unsigned mode;

	if (parse_mode(control->mode, &mode) == 0)
		return 0;
	snprintf(why, why_size, "control.mode: found \"%s\", allowed are octal modes like \"0660\"", control->mode);
	return -EINVAL;
}

static void slot_free(struct slot *slot)
{
	slot->client->outstanding--;
	*slot = (struct slot){ 0 };
}

static int send_text(struct control_server *server, struct message_frame peer, const char *json, size_t size)
{
	struct message message = { .count = 2, .frames = { peer, { json, size } } };

	return message_socket_send(server->socket, &message);
}

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	struct slot *slot = context;
	struct client *client = slot->client;
	int result = send_text(client->server, (struct message_frame){ client->peer, client->peer_size }, json, size);

	if (result == -EHOSTUNREACH)
		client->gone = true;
	if (last)
		slot_free(slot);
	return result == -EAGAIN ? -ENOBUFS : result;
}

static void drop_client(struct client *client)
{
	for (size_t i = 0; i < CONTROL_CLIENT_REQUESTS_MAX; i++) {
		struct slot *slot = &client->slots[i];
		if (!slot->client)
			continue;
		control_cancel(slot->request);
		slot_free(slot);
	}
}

static bool holds_stream(const struct client *client)
{
	for (size_t i = 0; i < CONTROL_CLIENT_REQUESTS_MAX; i++)
		if (client->slots[i].client && control_is_stream(client->slots[i].request))
			return true;
	return false;
}

static bool is_lost(const struct client *client, uint64_t now_ms)
{
	uint64_t silent_ms = now_ms - client->heard_ms;

	/* Who waits for one answer need not say that it still does. */
	return client->gone || (holds_stream(client) && silent_ms > (uint64_t)client->server->client_timeout_ms);
}

static void on_timer(uv_timer_t *timer)
{
	struct control_server *server = timer->data;
	bool waiting = false;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];
		if (client->outstanding && is_lost(client, uv_now(timer->loop)))
			drop_client(client);
		waiting |= client->outstanding > 0;
	}
	if (!waiting)
		uv_timer_stop(timer);
}

static struct client *find_client(struct control_server *server, struct message_frame peer)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];
		if (client->outstanding && client->peer_size == peer.size &&
			memcmp(client->peer, peer.data, peer.size) == 0)
			return client;
	}
	return NULL;
}

static struct client *add_client(struct control_server *server, struct message_frame peer)
{
	if (peer.size > ROUTER_PEER_MAX)
		return NULL;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];
		if (client->outstanding)
			continue;
		client->server = server;
		client->gone = false;
		memcpy(client->peer, peer.data, peer.size);
		client->peer_size = peer.size;
		return client;
	}
	return NULL;
}

static struct slot *take_slot(struct client *client)
{
	for (size_t i = 0; client && i < CONTROL_CLIENT_REQUESTS_MAX; i++) {
		struct slot *slot = &client->slots[i];
		if (slot->client)
			continue;
		slot->client = client;
		client->outstanding++;
		return slot;
	}
	return NULL;
}

static void refuse(struct control_server *server, struct message_frame peer)
{
	static const char busy[] = "{\"ok\":false,\"error\":{\"code\":\"busy\",\"message\":"
				   "\"too many requests are being answered; try again\"}}";

	(void)send_text(server, peer, busy, sizeof(busy) - 1);
}

static void on_message(void *context, const struct message *message)
{
	struct control_server *server = context;
	struct message_frame peer = message->frames[0];
	struct client *client = find_client(server, peer);

	if (message->count < 2 || message->count > 3)
		return;
	if (!client)
		client = add_client(server, peer);
	if (client)
		client->heard_ms = uv_now(server->timer.loop);
	struct slot *slot = take_slot(client);
	if (!slot) {
		refuse(server, peer);
		return;
	}
	const struct control_asker asker = {
		.name = "operator",
		.uid_known = message->peer.known,
		.uid = message->peer.uid,
		.pid = message->peer.pid,
		.reply = on_reply,
		.context = slot,
	};
	const struct message_frame *last = &message->frames[2];
	struct control_bytes bytes =
		message->count == 3 ? (struct control_bytes){ last->data, last->size } : (struct control_bytes){ 0 };
	struct control_request *request =
		control_dispatch(server->control, &asker, message->frames[1].data, message->frames[1].size, &bytes);
	if (request)
		slot->request = request;
	if (request && !uv_is_active((uv_handle_t *)&server->timer))
		uv_timer_start(&server->timer, on_timer, (uint64_t)server->client_timeout_ms / 4,
			(uint64_t)server->client_timeout_ms / 4);
}

static int listen_at(struct control_server *server, const struct control_settings *settings, char *why, size_t why_size)
{
	char endpoint[sizeof("ipc://") + MESSAGE_PATH_MAX + 1];
	struct message_options options = {
		.role = MESSAGE_ROUTER,
		.endpoint = endpoint,
		.group = settings->group,
		.frame_max = CONTROL_REQUEST_MAX,
		.queue_max = CONTROL_QUEUE_MAX,
		.linger_ms = LINGER_MS,
	};

	/* One byte more than is allowed goes through, so that message_socket_bind() says what is wrong. */
	snprintf(endpoint, sizeof(endpoint), "ipc://%s", settings->socket);
	if (parse_mode(settings->mode, &options.mode) < 0)
		return -EINVAL;
	server->context = message_context_open();
	if (!server->context)
		return -ENOMEM;
	return message_socket_bind(&server->socket, server->context, &options, why, why_size);
}

int control_server_open(struct control_server **out, struct uv_loop_s *loop, struct control *control,
	const struct control_settings *settings, char *why, size_t why_size)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->control = control;
	server->client_timeout_ms = settings->client_timeout_ms;
	int result = listen_at(server, settings, why, why_size);
	if (result == 0)
		result = message_socket_watch(server->socket, loop, on_message, server);
	if (result < 0) {
		message_socket_close(server->socket);
		message_context_close(server->context);
		free(server);
		return result;
	}
	uv_timer_init(loop, &server->timer);
	server->timer.data = server;
	*out = server;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void control_server_close(struct control_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		drop_client(&server->clients[i]);
	message_socket_close(server->socket);
	message_context_close(server->context);
	uv_close((uv_handle_t *)&server->timer, on_timer_closed);
}
