/*
 * coap_strangers: bounds what goes to addresses from which perhaps nobody asked.
 *
 * In plain CoAP a request of 30 bytes may bear somebody else's address, who then gets the block (RFC 7252
 * section 11.3). An answer of up to three times its request is no gain for whoever does that; what is beyond, is taken
 * from a bucket of the address: a burst, and then a rate. Buckets are few and found by hash, so two addresses may share
 * one. A plain value; time is an argument.
 */
#ifndef WAKEGATE_DRIVERS_COAP_STRANGERS_H
#define WAKEGATE_DRIVERS_COAP_STRANGERS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/siphash.h"

#define COAP_STRANGERS_BUCKETS 1024
#define COAP_STRANGERS_BURST_S 32 /* of the rate */
#define COAP_STRANGERS_FACTOR 3   /* of the request's size; as RFC 9175 section 2.4 */

struct coap_peer;

struct coap_strangers {
	int64_t rate; /* bytes a second; 0: no bound */
	struct siphash_key key;
	int64_t paid_us[COAP_STRANGERS_BUCKETS]; /* when what was sent is paid for */
};

void coap_strangers_init(struct coap_strangers *strangers, int64_t rate);

/* An answer of so many bytes to a request of so many. 0: it may go out, and counts; else the milliseconds until it may.
 */
int64_t coap_strangers_take(
	struct coap_strangers *strangers, const struct coap_peer *peer, size_t request, size_t answer, int64_t now_ms);

#endif
