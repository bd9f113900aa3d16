/*
 * coap_parking: requests that wait for image bytes which are being fetched; a short list, oldest first.
 */
#ifndef WAKEGATE_DRIVERS_COAP_PARKING_H
#define WAKEGATE_DRIVERS_COAP_PARKING_H

#include "drivers/coap_server.h"

#define COAP_PARKED_MAX 64
#define COAP_PARKED_SIZE_MAX 256 /* bytes of a datagram */
#define COAP_PARKED_MS 45000     /* MAX_TRANSMIT_SPAN (RFC 7252 section 4.8.2): then the peer has given up */

struct coap_parked {
	struct coap_peer peer;
	char identity[COAP_IDENTITY_MAX + 1];
	int64_t since_ms;
	size_t size;
	uint8_t data[COAP_PARKED_SIZE_MAX];
};

/* Zero is an empty one. */
struct coap_parking {
	struct coap_parked places[COAP_PARKED_MAX];
	size_t count;
};

/* Copies the arrival. -EALREADY: the same datagram waits already; -ENOBUFS: no place, or it is too long. */
int coap_parking_add(struct coap_parking *parking, const struct coap_arrival *arrival, int64_t now_ms);

/* The oldest, which leaves; there must be one. */
struct coap_parked coap_parking_take(struct coap_parking *parking);

/* As it arrived; borrows from `parked`. */
struct coap_arrival coap_parked_arrival(const struct coap_parked *parked);

/* Drops what has waited for COAP_PARKED_MS; returns how many. */
size_t coap_parking_expire(struct coap_parking *parking, int64_t now_ms);

#endif
