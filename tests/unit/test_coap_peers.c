#include "drivers/coap_peers.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct coap_peer peer(uint16_t port)
{
	return (struct coap_peer){ .port = port };
}

START_TEST(a_peer_is_known_by_its_address)
{
	struct coap_peers *peers;
	struct coap_peer a = peer(1), b = peer(2);

	ck_assert_int_eq(coap_peers_open(&peers, 4), 0);
	ck_assert_ptr_null(coap_peers_find(peers, &a));
	coap_peers_learn(peers, &a, "n1");
	ck_assert_str_eq(coap_peers_find(peers, &a)->node, "n1");
	ck_assert_ptr_null(coap_peers_find(peers, &b));
	coap_peers_find(peers, &a)->bytes_in = 5;
	coap_peers_learn(peers, &a, "n2");
	ck_assert_str_eq(coap_peers_find(peers, &a)->node, "n2");
	ck_assert_uint_eq(coap_peers_find(peers, &a)->bytes_in, 0);
	ck_assert_uint_eq(coap_peers_count(peers), 1);
	coap_peers_close(peers);
}
END_TEST

START_TEST(a_quiet_peer_makes_room_and_a_busy_one_stays)
{
	struct coap_peers *peers;
	struct coap_peer busy = peer(1);

	ck_assert_int_eq(coap_peers_open(&peers, 4), 0);
	coap_peers_learn(peers, &busy, "busy");
	for (uint16_t port = 2; port < 100; port++) {
		struct coap_peer other = peer(port);
		coap_peers_learn(peers, &other, "other");
		ck_assert_ptr_nonnull(coap_peers_find(peers, &busy));
	}
	ck_assert_uint_eq(coap_peers_count(peers), 4);
	coap_peers_close(peers);
}
END_TEST

/* Who is looked for next is a guess, also where another has that place by then. */
START_TEST(peers_are_found_in_any_order_while_they_make_room)
{
	struct coap_peers *peers;
	uint32_t seed = 7;
	size_t found = 0;

	ck_assert_int_eq(coap_peers_open(&peers, 32), 0);
	for (int turn = 0; turn < 5000; turn++) {
		seed = seed * 1664525 + 1013904223;
		unsigned port = turn % 100 < 80 ? (unsigned)turn % 30 : (seed >> 8) % 50;
		struct coap_peer one = peer((uint16_t)port);
		struct coap_known_peer *known = coap_peers_find(peers, &one);
		char name[16];

		(void)snprintf(name, sizeof(name), "n%u", one.port);
		if (known)
			ck_assert_str_eq(known->node, name);
		else
			coap_peers_learn(peers, &one, name);
		found += known != NULL;
	}
	ck_assert_uint_gt(found, 3000);
	ck_assert_uint_eq(coap_peers_count(peers), 32);
	coap_peers_close(peers);
}
END_TEST

START_TEST(names_of_any_length_are_kept)
{
	char longest[NODE_ID_MAX + 1];
	const char *const names[] = { "a", "fifteen-letters", "sixteen--letters", "thirty-one-letters-are-in-this-",
		"thirty-two-letters-are-in-this--", longest };
	struct coap_peers *peers;

	memset(longest, 'x', NODE_ID_MAX);
	longest[NODE_ID_MAX] = '\0';
	ck_assert_int_eq(coap_peers_open(&peers, 4), 0);
	for (uint16_t turn = 0; turn < 60; turn++) {
		struct coap_peer one = peer(turn % 7);
		const char *name = names[turn % 6];
		coap_peers_learn(peers, &one, name);
		ck_assert_str_eq(coap_peers_find(peers, &one)->node, name);
	}
	coap_peers_close(peers);
}
END_TEST

TEST_SUITE(coap_peers, names_of_any_length_are_kept, a_peer_is_known_by_its_address,
	a_quiet_peer_makes_room_and_a_busy_one_stays, peers_are_found_in_any_order_while_they_make_room)
