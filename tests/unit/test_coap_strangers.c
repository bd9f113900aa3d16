#include "drivers/coap_strangers.h"

#include <string.h>

#include "drivers/coap_resource.h"
#include "tests/unit/suite.h"

#define RATE 10000

static struct coap_strangers strangers;

static struct coap_peer peer(const char *address, uint16_t port)
{
	struct coap_peer peer = { .port = port };

	memcpy(peer.address, address, sizeof(peer.address));
	return peer;
}

#define V4(last) "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02" last
#define V6(host) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" host

/* Answers until it is told to wait; how many bytes beyond three times the requests. */
static int64_t drain(struct coap_peer of, int64_t now_ms, int64_t *wait_ms)
{
	int64_t bytes = 0;

	while ((*wait_ms = coap_strangers_take(&strangers, &of, 30, 1090, now_ms)) == 0)
		bytes += 1000;
	return bytes;
}

START_TEST(small_answers_are_not_bounded)
{
	struct coap_peer one = peer(V4("\x01"), 5683);

	coap_strangers_init(&strangers, RATE);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(coap_strangers_take(&strangers, &one, 20, 60, 5), 0);
}
END_TEST

START_TEST(an_address_gets_a_burst_and_then_the_rate)
{
	int64_t wait_ms;

	coap_strangers_init(&strangers, RATE);
	int64_t burst = drain(peer(V4("\x01"), 5683), 1000, &wait_ms);
	ck_assert_int_ge(burst, RATE * COAP_STRANGERS_BURST_S);
	ck_assert_int_le(burst, RATE * COAP_STRANGERS_BURST_S + 2000);
	ck_assert_int_gt(wait_ms, 0);
	ck_assert_int_le(wait_ms, 200);
	int64_t later = drain(peer(V4("\x01"), 5683), 11000, &wait_ms);
	ck_assert_int_ge(later, 10 * RATE - 1000);
	ck_assert_int_le(later, 10 * RATE + 1000);
}
END_TEST

START_TEST(other_ports_and_hosts_of_a_network_are_the_same_stranger)
{
	int64_t wait_ms;

	coap_strangers_init(&strangers, RATE);
	(void)drain(peer(V4("\x01"), 1), 1000, &wait_ms);
	ck_assert_int_eq(drain(peer(V4("\x01"), 2), 1000, &wait_ms), 0);
	strangers.key = (struct siphash_key){ 1, 2 }; /* a key with which these have buckets of their own */
	ck_assert_int_gt(drain(peer(V4("\x02"), 1), 1000, &wait_ms), 0);
	ck_assert_int_gt(drain(peer(V6("\x01"), 1), 1000, &wait_ms), 0);
	ck_assert_int_eq(drain(peer(V6("\x02"), 1), 1000, &wait_ms), 0);
}
END_TEST

START_TEST(without_a_rate_there_is_no_bound)
{
	struct coap_peer one = peer(V4("\x01"), 5683);

	coap_strangers_init(&strangers, 0);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(coap_strangers_take(&strangers, &one, 20, 1100, 5), 0);
}
END_TEST

TEST_SUITE(coap_strangers, small_answers_are_not_bounded, an_address_gets_a_burst_and_then_the_rate,
	other_ports_and_hosts_of_a_network_are_the_same_stranger, without_a_rate_there_is_no_bound)
