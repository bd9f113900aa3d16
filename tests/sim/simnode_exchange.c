#include "tests/sim/simnode_exchange.h"

#include <string.h>

#include "gateway/random.h"

/* MAX_TRANSMIT_WAIT in multiples of ACK_TIMEOUT (RFC 7252 section 4.8.2: 93 s of 2 s). */
#define TRANSMIT_WAIT 47

void exchange_write(struct simnode_exchange *exchange, struct coap_writer *writer, enum coap_code code)
{
	uint64_t token = exchange->next_token++;

	exchange->head = (struct coap_message){ .type = COAP_CON, .code = code, .id = exchange->next_id++ };
	exchange->head.token_size = 4;
	memcpy(exchange->head.token, &token, 4);
	coap_write_start(writer, exchange->datagram, sizeof(exchange->datagram), &exchange->head);
}

void exchange_open(struct simnode_exchange *exchange, int size, int64_t now_ms)
{
	exchange->open = true;
	exchange->acknowledged = false;
	exchange->sent = 0;
	exchange->size = (size_t)size;
	exchange->due_ms = now_ms;
}

enum exchange_step exchange_on_time(
	struct simnode_exchange *exchange, int64_t ack_timeout_ms, int64_t now_ms, struct random *random)
{
	if (now_ms < exchange->due_ms)
		return EXCHANGE_WAIT;
	if (exchange->acknowledged || exchange->sent > SIM_MAX_RETRANSMIT) {
		exchange->open = false;
		return EXCHANGE_FAILED;
	}
	/* ACK_RANDOM_FACTOR 1.5 on the first, doubled for each further one. */
	exchange->timeout_ms =
		exchange->sent ? exchange->timeout_ms * 2
			       : ack_timeout_ms + (int64_t)random_below(random, (uint64_t)ack_timeout_ms / 2 + 1);
	exchange->sent++;
	exchange->due_ms = now_ms + exchange->timeout_ms;
	return EXCHANGE_SEND;
}

static bool same_token(const struct coap_message *a, const struct coap_message *b)
{
	return a->token_size == b->token_size && memcmp(a->token, b->token, a->token_size) == 0;
}

enum exchange_result exchange_on_message(
	struct simnode_exchange *exchange, const struct coap_message *message, int64_t ack_timeout_ms, int64_t now_ms)
{
	bool same_id = exchange->open && message->id == exchange->head.id;

	if (message->type == COAP_RST) {
		if (!same_id)
			return EXCHANGE_NOTHING;
		exchange->open = false;
		return EXCHANGE_RESET;
	}
	if (message->code == COAP_EMPTY) {
		if (message->type == COAP_ACK && same_id) {
			exchange->acknowledged = true;
			exchange->due_ms = now_ms + TRANSMIT_WAIT * ack_timeout_ms;
			return EXCHANGE_NOTHING;
		}
		return EXCHANGE_FOREIGN;
	}
	if (!same_token(message, &exchange->head))
		return EXCHANGE_FOREIGN;
	if (!exchange->open || (message->type == COAP_ACK && !same_id))
		return EXCHANGE_NOTHING; /* a repeated answer */
	exchange->open = false;
	return EXCHANGE_ANSWERED;
}
