#include "drivers/zigbee_network.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct stick_network home = {
	.eui64 = 0x00124b0001020304,
	.extended_pan = 0xdddddddddddddddd,
	.pan = 0x1a62,
	.channel = 15,
	.key = { 1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13 },
	.frame_counter = 1234,
};

static enum zigbee_network_turn tell(
	struct zigbee_network *network, enum stick_state state, const struct stick_network *own)
{
	return zigbee_network_on_stick(network,
		&(struct stick_report){ .state = state, .network = own, .firmware = "Z-Stack 3.x.0", .why = "gone" });
}

START_TEST(an_empty_stick_of_a_new_gateway_gets_a_network)
{
	struct zigbee_network network;

	zigbee_network_init(&network);
	ck_assert_int_eq(tell(&network, STICK_OPENING, NULL), NETWORK_NOTHING);
	ck_assert_int_eq(tell(&network, STICK_EMPTY, NULL), NETWORK_FORM);
	ck_assert_int_eq(tell(&network, STICK_UP, &home), NETWORK_STARTED);
	ck_assert_int_eq(network.state, NETWORK_UP);
	ck_assert(network.remembers);
	ck_assert_str_eq(network.firmware, "Z-Stack 3.x.0");
}
END_TEST

START_TEST(a_new_gateway_takes_the_network_that_the_stick_has)
{
	struct zigbee_network network;

	zigbee_network_init(&network);
	ck_assert_int_eq(tell(&network, STICK_UP, &home), NETWORK_STARTED);
	ck_assert_uint_eq(network.kept.pan, home.pan);
}
END_TEST

START_TEST(the_frame_counter_never_goes_back)
{
	struct zigbee_network network;
	struct stick_network reset = home, other = home;

	zigbee_network_init(&network);
	(void)tell(&network, STICK_UP, &home);
	reset.frame_counter = 0; /* as of a stick whose memory cannot be read */
	ck_assert_int_eq(tell(&network, STICK_UP, &reset), NETWORK_STARTED);
	ck_assert_uint_eq(network.kept.frame_counter, home.frame_counter);
	other.key[0]++; /* of another network it may */
	other.frame_counter = 5;
	zigbee_network_accept_any(&network);
	ck_assert_int_eq(tell(&network, STICK_UP, &other), NETWORK_STARTED);
	ck_assert_uint_eq(network.kept.frame_counter, 5);
}
END_TEST

START_TEST(another_network_is_refused_until_an_operator_takes_it)
{
	struct zigbee_network network;
	struct stick_network other = home;

	zigbee_network_init(&network);
	network.remembers = true;
	network.kept = home;
	other.extended_pan = 0xaaaaaaaaaaaaaaaa;
	ck_assert_int_eq(tell(&network, STICK_UP, &other), NETWORK_NOTHING);
	ck_assert_int_eq(network.state, NETWORK_REFUSED);
	ck_assert_ptr_nonnull(strstr(network.why, "aaaaaaaaaaaaaaaa"));
	ck_assert_ptr_nonnull(strstr(network.why, "wakegate zigbee restore"));
	ck_assert_uint_eq(network.kept.extended_pan, home.extended_pan);
	zigbee_network_accept_any(&network);
	ck_assert_int_eq(tell(&network, STICK_UP, &other), NETWORK_STARTED);
	ck_assert_int_eq(tell(&network, STICK_UP, &home), NETWORK_NOTHING);
}
END_TEST

START_TEST(another_key_is_another_network)
{
	struct zigbee_network network;
	struct stick_network other = home;

	zigbee_network_init(&network);
	network.remembers = true;
	network.kept = home;
	other.key[0] ^= 1;
	ck_assert_int_eq(tell(&network, STICK_UP, &other), NETWORK_NOTHING);
	other = home;
	other.channel = 20; /* it may move */
	other.pan = 0x1111;
	ck_assert_int_eq(tell(&network, STICK_UP, &other), NETWORK_STARTED);
	ck_assert_uint_eq(network.kept.channel, 20);
}
END_TEST

START_TEST(an_empty_stick_is_not_formed_over_a_remembered_network)
{
	struct zigbee_network network;

	zigbee_network_init(&network);
	network.remembers = true;
	network.kept = home;
	ck_assert_int_eq(tell(&network, STICK_EMPTY, NULL), NETWORK_NOTHING);
	ck_assert_int_eq(network.state, NETWORK_REFUSED);
	ck_assert_ptr_nonnull(strstr(network.why, "wakegate zigbee form"));
}
END_TEST

START_TEST(what_is_wrong_with_the_stick_is_passed_on)
{
	struct zigbee_network network;

	zigbee_network_init(&network);
	ck_assert_int_eq(tell(&network, STICK_DOWN, NULL), NETWORK_NOTHING);
	ck_assert_int_eq(network.state, NETWORK_NO_STICK);
	ck_assert_str_eq(network.why, "gone");
	ck_assert_int_eq(tell(&network, STICK_REFUSED, NULL), NETWORK_NOTHING);
	ck_assert_int_eq(network.state, NETWORK_REFUSED);
}
END_TEST

START_TEST(the_quietest_channel_is_chosen_away_from_wifi)
{
	uint8_t energies[ZIGBEE_CHANNELS];

	memset(energies, 40, sizeof(energies));
	ck_assert_uint_eq(zigbee_network_quietest(energies), 15);
	energies[9] = 39;
	ck_assert_uint_eq(zigbee_network_quietest(energies), 20);
	energies[15] = 10;
	ck_assert_uint_eq(zigbee_network_quietest(energies), 26);
}
END_TEST

START_TEST(a_made_network_follows_from_settings_and_chance)
{
	struct zigbee_network network;
	uint8_t chance[ZIGBEE_CHANCE_SIZE];
	struct stick_network made;

	zigbee_network_init(&network);
	memset(chance, 0xff, sizeof(chance));
	zigbee_network_make(&network, 20, 0x1a2b, chance, &made);
	ck_assert_uint_eq(made.channel, 20);
	ck_assert_uint_eq(made.pan, 0x1a2b);
	ck_assert_mem_eq(made.key, chance, 16);
	ck_assert_mem_eq(made.link_key, "ZigBeeAlliance09", 16);
	for (unsigned i = 0; i <= 0xffff; i++) {
		chance[0] = (uint8_t)i;
		chance[1] = (uint8_t)(i >> 8);
		zigbee_network_make(&network, 11, 0, chance, &made);
		ck_assert(made.pan > 0 && made.pan < 0xfffe);
	}
}
END_TEST

START_TEST(the_record_brings_the_network_back)
{
	uint8_t record[ZIGBEE_NETWORK_RECORD_SIZE];
	struct stick_network back;
	size_t size = zigbee_network_write(&home, record);

	ck_assert_int_eq(zigbee_network_parse(&back, record, size), 0);
	ck_assert_uint_eq(back.extended_pan, home.extended_pan);
	ck_assert_mem_eq(back.key, home.key, 16);
	ck_assert_uint_eq(back.frame_counter, home.frame_counter);
	for (size_t cut = 0; cut < size; cut++)
		ck_assert_int_eq(zigbee_network_parse(&back, record, cut), -EBADMSG);
}
END_TEST

START_TEST(a_revived_network_counts_on_from_further_ahead)
{
	struct zigbee_network network;
	struct stick_network revived;

	zigbee_network_init(&network);
	network.kept = home;
	zigbee_network_revive(&network, &revived);
	ck_assert_uint_gt(revived.frame_counter, home.frame_counter);
	ck_assert_uint_eq(revived.eui64, home.eui64);
}
END_TEST

TEST_SUITE(zigbee_network, an_empty_stick_of_a_new_gateway_gets_a_network,
	a_new_gateway_takes_the_network_that_the_stick_has, the_frame_counter_never_goes_back,
	another_network_is_refused_until_an_operator_takes_it, another_key_is_another_network,
	an_empty_stick_is_not_formed_over_a_remembered_network, what_is_wrong_with_the_stick_is_passed_on,
	the_quietest_channel_is_chosen_away_from_wifi, a_made_network_follows_from_settings_and_chance,
	the_record_brings_the_network_back, a_revived_network_counts_on_from_further_ahead)
