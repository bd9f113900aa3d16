#include "drivers/coap_dedup.h"
#include "tests/unit/suite.h"

static const struct coap_peer peer_a = { .port = 1 };
static const struct coap_peer peer_b = { .port = 2 };

static struct coap_exchange *add_answered(struct coap_dedup *dedup, uint16_t id, int64_t now_ms)
{
	struct coap_exchange *exchange = coap_dedup_add(dedup, &peer_a, id, id, now_ms);

	ck_assert_ptr_nonnull(exchange);
	exchange->state = COAP_EXCHANGE_ANSWERED;
	return exchange;
}

START_TEST(a_request_is_found_by_peer_id_and_bytes)
{
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 8), 0);
	struct coap_exchange *exchange = coap_dedup_add(dedup, &peer_a, 7, 70, 0);
	ck_assert_ptr_eq(coap_dedup_find(dedup, &peer_a, 7, 70), exchange);
	ck_assert_ptr_null(coap_dedup_find(dedup, &peer_b, 7, 70));
	ck_assert_ptr_null(coap_dedup_find(dedup, &peer_a, 8, 70));
	ck_assert_ptr_null(coap_dedup_find(dedup, &peer_a, 7, 71));
	coap_dedup_close(dedup);
}
END_TEST

START_TEST(the_oldest_answered_makes_room)
{
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 3), 0);
	for (uint16_t id = 0; id < 10; id++)
		(void)add_answered(dedup, id, 0);
	for (uint16_t id = 0; id < 10; id++)
		ck_assert_int_eq(coap_dedup_find(dedup, &peer_a, id, id) != NULL, id >= 7);
	coap_dedup_close(dedup);
}
END_TEST

/* All in one chain, as the low bits of peers and ids may be. */
START_TEST(chains_end_at_what_was_forgotten)
{
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 5), 0);
	for (uint64_t request = 0; request < 1000; request++) {
		struct coap_exchange *exchange = coap_dedup_add(dedup, &peer_a, 7, request, 0);

		ck_assert_ptr_nonnull(exchange);
		exchange->state = COAP_EXCHANGE_ANSWERED;
		for (uint64_t before = 0; before <= request; before++)
			ck_assert_int_eq(coap_dedup_find(dedup, &peer_a, 7, before) != NULL, request - before < 5);
	}
	coap_dedup_close(dedup);
}
END_TEST

START_TEST(what_still_waits_is_never_forgotten)
{
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 2), 0);
	struct coap_exchange *waiting = coap_dedup_add(dedup, &peer_a, 1, 1, 0);
	(void)add_answered(dedup, 2, 0);
	ck_assert_ptr_null(coap_dedup_add(dedup, &peer_a, 3, 3, 0));
	coap_dedup_expire(dedup, 10 * COAP_EXCHANGE_LIFETIME_MS);
	ck_assert_ptr_eq(coap_dedup_find(dedup, &peer_a, 1, 1), waiting);
	waiting->state = COAP_EXCHANGE_ANSWERED;
	waiting->outstanding = true;
	ck_assert_ptr_null(coap_dedup_add(dedup, &peer_a, 3, 3, 0));
	waiting->outstanding = false;
	ck_assert_ptr_nonnull(coap_dedup_add(dedup, &peer_a, 3, 3, 0));
	coap_dedup_close(dedup);
}
END_TEST

START_TEST(the_lifetime_ends)
{
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 8), 0);
	(void)add_answered(dedup, 1, 1000);
	(void)add_answered(dedup, 2, 2000);
	coap_dedup_expire(dedup, 1000 + COAP_EXCHANGE_LIFETIME_MS);
	ck_assert_ptr_null(coap_dedup_find(dedup, &peer_a, 1, 1));
	ck_assert_ptr_nonnull(coap_dedup_find(dedup, &peer_a, 2, 2));
	coap_dedup_close(dedup);
}
END_TEST

START_TEST(a_response_is_kept_whatever_its_length)
{
	static const uint8_t bytes[100] = { 1, 2, 3 };
	const size_t sizes[] = { 4, COAP_SHORT_RESPONSE, COAP_SHORT_RESPONSE + 1, sizeof(bytes) };
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, 2), 0);
	for (uint16_t id = 0; id < 4; id++) {
		struct coap_exchange *exchange = add_answered(dedup, id, 1000);
		coap_dedup_keep_response(exchange, bytes, sizes[id]);
		exchange = coap_dedup_find(dedup, &peer_a, id, id);
		ck_assert_mem_eq(exchange->response, bytes, sizes[id]);
		ck_assert_uint_eq(exchange->response_size, sizes[id]);
	}
	coap_dedup_close(dedup);
}
END_TEST

/* Request `number` of one of a few peers, whose hashes share chains and marks. */
static struct coap_peer peer_of(uint64_t number)
{
	uint64_t peer = number * 0x9e3779b97f4a7c15 >> 60;

	return (struct coap_peer){ .port = (uint16_t)(peer + 1), .hash = (peer & 3) | peer << 60 };
}

static void add_numbered(struct coap_dedup *dedup, uint64_t number)
{
	struct coap_peer peer = peer_of(number);
	struct coap_exchange *exchange = coap_dedup_add(dedup, &peer, (uint16_t)(number % 3), number, 0);

	/* Millions of assertions that hold would take a minute. */
	if (!exchange)
		ck_abort_msg("no room for %llu", (unsigned long long)number);
	exchange->state = COAP_EXCHANGE_ANSWERED;
}

/* Around the places where the numbers in the chains begin anew. */
START_TEST(what_is_in_the_ring_is_found_and_nothing_else)
{
	enum { LIMIT = 50, LOOKED_AT = 200, TURN = 1 << 24 };
	struct coap_dedup *dedup;

	ck_assert_int_eq(coap_dedup_open(&dedup, LIMIT), 0);
	for (uint64_t number = 0; number < TURN + 2 * LOOKED_AT; number++) {
		bool looks = number < LOOKED_AT || number > TURN - LOOKED_AT;

		add_numbered(dedup, number);
		for (uint64_t age = 0; looks && age <= number && age < 2 * LIMIT; age++) {
			struct coap_peer peer = peer_of(number - age);
			struct coap_exchange *found =
				coap_dedup_find(dedup, &peer, (uint16_t)((number - age) % 3), number - age);

			ck_assert_int_eq(found != NULL, age < LIMIT);
		}
	}
	coap_dedup_close(dedup);
}
END_TEST

TEST_SUITE(coap_dedup, a_request_is_found_by_peer_id_and_bytes, the_oldest_answered_makes_room,
	chains_end_at_what_was_forgotten, what_still_waits_is_never_forgotten, the_lifetime_ends,
	a_response_is_kept_whatever_its_length, what_is_in_the_ring_is_found_and_nothing_else)
