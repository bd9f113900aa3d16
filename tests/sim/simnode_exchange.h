/*
 * simnode_exchange: one confirmable request of a simulated node and its answer (RFC 7252 section 4.2).
 *
 * Retransmits with binary exponential backoff, takes piggybacked and separate responses. Time is an argument.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODE_EXCHANGE_H
#define WAKEGATE_TESTS_SIM_SIMNODE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/coap.h"

struct random;

#define SIM_MAX_RETRANSMIT 4

struct simnode_exchange {
	bool open;
	bool acknowledged; /* an empty acknowledgement came: a separate response follows */
	unsigned sent;
	uint16_t next_id;
	uint64_t next_token;
	struct coap_message head;
	int64_t timeout_ms;
	int64_t due_ms;
	size_t size;
	uint8_t datagram[COAP_DATAGRAM_MAX];
};

/* Begins a message with fresh id and token in the exchange's own buffer; go on with coap_write_…(). */
void exchange_write(struct simnode_exchange *exchange, struct coap_writer *writer, enum coap_code code);

/* The request is `size` bytes; it is due at once. */
void exchange_open(struct simnode_exchange *exchange, int size, int64_t now_ms);

enum exchange_step { EXCHANGE_WAIT, EXCHANGE_SEND, EXCHANGE_FAILED };

/* Time has come to `now_ms`: wait on, send the datagram (again), or it failed and is closed. */
enum exchange_step exchange_on_time(
	struct simnode_exchange *exchange, int64_t ack_timeout_ms, int64_t now_ms, struct random *random);

enum exchange_result { EXCHANGE_FOREIGN, EXCHANGE_NOTHING, EXCHANGE_RESET, EXCHANGE_ANSWERED };

/* What an incoming message means for the exchange; closes it when it is answered or reset. A confirmable one is to be
 * reset if it is foreign, else acknowledged. */
enum exchange_result exchange_on_message(
	struct simnode_exchange *exchange, const struct coap_message *message, int64_t ack_timeout_ms, int64_t now_ms);

#endif
