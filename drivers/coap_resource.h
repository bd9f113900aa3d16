/*
 * coap_resource: a CoAP request and its response, whatever transport carried them.
 *
 * Resources are written once against this. All that a request points to is borrowed for the call and not terminated.
 */
#ifndef WAKEGATE_DRIVERS_COAP_RESOURCE_H
#define WAKEGATE_DRIVERS_COAP_RESOURCE_H

#include "protocols/coap.h"
#include "protocols/reading.h"
#include "protocols/siphash.h"

#define COAP_SEGMENTS_MAX 4
#define COAP_QUERIES_MAX 8
#define COAP_ETAGS_MAX 4

/* Both ends of the path a datagram took; comparable with memcmp() once the transport has set all of it. */
struct coap_peer {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it */
	uint8_t local[16];   /* our end of it, all zero where the socket has just one */
	uint32_t channel;    /* index of the interface, or number of the DTLS session */
	uint16_t port;
	uint16_t zero;
	uint64_t hash; /* of all above, for tables: set by the transport, so that no peer can choose it */
};

struct coap_etag {
	uint8_t size; /* 1 to 8; 0: none */
	uint8_t bytes[8];
};

struct coap_request {
	struct coap_peer peer;
	const char *identity; /* terminated; proven by the transport, or NULL */
	uint8_t method;
	bool confirmable;
	bool has_block1, has_block2;
	uint8_t no_response;  /* classes that the client does not want, as enum coap_no_response */
	size_t segment_count; /* may exceed COAP_SEGMENTS_MAX; what is beyond was not kept */
	struct span segments[COAP_SEGMENTS_MAX];
	size_t query_count;
	struct span queries[COAP_QUERIES_MAX];
	size_t etag_count;
	struct coap_etag etags[COAP_ETAGS_MAX];
	int content_format, accept; /* COAP_FORMAT_NONE: absent */
	struct coap_block block1, block2;
	const uint8_t *payload;
	size_t payload_size;
	const uint8_t *datagram; /* what is on the wire above UDP or DTLS */
	size_t datagram_size;
};

struct coap_response {
	uint8_t code;
	bool has_block1, has_block2, has_size1, has_size2, has_max_age;
	int content_format; /* COAP_FORMAT_NONE: absent */
	struct coap_etag etag;
	struct coap_block block1, block2;
	uint32_t size1, size2, max_age_s;
	uint8_t *payload; /* in a handler: COAP_PAYLOAD_MAX bytes of the endpoint to write to */
	size_t payload_size;
};

/* A request that is answered later. The endpoint owns it; it is gone once answered. */
struct coap_ticket {
	void (*answer)(struct coap_ticket *ticket, const struct coap_response *response);
};

struct coap_resources {
	void *context;
	/*
	 * Fills the response, which comes empty with code 5.00, and returns 0. -EINPROGRESS: it kept `ticket` and
	 * answers it exactly once, perhaps even before it returns. -EAGAIN: image bytes are on their way; the endpoint
	 * asks again with the same request, if it can. `ticket` is NULL for GET, which must not change state.
	 */
	int (*handle)(void *context, const struct coap_request *request, struct coap_response *response,
		struct coap_ticket *ticket);
	/* A request of this peer is about to come. */
	void (*expect)(void *context, const struct coap_peer *peer);
	/* A response of that size went to the peer. */
	void (*sent)(void *context, const struct coap_peer *peer, size_t size);
};

/* Sets the peer's hash from the rest of it. */
void coap_peer_seal(struct coap_peer *peer, const struct siphash_key *key);

void coap_request_init(struct coap_request *request);
/*
 * Takes an option into the request, which borrows its value. 0, or the response code it leads to: 4.02 unknown and
 * critical, or repeated (RFC 7252 section 5.4); 4.00 a malformed block; 5.05 a proxy is asked for.
 */
uint8_t coap_request_take(struct coap_request *request, const struct coap_option *option);

/* Whether segment `index` is `text`. */
bool coap_request_segment_is(const struct coap_request *request, size_t index, const char *text);

/* The value of the query `name=value`; empty and data NULL if it is absent. */
struct span coap_request_query(const struct coap_request *request, const char *name);

/* A response with a code and nothing else; `payload` stays. */
void coap_response_init(struct coap_response *response, uint8_t code);

/* Writes options and payload after coap_write_start(); returns as coap_write_payload(). */
int coap_response_write(struct coap_writer *writer, const struct coap_response *response);

#endif
