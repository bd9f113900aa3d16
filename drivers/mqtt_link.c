#include "drivers/mqtt_link.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/chance.h"
#include "drivers/password_file.h"
#include "drivers/reconnect.h"

#define INPUT_SIZE (2 * MQTT_MESSAGE_MAX) /* more than the largest packet, or the head of one that is passed over */
#define OUTPUT_MAX (1024 * 1024)
#define OUTPUT_KEPT (256 * 1024) /* of it for what cannot wait: acknowledgements and messages at quality 1 */

/* One attempt and what comes of it; lives until libuv has closed its socket. */
struct connection {
	struct mqtt_link *link; /* NULL: abandoned */
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	uint8_t *writing; /* NULL: nothing */
};

/* A name being resolved. */
struct lookup {
	struct mqtt_link *link; /* NULL: abandoned */
	uv_getaddrinfo_t request;
};

struct mqtt_link {
	uv_loop_t *loop;
	struct mqtt_link_config config;
	struct mqtt_link_host host;
	struct mqtt_client *client;
	struct reconnect reconnect;
	uv_timer_t timer; /* of the attempt, of the pause, or of the next ping */
	uv_timer_t turn;  /* what is to be done when the callbacks of this round are over */
	unsigned open_handles;
	struct lookup *lookup;
	struct addrinfo *addresses, *address; /* all of the host, and the one tried */
	struct connection *connection;
	bool open; /* the session stands */
	bool reading;
	bool taking;   /* mqtt_client_take() is on the stack */
	bool overflow; /* the broker does not take what is sent */
	int64_t began_ms;
	size_t input_size;
	uint8_t *output;
	size_t output_size, output_room;
	uint8_t input[INPUT_SIZE];
};

static void start_attempt(struct mqtt_link *link);

static int64_t now_ms(const struct mqtt_link *link)
{
	return (int64_t)uv_now(link->loop);
}

/* ---- ends ---- */

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	free(connection->writing);
	free(connection);
}

static void abandon_connection(struct mqtt_link *link)
{
	if (link->lookup)
		link->lookup->link = NULL;
	link->lookup = NULL;
	if (link->connection) {
		link->connection->link = NULL;
		uv_close((uv_handle_t *)&link->connection->tcp, on_connection_closed);
	}
	link->connection = NULL;
	link->reading = false;
	link->overflow = false;
	link->input_size = link->output_size = 0;
	mqtt_client_end(link->client);
}

static void forget_addresses(struct mqtt_link *link)
{
	uv_freeaddrinfo(link->addresses);
	link->addresses = link->address = NULL;
}

static void on_pause_over(uv_timer_t *timer)
{
	start_attempt(timer->data);
}

/* The attempt came to nothing, or the session is lost. */
static void go_down(struct mqtt_link *link, const char *reason)
{
	bool stood = link->open;
	int64_t lasted_ms = now_ms(link) - link->began_ms;

	link->open = false;
	abandon_connection(link);
	forget_addresses(link);
	int64_t pause_ms = stood ? reconnect_after_session(&link->reconnect, lasted_ms, chance_bits())
				 : reconnect_after_failure(&link->reconnect, false, chance_bits());
	uv_timer_start(&link->timer, on_pause_over, (uint64_t)pause_ms, 0);
	link->host.down(link->host.client.context, stood, reason, pause_ms);
}

/* ---- output ---- */

static void flush_output(struct mqtt_link *link);

static void on_written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;
	struct mqtt_link *link = connection->link;

	free(connection->writing);
	connection->writing = NULL;
	if (!link)
		return;
	if (status < 0) {
		go_down(link, uv_strerror(status));
		return;
	}
	flush_output(link);
	link->host.drained(link->host.client.context);
}

static void flush_output(struct mqtt_link *link)
{
	struct connection *connection = link->connection;

	if (!connection || connection->writing || link->output_size == 0)
		return;
	uv_buf_t buffer = uv_buf_init((char *)link->output, (unsigned)link->output_size);
	connection->writing = link->output;
	link->output = NULL;
	link->output_size = link->output_room = 0;
	int result = uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_written);
	if (result < 0)
		go_down(link, uv_strerror(result));
}

static void take_input(struct mqtt_link *link);

static void on_turn(uv_timer_t *timer)
{
	struct mqtt_link *link = timer->data;

	if (link->overflow) {
		go_down(link, "the broker does not take what is sent");
		return;
	}
	take_input(link);
	flush_output(link);
}

/* Not at once: callbacks of the gateway are under way, and what they say goes in one write. */
static void arrange_turn(struct mqtt_link *link)
{
	if (!uv_is_active((uv_handle_t *)&link->turn))
		uv_timer_start(&link->turn, on_turn, 0, 0);
}

static int grow_output(struct mqtt_link *link, size_t size)
{
	size_t room = link->output_room ? link->output_room : 1024;

	while (room < size)
		room *= 2;
	uint8_t *output = realloc(link->output, room);
	if (!output)
		return -ENOMEM;
	link->output = output;
	link->output_room = room;
	return 0;
}

static void send_packet(void *context, const struct mqtt_packet *packet)
{
	struct mqtt_link *link = context;
	size_t size = link->output_size + mqtt_packet_size(packet);
	struct writer out;

	arrange_turn(link);
	if (size > OUTPUT_MAX || (size > link->output_room && grow_output(link, size) < 0)) {
		link->overflow = true;
		return;
	}
	writer_init(&out, link->output + link->output_size, link->output_room - link->output_size);
	mqtt_packet_write(&out, packet);
	link->output_size += writer_size(&out);
}

/* ---- input ---- */

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer);

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;
	struct mqtt_link *link = connection->link;

	*buffer = uv_buf_init((char *)link->input + link->input_size, (unsigned)(INPUT_SIZE - link->input_size));
}

/* Reads while there is someone to take it. */
static void watch_input(struct mqtt_link *link)
{
	bool wanted = link->connection && !mqtt_client_is_full(link->client) && link->input_size < INPUT_SIZE;

	if (wanted && !link->reading)
		(void)uv_read_start((uv_stream_t *)&link->connection->tcp, on_allocate, on_read);
	if (!wanted && link->reading && link->connection)
		(void)uv_read_stop((uv_stream_t *)&link->connection->tcp);
	link->reading = wanted;
}

static void on_ping_due(uv_timer_t *timer)
{
	struct mqtt_link *link = timer->data;
	int64_t next_ms = mqtt_client_tick(link->client, now_ms(link));

	if (next_ms < 0)
		go_down(link, "the broker is silent");
	else
		uv_timer_start(&link->timer, on_ping_due, (uint64_t)next_ms, 0);
}

static const char *fault_text(const struct mqtt_link *link, int fault)
{
	switch (fault) {
	case -ECONNREFUSED:
		return mqtt_client_refusal(link->client);
	case -EACCES:
		return "the broker grants less than the subscriptions ask for";
	default:
		return "the broker does not keep to MQTT 3.1.1";
	}
}

static void take_input(struct mqtt_link *link)
{
	if (!link->connection || link->taking)
		return;
	link->taking = true;
	int used = mqtt_client_take(link->client, link->input, link->input_size, now_ms(link));
	link->taking = false;
	if (used < 0) {
		go_down(link, fault_text(link, used));
		return;
	}
	link->input_size -= (size_t)used;
	memmove(link->input, link->input + used, link->input_size);
	if (!link->open && mqtt_client_is_open(link->client)) {
		link->open = true;
		link->began_ms = now_ms(link);
		on_ping_due(&link->timer);
	}
	watch_input(link);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;
	struct mqtt_link *link = connection->link;

	if (size < 0) {
		go_down(link, size == UV_EOF ? "the broker closed the connection" : uv_strerror((int)size));
		return;
	}
	link->input_size += (size_t)size;
	take_input(link);
}

/* ---- connecting ---- */

static void try_address(struct mqtt_link *link);

static void on_connected(uv_connect_t *request, int status)
{
	struct connection *connection = request->data;
	struct mqtt_link *link = connection->link;
	char password[PASSWORD_SIZE], reason[300];
	const char *path;

	if (!link)
		return;
	if (status < 0 && link->address->ai_next) {
		abandon_connection(link);
		link->address = link->address->ai_next;
		try_address(link);
		return;
	}
	if (status < 0) {
		go_down(link, uv_strerror(status));
		return;
	}
	path = link->config.password_file;
	int result = path ? password_file_read(path, password) : 0;
	if (result < 0) {
		(void)snprintf(reason, sizeof(reason), "%s: %s", path, strerror(-result));
		go_down(link, reason);
		return;
	}
	(void)uv_tcp_nodelay(&connection->tcp, 1);
	mqtt_client_begin(link->client, path ? password : NULL, now_ms(link));
	explicit_bzero(password, sizeof(password));
	watch_input(link);
}

static void try_address(struct mqtt_link *link)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		go_down(link, "out of memory");
		return;
	}
	(void)uv_tcp_init(link->loop, &connection->tcp);
	connection->tcp.data = connection->connect.data = connection->write.data = connection;
	connection->link = link;
	link->connection = connection;
	int result = uv_tcp_connect(&connection->connect, &connection->tcp, link->address->ai_addr, on_connected);
	if (result < 0)
		go_down(link, uv_strerror(result));
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct lookup *lookup = request->data;
	struct mqtt_link *link = lookup->link;

	free(lookup);
	if (!link) {
		uv_freeaddrinfo(addresses);
		return;
	}
	link->lookup = NULL;
	link->addresses = link->address = addresses;
	if (status < 0)
		go_down(link, uv_strerror(status));
	else
		try_address(link);
}

static void look_up(struct mqtt_link *link, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup) {
		go_down(link, "out of memory");
		return;
	}
	lookup->link = link;
	lookup->request.data = lookup;
	int result = uv_getaddrinfo(link->loop, &lookup->request, on_resolved, link->config.host, port, &hints);
	if (result < 0) {
		free(lookup);
		go_down(link, uv_strerror(result));
		return;
	}
	link->lookup = lookup;
}

static void on_attempt_late(uv_timer_t *timer)
{
	go_down(timer->data, "no answer in time");
}

static void start_attempt(struct mqtt_link *link)
{
	const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", link->config.port);
	uv_timer_start(&link->timer, on_attempt_late, (uint64_t)link->config.connect_timeout_ms, 0);
	/* An address needs no resolver, and so no thread of libuv's. */
	if (getaddrinfo(link->config.host, port, &numeric, &link->addresses) != 0) {
		link->addresses = NULL;
		look_up(link, port);
		return;
	}
	link->address = link->addresses;
	try_address(link);
}

/* ---- the link ---- */

int mqtt_link_open(struct mqtt_link **out, struct uv_loop_s *loop, const struct mqtt_link_config *config,
	const struct mqtt_link_host *host)
{
	struct mqtt_link *link = calloc(1, sizeof(*link));
	struct mqtt_client_config client = config->client;

	if (!link)
		return -ENOMEM;
	link->loop = loop;
	link->config = *config;
	link->host = *host;
	client.send = send_packet;
	client.send_context = link;
	int result = mqtt_client_open(&link->client, &client, &host->client);
	if (result < 0) {
		free(link);
		return result;
	}
	reconnect_init(&link->reconnect, config->backoff_least_ms, config->backoff_most_ms, 1);
	(void)uv_timer_init(loop, &link->timer);
	(void)uv_timer_init(loop, &link->turn);
	link->timer.data = link->turn.data = link;
	link->open_handles = 2;
	/* From the loop: nothing is told before open() has returned. */
	uv_timer_start(&link->timer, on_pause_over, 0, 0);
	*out = link;
	return 0;
}

void mqtt_link_acknowledge(struct mqtt_link *link, uint64_t ticket)
{
	bool was_full = mqtt_client_is_full(link->client);

	mqtt_client_acknowledge(link->client, ticket);
	if (was_full)
		arrange_turn(link);
}

bool mqtt_link_is_waiting(const struct mqtt_link *link, uint64_t ticket)
{
	return mqtt_client_is_waiting(link->client, ticket);
}

int mqtt_link_publish(struct mqtt_link *link, const struct mqtt_publish *message)
{
	return mqtt_client_publish(link->client, message);
}

bool mqtt_link_has_room(const struct mqtt_link *link, size_t bytes)
{
	return link->open && link->output_size + bytes <= OUTPUT_MAX - OUTPUT_KEPT;
}

static void on_closed(uv_handle_t *handle)
{
	struct mqtt_link *link = handle->data;

	if (--link->open_handles == 0)
		free(link);
}

/* What waits to leave and DISCONNECT, as far as the socket takes them now. */
static void say_goodbye(struct mqtt_link *link)
{
	if (!link->open || link->connection->writing)
		return;
	send_packet(link, &(struct mqtt_packet){ .type = MQTT_DISCONNECT });
	uv_buf_t buffer = uv_buf_init((char *)link->output, (unsigned)link->output_size);
	(void)uv_try_write((uv_stream_t *)&link->connection->tcp, &buffer, 1);
}

void mqtt_link_close(struct mqtt_link *link)
{
	if (!link)
		return;
	say_goodbye(link);
	abandon_connection(link);
	forget_addresses(link);
	mqtt_client_close(link->client);
	free(link->output);
	uv_close((uv_handle_t *)&link->timer, on_closed);
	uv_close((uv_handle_t *)&link->turn, on_closed);
}
