/*
 * coap_dedup: the requests that changed state, remembered for EXCHANGE_LIFETIME (RFC 7252 sections 4.5 and 4.8.2).
 *
 * A bounded table: a ring in order of arrival with a hash over (peer, message id, bytes). A node that restarts may use
 * a message id again within the lifetime; other bytes under the same id are therefore another request. When the ring is
 * full the oldest answered one is forgotten early; unanswered ones never are.
 */
#ifndef WAKEGATE_DRIVERS_COAP_DEDUP_H
#define WAKEGATE_DRIVERS_COAP_DEDUP_H

#include "drivers/coap_resource.h"

#define COAP_EXCHANGE_LIFETIME_MS 247000
#define COAP_DEDUP_MAX (1 << 20)
#define COAP_SHORT_RESPONSE 24 /* bytes: most answers to nodes */

enum coap_exchange_state {
	COAP_EXCHANGE_WAITING, /* for the resource's answer */
	COAP_EXCHANGE_ANSWERED,
	COAP_EXCHANGE_REFUSED, /* with a time to come again: nothing was done, the same bytes are another attempt */
};

/* One remembered request; its address stays while it is remembered. */
struct coap_exchange {
	struct coap_ticket ticket; /* first, so that the ticket is the exchange */
	void *owner;
	struct coap_peer peer;
	uint64_t fingerprint; /* of the datagram */
	int64_t arrived_ms;
	uint32_t next; /* number of the one before it in its hash chain; its own: there was none */
	uint16_t id;
	uint8_t token_size;
	uint8_t token[COAP_TOKEN_MAX];
	uint8_t state;
	uint8_t no_response;
	bool confirmable;
	bool acknowledged; /* by an empty ACK, the response comes separately */
	/* The separate response, confirmable until the peer acknowledges it. */
	bool outstanding;
	uint8_t transmissions;
	uint16_t response_id;
	int64_t resend_ms;
	uint8_t *response; /* the whole datagram; NULL: none is wanted or none yet */
	size_t response_size;
	uint8_t short_response[COAP_SHORT_RESPONSE];
};

struct coap_dedup;

/* Room for `limit` requests, 1 to COAP_DEDUP_MAX. -EINVAL, -ENOMEM. */
int coap_dedup_open(struct coap_dedup **out, size_t limit);

/* A request of this peer and id is about to come: what will be looked at for it is fetched into the cache. */
void coap_dedup_expect(const struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id);

/* The place that is so many requests after this one in the order of arrival, whatever it holds. */
struct coap_exchange *coap_dedup_after(struct coap_dedup *dedup, const struct coap_exchange *exchange, size_t requests);

/* The remembered request, or NULL; not one that was refused. The fingerprint is taken from the datagram. */
struct coap_exchange *coap_dedup_find(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint);

/*
 * Remembers a request; only peer, id, fingerprint and arrival are set, all else is zero. NULL if every place is taken
 * by a request that still waits for its answer, or has a response on its way.
 */
struct coap_exchange *coap_dedup_add(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint, int64_t now_ms);

/* Keeps a copy of the response for repeats; without memory for it there is none. */
void coap_dedup_keep_response(struct coap_exchange *exchange, const void *data, size_t size);

/* Forgets what is older than EXCHANGE_LIFETIME. */
void coap_dedup_expire(struct coap_dedup *dedup, int64_t now_ms);

/* The requests in order of arrival: `for (i = first; i != end; i++) coap_dedup_at(dedup, i)`. */
uint64_t coap_dedup_first(const struct coap_dedup *dedup);
uint64_t coap_dedup_end(const struct coap_dedup *dedup);
struct coap_exchange *coap_dedup_at(struct coap_dedup *dedup, uint64_t position);

void coap_dedup_close(struct coap_dedup *dedup);

#endif
