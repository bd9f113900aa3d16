/*
 * coap_server: what RFC 7252 asks of a server between a datagram and a resource: message rules, duplicates, late
 * answers.
 *
 * No I/O: a transport hands datagrams in and sends what comes out, and says what time it is. Requests that may change
 * state are remembered (coap_dedup.h) and answered the same way when they are repeated; GETs keep no state.
 *
 * A late answer rides on the ACK for COAP_ACK_AFTER_MS; then an empty ACK goes out and the answer follows in a
 * confirmable message of its own (section 5.2.2), sent up to five times. A NON is answered by a NON.
 */
#ifndef WAKEGATE_DRIVERS_COAP_SERVER_H
#define WAKEGATE_DRIVERS_COAP_SERVER_H

#include "drivers/coap_resource.h"

#define COAP_ACK_AFTER_MS 1700 /* before the peer's ACK_TIMEOUT of 2 s (section 4.8) and the way back */
#define COAP_OUTSTANDING_MAX 1024
#define COAP_IDENTITY_MAX 128

struct coap_server;

struct coap_transport {
	void *context;
	void (*send)(void *context, const struct coap_peer *peer, const void *datagram, size_t size);
	int64_t (*now_ms)(void *context); /* monotonic */
	bool repeats;                     /* the transport repeats confirmable messages itself */
};

struct coap_arrival {
	struct coap_peer peer;
	const char *identity; /* proven by the transport; NULL: none. Up to COAP_IDENTITY_MAX bytes */
	const void *data;
	size_t size;
	bool cut;       /* the datagram was longer than the transport reads */
	bool multicast; /* it was sent to a group */
};

/* Every datagram that arrives and is not answered by a resource is counted under one reason. */
struct coap_server_counters {
	uint64_t datagrams_in, bytes_in, datagrams_out, bytes_out;
	uint64_t ignored_not_coap;       /* shorter than a header or another version: silence */
	uint64_t ignored_multicast;      /* sent to a group: silence */
	uint64_t reset_format_error;     /* malformed CON: RST */
	uint64_t ignored_format_error;   /* malformed NON, ACK or RST: silence */
	uint64_t reset_ping;             /* empty CON: RST */
	uint64_t ignored_empty;          /* empty NON; ACK or RST of nothing we sent: silence */
	uint64_t reset_response;         /* a response in a CON that nobody asked for: RST */
	uint64_t ignored_response;       /* the same in another type: silence */
	uint64_t refused_option;         /* 4.02 */
	uint64_t ignored_option;         /* the same in a NON: silence (section 5.4.1) */
	uint64_t refused_block;          /* 4.00: reserved SZX 7 */
	uint64_t refused_proxy;          /* 5.05 */
	uint64_t refused_size;           /* 4.13 with Size1 */
	uint64_t refused_full;           /* 5.03: no room to remember the request */
	uint64_t answered;               /* by a resource, whatever the code */
	uint64_t repeated;               /* requests that came again */
	uint64_t parked, parked_dropped; /* waiting for image bytes; no room to wait, or for too long */
	uint64_t acknowledged_late, separate, separate_repeated, separate_lost;
};

/* Room for `exchanges` remembered requests, see coap_dedup.h. Both structs are copied. -EINVAL, -ENOMEM. */
int coap_server_open(struct coap_server **out, size_t exchanges, const struct coap_transport *transport,
	const struct coap_resources *resources);

/*
 * The datagram will be handed in soon. Of a batch that is told before its first one is handed in, the tables' misses of
 * the processor's cache overlap instead of following each other.
 */
void coap_server_expect(const struct coap_server *server, const struct coap_arrival *arrival);

/* Takes a datagram, borrowed for the call; may send at once. */
void coap_server_receive(struct coap_server *server, const struct coap_arrival *arrival);

/* Sends what is due. Call it about every COAP_TICK_MS while coap_server_is_waiting(). */
#define COAP_TICK_MS 100
void coap_server_tick(struct coap_server *server);
bool coap_server_is_waiting(const struct coap_server *server);

/* Image bytes may be there now: asks the resources again for what is parked. */
void coap_server_retry(struct coap_server *server);

const struct coap_server_counters *coap_server_counters(const struct coap_server *server);

/* Every ticket must have been answered; NULL is fine. */
void coap_server_close(struct coap_server *server);

#endif
