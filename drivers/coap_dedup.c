#include "drivers/coap_dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADS_EACH 4 /* chains for each request, so that most are empty and few requests are looked at in vain */

/*
 * Chains lead from newer to older requests, by their positions. One that meets a position before `first` ends there, so
 * that what is forgotten need not be looked for.
 */
struct coap_dedup {
	struct coap_exchange *ring;
	uint32_t *heads; /* of hash chains: the low 32 bits of the newest position */
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

/*
 * The position with these low bits, or 0 if it was forgotten. One from 2^32 requests ago may pass for one that is not:
 * then another chain is followed, in which nothing is found that was not asked for.
 */
static uint64_t position_of(const struct coap_dedup *dedup, uint32_t low)
{
	uint32_t age = (uint32_t)dedup->end - low;

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
	uint64_t position = position_of(dedup, *chain_of(dedup, peer, id)), before;

	for (; position != 0; position = before) {
		struct coap_exchange *exchange = coap_dedup_at(dedup, position);

		if (exchange->state != COAP_EXCHANGE_REFUSED && exchange->id == id &&
			exchange->fingerprint == fingerprint && memcmp(&exchange->peer, peer, sizeof(*peer)) == 0)
			return exchange;
		before = exchange->next == (uint32_t)position ? 0 : position_of(dedup, exchange->next);
	}
	return NULL;
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
	*exchange = (struct coap_exchange){
		.peer = *peer,
		.fingerprint = fingerprint,
		.arrived_ms = now_ms,
		.next = position_of(dedup, *head) != 0 ? *head : (uint32_t)dedup->end,
		.id = id,
	};
	*head = (uint32_t)dedup->end++;
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
