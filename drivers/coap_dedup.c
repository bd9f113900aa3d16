#include "drivers/coap_dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define PLACES_AHEAD 3
#define HEADS_EACH 4 /* chains for each request, so that most are empty and few requests are looked at in vain */

#define NUMBER_BITS 24
#define NUMBER_MASK ((UINT32_C(1) << NUMBER_BITS) - 1)

_Static_assert(COAP_DEDUP_MAX < NUMBER_MASK, "a number must tell whether it is in the ring");

/*
 * Chains lead from newer to older requests, by the low bits of their positions. One that meets a position before
 * `first` ends there, so that what is forgotten need not be looked for. A head has, above the number of its newest
 * request, eight marks, one of which each request of the chain has set: almost every request is new, and then its mark
 * is rarely there, so that those of the chain need not be fetched from memory.
 */
struct coap_dedup {
	struct coap_exchange *ring;
	uint32_t *heads; /* of hash chains */
	size_t limit;
	size_t ring_mask, head_mask;
	uint64_t first, end; /* positions since the beginning of time; modulo the ring's size they are indices */
};

int coap_dedup_open(struct coap_dedup **out, size_t limit)
{
	if (limit == 0 || limit > COAP_DEDUP_MAX)
		return -EINVAL;
	struct coap_dedup *dedup = calloc(1, sizeof(*dedup));
	if (!dedup)
		return -ENOMEM;
	size_t places = 1;
	while (places < limit)
		places *= 2;
	size_t heads = places * HEADS_EACH;
	dedup->limit = limit;
	dedup->ring_mask = places - 1;
	dedup->head_mask = heads - 1;
	dedup->ring = calloc(places, sizeof(*dedup->ring));
	dedup->heads = calloc(heads, sizeof(*dedup->heads));
	if (!dedup->ring || !dedup->heads) {
		coap_dedup_close(dedup);
		return -ENOMEM;
	}
	dedup->first = dedup->end = 1; /* nothing is at the 0 that heads begin with */
	*out = dedup;
	return 0;
}

/* The ids of a peer follow each other, and so do their chains. */
static uint32_t *chain_of(const struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id)
{
	return &dedup->heads[(peer->hash + id) & dedup->head_mask];
}

static uint32_t mark_of(const struct coap_peer *peer)
{
	return UINT32_C(1) << (NUMBER_BITS + (peer->hash >> 61));
}

/*
 * The position with these low bits, or 0 if it was forgotten. One from 2^24 requests ago may pass for one that is not:
 * then another chain is followed, in which nothing is found that was not asked for.
 */
static uint64_t position_of(const struct coap_dedup *dedup, uint32_t number)
{
	uint32_t age = ((uint32_t)dedup->end - number) & NUMBER_MASK;

	return age > 0 && age <= dedup->end - dedup->first ? dedup->end - age : 0;
}

struct coap_exchange *coap_dedup_at(struct coap_dedup *dedup, uint64_t position)
{
	return &dedup->ring[position & dedup->ring_mask];
}

uint64_t coap_dedup_first(const struct coap_dedup *dedup)
{
	return dedup->first;
}

uint64_t coap_dedup_end(const struct coap_dedup *dedup)
{
	return dedup->end;
}

void coap_dedup_expect(const struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id)
{
	__builtin_prefetch(chain_of(dedup, peer, id), 1);
}

struct coap_exchange *coap_dedup_after(struct coap_dedup *dedup, const struct coap_exchange *exchange, size_t requests)
{
	return coap_dedup_at(dedup, (uint64_t)(exchange - dedup->ring) + requests);
}

struct coap_exchange *coap_dedup_find(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint)
{
	uint32_t head = *chain_of(dedup, peer, id);
	uint64_t position = head & mark_of(peer) ? position_of(dedup, head) : 0, before;

	for (; position != 0; position = before) {
		struct coap_exchange *exchange = coap_dedup_at(dedup, position);

		if (exchange->state != COAP_EXCHANGE_REFUSED && exchange->id == id &&
			exchange->fingerprint == fingerprint && memcmp(&exchange->peer, peer, sizeof(*peer)) == 0)
			return exchange;
		before = exchange->next == (position & NUMBER_MASK) ? 0 : position_of(dedup, exchange->next);
	}
	return NULL;
}

/* Places are taken one after the other: those that come next are fetched while others are worked on. */
static void expect_place(const struct coap_dedup *dedup, uint64_t position)
{
	const char *place = (const char *)&dedup->ring[position & dedup->ring_mask];

	for (size_t at = 0; at < sizeof(struct coap_exchange); at += CACHE_LINE)
		__builtin_prefetch(place + at, 1);
}

static bool can_be_forgotten(const struct coap_exchange *exchange)
{
	return exchange->state != COAP_EXCHANGE_WAITING && !exchange->outstanding;
}

static void forget_first(struct coap_dedup *dedup)
{
	struct coap_exchange *exchange = coap_dedup_at(dedup, dedup->first);

	if (exchange->response != exchange->short_response)
		free(exchange->response);
	exchange->response = NULL;
	dedup->first++;
}

struct coap_exchange *coap_dedup_add(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint, int64_t now_ms)
{
	if (dedup->end - dedup->first == dedup->limit) {
		if (!can_be_forgotten(coap_dedup_at(dedup, dedup->first)))
			return NULL;
		forget_first(dedup);
	}
	struct coap_exchange *exchange = coap_dedup_at(dedup, dedup->end);
	uint32_t *head = chain_of(dedup, peer, id);
	uint32_t number = (uint32_t)dedup->end & NUMBER_MASK;
	bool is_first = position_of(dedup, *head) == 0;
	*exchange = (struct coap_exchange){
		.peer = *peer,
		.fingerprint = fingerprint,
		.arrived_ms = now_ms,
		.next = is_first ? number : *head & NUMBER_MASK,
		.id = id,
	};
	*head = number | mark_of(peer) | (is_first ? 0 : *head & ~NUMBER_MASK);
	dedup->end++;
	expect_place(dedup, dedup->end + PLACES_AHEAD);
	return exchange;
}

void coap_dedup_keep_response(struct coap_exchange *exchange, const void *data, size_t size)
{
	exchange->response = size <= sizeof(exchange->short_response) ? exchange->short_response : malloc(size);
	exchange->response_size = size;
	if (exchange->response)
		memcpy(exchange->response, data, size);
}

void coap_dedup_expire(struct coap_dedup *dedup, int64_t now_ms)
{
	while (dedup->first != dedup->end) {
		const struct coap_exchange *oldest = coap_dedup_at(dedup, dedup->first);
		if (now_ms - oldest->arrived_ms < COAP_EXCHANGE_LIFETIME_MS || !can_be_forgotten(oldest))
			return;
		forget_first(dedup);
	}
}

void coap_dedup_close(struct coap_dedup *dedup)
{
	if (!dedup)
		return;
	while (dedup->ring && dedup->heads && dedup->first != dedup->end)
		forget_first(dedup);
	free(dedup->ring);
	free(dedup->heads);
	free(dedup);
}
