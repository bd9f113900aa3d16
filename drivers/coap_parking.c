#include "drivers/coap_parking.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static bool is_parked(const struct coap_parking *parking, const struct coap_arrival *arrival)
{
	for (size_t i = 0; i < parking->count; i++) {
		const struct coap_parked *parked = &parking->places[i];
		if (parked->size == arrival->size && memcmp(parked->data, arrival->data, arrival->size) == 0 &&
			memcmp(&parked->peer, &arrival->peer, sizeof(parked->peer)) == 0)
			return true;
	}
	return false;
}

int coap_parking_add(struct coap_parking *parking, const struct coap_arrival *arrival, int64_t now_ms)
{
	const char *identity = arrival->identity ? arrival->identity : "";

	if (is_parked(parking, arrival))
		return -EALREADY;
	if (parking->count == COAP_PARKED_MAX || arrival->size > COAP_PARKED_SIZE_MAX ||
		strlen(identity) > COAP_IDENTITY_MAX)
		return -ENOBUFS;
	struct coap_parked *parked = &parking->places[parking->count++];
	parked->peer = arrival->peer;
	parked->since_ms = now_ms;
	parked->size = arrival->size;
	memcpy(parked->data, arrival->data, arrival->size);
	memcpy(parked->identity, identity, strlen(identity) + 1);
	return 0;
}

struct coap_parked coap_parking_take(struct coap_parking *parking)
{
	assert(parking->count > 0);
	struct coap_parked parked = parking->places[0];
	memmove(parking->places, parking->places + 1, --parking->count * sizeof(parking->places[0]));
	return parked;
}

struct coap_arrival coap_parked_arrival(const struct coap_parked *parked)
{
	return (struct coap_arrival){
		.peer = parked->peer,
		.identity = parked->identity[0] ? parked->identity : NULL,
		.data = parked->data,
		.size = parked->size,
	};
}

size_t coap_parking_expire(struct coap_parking *parking, int64_t now_ms)
{
	size_t kept = 0, before = parking->count;

	for (size_t i = 0; i < before; i++)
		if (now_ms - parking->places[i].since_ms < COAP_PARKED_MS)
			parking->places[kept++] = parking->places[i];
	parking->count = kept;
	return before - kept;
}
