#include "drivers/coap_server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/coap_dedup.h"
#include "drivers/coap_parking.h"
#include "protocols/cursor.h"

#define RESPONSE_MAX (COAP_PAYLOAD_MAX + 128) /* all options of a response take less than 64 bytes */
#define TRANSMISSIONS_MAX 5                   /* the first and MAX_RETRANSMIT more (RFC 7252 section 4.8) */
#define FIRST_RESEND_MS 2500                  /* ACK_TIMEOUT * ACK_RANDOM_FACTOR lies between 2 and 3 s */
#define OVERLOAD_MAX_AGE_S 30
#define ANSWERS_AHEAD 3 /* for which memory is fetched into the cache */

struct coap_server {
	struct coap_transport transport;
	struct coap_resources resources;
	struct coap_dedup *dedup;
	struct siphash_key fingerprint_key;
	struct coap_server_counters counters;
	uint16_t next_id;
	size_t waiting_count;   /* exchanges without an answer */
	uint64_t late_position; /* every exchange before it has its answer or its empty ACK */
	struct coap_exchange *outstanding[COAP_OUTSTANDING_MAX];
	size_t outstanding_count;
	struct coap_parking parking;
	uint8_t payload[COAP_PAYLOAD_MAX];
};

int coap_server_open(struct coap_server **out, size_t exchanges, const struct coap_transport *transport,
	const struct coap_resources *resources)
{
	struct coap_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	int result = coap_dedup_open(&server->dedup, exchanges);
	if (result == 0 && (getrandom(&server->next_id, sizeof(server->next_id), 0) < 0 ||
				   getrandom(&server->fingerprint_key, sizeof(server->fingerprint_key), 0) < 0))
		result = -errno;
	if (result < 0) {
		coap_dedup_close(server->dedup);
		free(server);
		return result;
	}
	server->transport = *transport;
	server->resources = *resources;
	*out = server;
	return 0;
}

void coap_server_close(struct coap_server *server)
{
	if (!server)
		return;
	assert(server->waiting_count == 0);
	coap_dedup_close(server->dedup);
	free(server);
}

const struct coap_server_counters *coap_server_counters(const struct coap_server *server)
{
	return &server->counters;
}

bool coap_server_is_waiting(const struct coap_server *server)
{
	return server->waiting_count > 0 || server->outstanding_count > 0 || server->parking.count > 0;
}

static void send_datagram(struct coap_server *server, const struct coap_peer *peer, const void *data, size_t size)
{
	server->counters.datagrams_out++;
	server->counters.bytes_out += size;
	server->resources.sent(server->resources.context, peer, size);
	server->transport.send(server->transport.context, peer, data, size);
}

/* An empty ACK or RST. */
static void send_empty(struct coap_server *server, const struct coap_peer *peer, enum coap_type type, uint16_t id)
{
	uint8_t buffer[4];
	struct coap_writer writer;

	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ .type = type, .id = id });
	send_datagram(server, peer, buffer, sizeof(buffer));
}

/* The classes of RFC 7967 are bits: 2 for 2.xx, 8 for 4.xx, 16 for 5.xx. */
static bool is_unwanted(uint8_t no_response, uint8_t code)
{
	return no_response & (1u << (COAP_CODE_CLASS(code) - 1));
}

static void reply_head(struct coap_server *server, struct coap_message *head, const struct coap_message *request)
{
	head->type = request->type == COAP_CON ? COAP_ACK : COAP_NON;
	head->id = request->type == COAP_CON ? request->id : server->next_id++;
	head->token_size = request->token_size;
	memcpy(head->token, request->token, request->token_size);
}

/* Answers at once and keeps nothing. */
static void reply(struct coap_server *server, const struct coap_peer *peer, const struct coap_message *request,
	const struct coap_response *response, uint8_t no_response)
{
	uint8_t buffer[RESPONSE_MAX];
	struct coap_message head = { .code = response->code };
	struct coap_writer writer;

	if (is_unwanted(no_response, response->code)) {
		if (request->type == COAP_CON)
			send_empty(server, peer, COAP_ACK, request->id);
		return;
	}
	reply_head(server, &head, request);
	coap_write_start(&writer, buffer, sizeof(buffer), &head);
	int size = coap_response_write(&writer, response);
	assert(size > 0);
	send_datagram(server, peer, buffer, (size_t)size);
}

static void refuse(
	struct coap_server *server, const struct coap_peer *peer, const struct coap_message *request, uint8_t code)
{
	struct coap_response response = { 0 };

	coap_response_init(&response, code);
	if (code == COAP_REQUEST_TOO_LARGE) {
		response.has_size1 = true;
		response.size1 = COAP_PAYLOAD_MAX;
	}
	if (code == COAP_UNAVAILABLE) {
		response.has_max_age = true;
		response.max_age_s = OVERLOAD_MAX_AGE_S;
	}
	reply(server, peer, request, &response, 0);
}

static void forget_outstanding(struct coap_server *server, size_t index)
{
	server->outstanding[index]->outstanding = false;
	server->outstanding[index] = server->outstanding[--server->outstanding_count];
}

/* The peer has our separate response, or does not want it (sections 4.2 and 5.2.2). */
static bool take_acknowledgement(struct coap_server *server, const struct coap_peer *peer, uint16_t id)
{
	for (size_t i = 0; i < server->outstanding_count; i++) {
		const struct coap_exchange *exchange = server->outstanding[i];
		if (exchange->response_id == id && memcmp(&exchange->peer, peer, sizeof(*peer)) == 0) {
			forget_outstanding(server, i);
			return true;
		}
	}
	return false;
}

/* Everything that is well-formed and no request. */
static void receive_other(struct coap_server *server, const struct coap_peer *peer, const struct coap_message *message)
{
	struct coap_server_counters *counters = &server->counters;

	if (message->code == COAP_EMPTY && message->type == COAP_CON) {
		counters->reset_ping++;
		send_empty(server, peer, COAP_RST, message->id);
		return;
	}
	if (message->code == COAP_EMPTY) {
		bool ours = message->type != COAP_NON && take_acknowledgement(server, peer, message->id);
		counters->ignored_empty += ours ? 0 : 1;
		return;
	}
	if (message->type == COAP_CON) {
		counters->reset_response++;
		send_empty(server, peer, COAP_RST, message->id);
		return;
	}
	counters->ignored_response++;
}

/* Reserved classes are format errors (section 3: 1, 6 and 7). */
static bool is_reserved(uint8_t code)
{
	unsigned class = COAP_CODE_CLASS(code);

	return class == 1 || class == 6 || class == 7;
}

static void receive_malformed(
	struct coap_server *server, const struct coap_peer *peer, const struct coap_message *message)
{
	if (message->type != COAP_CON) {
		server->counters.ignored_format_error++;
		return;
	}
	server->counters.reset_format_error++;
	send_empty(server, peer, COAP_RST, message->id);
}

/* Takes all options; 0 or the code to refuse with. */
static uint8_t take_options(struct coap_request *request, const struct coap_message *message)
{
	struct coap_options options;
	struct coap_option option;
	uint8_t code = 0;

	coap_options_start(&options, message);
	while (code == 0 && coap_options_next(&options, &option))
		code = coap_request_take(request, &option);
	return code;
}

static void refuse_options(
	struct coap_server *server, const struct coap_peer *peer, const struct coap_message *message, uint8_t code)
{
	struct coap_server_counters *counters = &server->counters;

	if (code == COAP_BAD_OPTION && message->type == COAP_NON) {
		counters->ignored_option++;
		return;
	}
	if (code == COAP_BAD_OPTION)
		counters->refused_option++;
	else if (code == COAP_BAD_REQUEST)
		counters->refused_block++;
	else
		counters->refused_proxy++;
	refuse(server, peer, message, code);
}

/* What finds no room is dropped in silence: the peer will ask again. */
static void park(struct coap_server *server, const struct coap_arrival *arrival)
{
	int result = coap_parking_add(&server->parking, arrival, server->transport.now_ms(server->transport.context));

	server->counters.parked += result == 0 ? 1 : 0;
	server->counters.parked_dropped += result == -ENOBUFS ? 1 : 0;
}

/* A GET: nothing of it is kept, so its duplicates are simply answered again (section 4.5). */
static void receive_get(struct coap_server *server, const struct coap_arrival *arrival,
	const struct coap_message *message, const struct coap_request *request)
{
	struct coap_response response = { .payload = server->payload };

	coap_response_init(&response, COAP_SERVER_ERROR);
	int result = server->resources.handle(server->resources.context, request, &response, NULL);
	if (result == -EAGAIN) {
		park(server, arrival);
		return;
	}
	assert(result == 0);
	server->counters.answered++;
	reply(server, &arrival->peer, message, &response, request->no_response);
}

static void send_exchange(struct coap_server *server, const struct coap_exchange *exchange)
{
	send_datagram(server, &exchange->peer, exchange->response, exchange->response_size);
}

static void start_separate(struct coap_server *server, struct coap_exchange *exchange)
{
	server->counters.separate++;
	if (server->transport.repeats || !exchange->response)
		return;
	exchange->outstanding = true;
	exchange->transmissions = 1;
	exchange->resend_ms = server->transport.now_ms(server->transport.context) + FIRST_RESEND_MS;
	server->outstanding[server->outstanding_count++] = exchange;
}

/* The type and id of the response to a remembered request. */
static void exchange_head(struct coap_server *server, struct coap_exchange *exchange, struct coap_message *head)
{
	bool separate = exchange->confirmable && exchange->acknowledged;
	bool room = server->outstanding_count < COAP_OUTSTANDING_MAX;

	head->type = !exchange->confirmable ? COAP_NON : !separate ? COAP_ACK : room ? COAP_CON : COAP_NON;
	head->id = head->type == COAP_ACK ? exchange->id : server->next_id++;
	head->token_size = exchange->token_size;
	memcpy(head->token, exchange->token, exchange->token_size);
	exchange->response_id = head->id;
}

/* Reports are mostly answered in the order in which they came. */
static void expect_next_answers(struct coap_server *server, const struct coap_exchange *exchange)
{
	__builtin_prefetch(coap_dedup_after(server->dedup, exchange, 2 * ANSWERS_AHEAD));
	server->resources.expect(
		server->resources.context, &coap_dedup_after(server->dedup, exchange, ANSWERS_AHEAD)->peer);
}

static void answer_exchange(struct coap_ticket *ticket, const struct coap_response *response)
{
	struct coap_exchange *exchange = (struct coap_exchange *)ticket;
	struct coap_server *server = exchange->owner;
	struct coap_message head = { .code = response->code };
	uint8_t buffer[RESPONSE_MAX];
	struct coap_writer writer;

	assert(exchange->state == COAP_EXCHANGE_WAITING);
	exchange->state = response->code == COAP_UNAVAILABLE ? COAP_EXCHANGE_REFUSED : COAP_EXCHANGE_ANSWERED;
	server->waiting_count--;
	server->counters.answered++;
	expect_next_answers(server, exchange);
	if (is_unwanted(exchange->no_response, response->code)) {
		if (exchange->confirmable && !exchange->acknowledged)
			send_empty(server, &exchange->peer, COAP_ACK, exchange->id);
		return;
	}
	exchange_head(server, exchange, &head);
	coap_write_start(&writer, buffer, sizeof(buffer), &head);
	int size = coap_response_write(&writer, response);
	assert(size > 0);
	coap_dedup_keep_response(exchange, buffer, (size_t)size);
	if (head.type == COAP_CON)
		start_separate(server, exchange);
	send_datagram(server, &exchange->peer, buffer, (size_t)size);
}

static void receive_again(struct coap_server *server, struct coap_exchange *exchange)
{
	bool separate = exchange->confirmable && exchange->acknowledged;
	bool unwanted = exchange->state == COAP_EXCHANGE_ANSWERED && !exchange->response;

	server->counters.repeated++;
	if (separate || (unwanted && exchange->confirmable))
		send_empty(server, &exchange->peer, COAP_ACK, exchange->id);
	if (exchange->response && !exchange->outstanding)
		send_exchange(server, exchange);
}

/* A request that may change state: remembered before it is handed on. */
static void receive_changing(struct coap_server *server, const struct coap_arrival *arrival,
	const struct coap_message *message, struct coap_request *request)
{
	struct coap_response response = { .payload = server->payload };
	int64_t now_ms = server->transport.now_ms(server->transport.context);
	uint64_t fingerprint = siphash_for_table(&server->fingerprint_key, arrival->data, arrival->size);

	coap_dedup_expire(server->dedup, now_ms);
	struct coap_exchange *exchange = coap_dedup_find(server->dedup, &arrival->peer, message->id, fingerprint);
	if (exchange) {
		receive_again(server, exchange);
		return;
	}
	exchange = coap_dedup_add(server->dedup, &arrival->peer, message->id, fingerprint, now_ms);
	if (!exchange) {
		server->counters.refused_full++;
		refuse(server, &arrival->peer, message, COAP_UNAVAILABLE);
		return;
	}
	exchange->ticket.answer = answer_exchange;
	exchange->owner = server;
	exchange->confirmable = message->type == COAP_CON;
	exchange->no_response = request->no_response;
	exchange->token_size = message->token_size;
	memcpy(exchange->token, message->token, message->token_size);
	server->waiting_count++;
	coap_response_init(&response, COAP_SERVER_ERROR);
	int result = server->resources.handle(server->resources.context, request, &response, &exchange->ticket);
	assert(result == 0 || result == -EINPROGRESS);
	if (result == 0)
		answer_exchange(&exchange->ticket, &response);
}

static void receive_request(
	struct coap_server *server, const struct coap_arrival *arrival, const struct coap_message *message)
{
	struct coap_request request;

	coap_request_init(&request);
	uint8_t code = take_options(&request, message);
	if (code != 0) {
		refuse_options(server, &arrival->peer, message, code);
		return;
	}
	if (arrival->cut || message->payload_size > COAP_PAYLOAD_MAX) {
		server->counters.refused_size++;
		refuse(server, &arrival->peer, message, COAP_REQUEST_TOO_LARGE);
		return;
	}
	request.peer = arrival->peer;
	request.identity = arrival->identity;
	request.method = message->code;
	request.confirmable = message->type == COAP_CON;
	request.payload = message->payload;
	request.payload_size = message->payload_size;
	request.datagram = arrival->data;
	request.datagram_size = arrival->size;
	if (message->code == COAP_GET)
		receive_get(server, arrival, message, &request);
	else
		receive_changing(server, arrival, message, &request);
}

void coap_server_expect(const struct coap_server *server, const struct coap_arrival *arrival)
{
	struct reader in;

	reader_init(&in, arrival->data, arrival->size);
	(void)read_be16(&in);
	coap_dedup_expect(server->dedup, &arrival->peer, read_be16(&in)); /* the message's id (section 3) */
	server->resources.expect(server->resources.context, &arrival->peer);
}

void coap_server_receive(struct coap_server *server, const struct coap_arrival *arrival)
{
	struct coap_message message;

	server->counters.datagrams_in++;
	server->counters.bytes_in += arrival->size;
	if (arrival->multicast) {
		server->counters.ignored_multicast++;
		return;
	}
	int result = coap_message_parse(&message, arrival->data, arrival->size);
	if (result == -EPROTONOSUPPORT) {
		server->counters.ignored_not_coap++;
		return;
	}
	bool is_request = message.code != COAP_EMPTY && COAP_CODE_CLASS(message.code) == 0;
	bool misplaced = is_request && (message.type == COAP_ACK || message.type == COAP_RST);
	bool loaded_reset = message.type == COAP_RST && message.code != COAP_EMPTY;
	if (result < 0 || is_reserved(message.code) || misplaced || loaded_reset)
		receive_malformed(server, &arrival->peer, &message);
	else if (is_request)
		receive_request(server, arrival, &message);
	else
		receive_other(server, &arrival->peer, &message);
}

/* In order of arrival, so that each exchange is looked at once. */
static void acknowledge_late(struct coap_server *server, int64_t now_ms)
{
	uint64_t position = server->late_position;

	if (position < coap_dedup_first(server->dedup))
		position = coap_dedup_first(server->dedup);
	for (; position != coap_dedup_end(server->dedup); position++) {
		struct coap_exchange *exchange = coap_dedup_at(server->dedup, position);
		if (now_ms - exchange->arrived_ms < COAP_ACK_AFTER_MS)
			break;
		if (exchange->state != COAP_EXCHANGE_WAITING || !exchange->confirmable)
			continue;
		exchange->acknowledged = true;
		server->counters.acknowledged_late++;
		send_empty(server, &exchange->peer, COAP_ACK, exchange->id);
	}
	server->late_position = position;
}

/* Repeats separate responses, doubling the time between (section 4.2). */
static void repeat_outstanding(struct coap_server *server, int64_t now_ms)
{
	for (size_t i = server->outstanding_count; i > 0; i--) {
		struct coap_exchange *exchange = server->outstanding[i - 1];
		if (now_ms < exchange->resend_ms)
			continue;
		if (exchange->transmissions == TRANSMISSIONS_MAX) {
			server->counters.separate_lost++;
			forget_outstanding(server, i - 1);
			continue;
		}
		exchange->resend_ms = now_ms + ((int64_t)FIRST_RESEND_MS << exchange->transmissions++);
		server->counters.separate_repeated++;
		send_exchange(server, exchange);
	}
}

void coap_server_tick(struct coap_server *server)
{
	int64_t now_ms = server->transport.now_ms(server->transport.context);

	acknowledge_late(server, now_ms);
	repeat_outstanding(server, now_ms);
	server->counters.parked_dropped += coap_parking_expire(&server->parking, now_ms);
}

/* Those that must wait on are parked anew behind the ones not asked yet; each is asked once. */
void coap_server_retry(struct coap_server *server)
{
	for (size_t left = server->parking.count; left > 0; left--) {
		struct coap_parked parked = coap_parking_take(&server->parking);
		const struct coap_arrival arrival = coap_parked_arrival(&parked);
		size_t count = server->parking.count;
		struct coap_message message;
		if (coap_message_parse(&message, arrival.data, arrival.size) == 0)
			receive_request(server, &arrival, &message);
		if (server->parking.count == count)
			continue;
		server->parking.places[count].since_ms = parked.since_ms;
		server->counters.parked--; /* it is the same request still */
	}
}
