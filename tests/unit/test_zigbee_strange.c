/* What makes no sense: nodes that lie about themselves, sticks that forget, orders that fail half-way. */
#include "drivers/zigbee_driver.h"

#include "tests/unit/suite.h"
#include "tests/unit/zigbee_stage.h"

#define OTHER 0x00124b00cafe0001
#define READ_VERSION 0x02

static struct stage stage;

static void join(uint64_t eui64, uint16_t nwk)
{
	struct stick *stick = stage.driver->stick;

	stick->host.joined(stick->host.context, eui64, nwk, ZIGBEE_NWK_NONE);
	zigbee_turn(stage.driver);
}

/* Messages with the stick, which are taken off: to that address, or of that cluster. */
static unsigned count_sent(uint16_t peer, uint16_t cluster)
{
	struct stick_dummy_sent sent;
	unsigned count = 0;

	while (stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent)) {
		count += sent.message.peer == peer && sent.message.cluster == cluster;
		zigbee_turn(stage.driver);
	}
	return count;
}

START_TEST(an_address_of_many_is_no_nodes_address)
{
	static const uint16_t addresses[] = { 0x0000, 0xfff8, 0xfffc, 0xfffd, 0xfffe, 0xffff };

	stage_init(&stage);
	stage_up(&stage);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		join(OTHER, addresses[i]);
	join(0, STAGE_NWK);
	join(UINT64_MAX, STAGE_NWK);
	join(stage.driver->network.own.eui64, STAGE_NWK);
	ck_assert_uint_eq(stage.driver->nodes.count, 0);
	ck_assert_uint_eq(stage.contacts, 0);
	ck_assert_uint_eq(stage.driver->stick->sent_count, 0);
	stage_close(&stage);
}
END_TEST

START_TEST(a_battery_beyond_full_and_a_signal_above_any_are_none)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_hear_zcl(&stage, CLUSTER_BATTERY, "18440a210020fa"); /* 125 % */
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18450a0000296608");
	ck_assert_int_eq(stage.contact.battery_percent, 100);
	stage.driver->nodes.list[0]->rssi = 5;
	join(STAGE_SENSOR, STAGE_NWK);
	ck_assert_int_eq(stage.contact.signal_dbm, 0);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_announces_itself_without_end_is_asked_once_in_a_while)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_pass(&stage, 20000);
	for (int i = 0; i < 50; i++)
		join(STAGE_SENSOR, STAGE_NWK);
	ck_assert_uint_eq(count_sent(STAGE_NWK, CLUSTER_UPGRADE), 1);
	stage_pass(&stage, 10000);
	join(STAGE_SENSOR, STAGE_NWK);
	ck_assert_uint_eq(count_sent(STAGE_NWK, CLUSTER_UPGRADE), 1);
	stage_close(&stage);
}
END_TEST

/* Another node got its address: where the first one is nobody knows. */
START_TEST(a_node_without_an_address_is_looked_for_and_spoken_to_by_nobody)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	struct zigbee_node *node = stage.driver->nodes.list[0];
	node->capabilities |= ZDO_AWAKE_WHEN_IDLE;
	join(OTHER, STAGE_NWK);
	ck_assert_uint_eq(node->nwk, ZIGBEE_NWK_NONE);
	(void)count_sent(0, 0);
	stage_pass(&stage, stage.settings.ping_after_ms + 1);
	unsigned looked = 0;
	struct stick_dummy_sent sent;
	while (stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent)) {
		ck_assert_uint_ne(sent.message.peer, ZIGBEE_NWK_NONE);
		looked += sent.message.peer == ZIGBEE_BROADCAST_AWAKE && sent.message.cluster == ZDO_NWK_ADDRESS;
		zigbee_turn(stage.driver);
	}
	ck_assert_uint_eq(looked, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(an_address_that_two_records_have_is_asked_whose_it_is)
{
	stage_init(&stage);
	stage_up(&stage);
	join(STAGE_SENSOR, STAGE_NWK);
	join(OTHER, STAGE_NWK + 1);
	stage.driver->nodes.list[1]->nwk = STAGE_NWK; /* as if one of two records had not been written */
	stage.driver->nodes.list[1]->changed = true;
	zigbee_turn(stage.driver);
	stage_close(&stage);
	stage_open(&stage);
	ck_assert_uint_eq(stage.driver->nodes.count, 2);
	ck_assert_ptr_null(zigbee_nodes_at(&stage.driver->nodes, STAGE_NWK));
	stage_up(&stage);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_uint_eq(stage.reports, 0);
	ck_assert(stage_exchange(&stage));
	ck_assert_uint_eq(zigbee_nodes_at(&stage.driver->nodes, STAGE_NWK)->eui64, STAGE_SENSOR);
	stage_close(&stage);
}
END_TEST

START_TEST(nodes_that_left_make_room_in_a_full_network)
{
	stage_init(&stage);
	stage.host.keep = NULL;
	stage_up(&stage);
	for (uint16_t i = 0; i < ZIGBEE_NODES_MAX; i++)
		join(OTHER + i, (uint16_t)(0x2000 + i));
	join(STAGE_SENSOR, STAGE_NWK);
	ck_assert_ptr_null(zigbee_nodes_find(&stage.driver->nodes, STAGE_SENSOR));
	struct stick *stick = stage.driver->stick;
	stick->host.left(stick->host.context, OTHER + 7, 0x2007);
	join(STAGE_SENSOR, STAGE_NWK);
	ck_assert_ptr_nonnull(zigbee_nodes_find(&stage.driver->nodes, STAGE_SENSOR));
	ck_assert_ptr_null(zigbee_nodes_find(&stage.driver->nodes, OTHER + 7));
	stage_close(&stage);
}
END_TEST

/* ---- forming ---- */

static void tell_energies(uint8_t quiet)
{
	struct stick *stick = stage.driver->stick;

	for (uint8_t channel = 11; channel <= 26; channel++)
		stick->host.scanned(stick->host.context, channel, channel == quiet ? 3 : 90);
	stick->host.scanned(stick->host.context, 0, 0);
	zigbee_turn(stage.driver);
}

/* An empty stick, on which a network was formed to measure in. */
static struct stick *begin_in_quiet(void)
{
	stage_init(&stage);
	stage.settings.channel = "scan";
	struct stick *stick = stage.driver->stick;
	stick_dummy_state(stick, STICK_EMPTY, "");
	zigbee_turn(stage.driver);
	ck_assert_uint_eq(stick->forms, 1); /* a stick without a network cannot measure */
	ck_assert_uint_eq(stick->scans, 0);
	stage_up(&stage);
	ck_assert_uint_eq(stick->scans, 1);
	ck_assert_ptr_null(strstr(stage.events, "zigbee.network_up"));
	return stick;
}

START_TEST(a_network_that_was_formed_to_measure_in_gives_way_to_a_quieter_channel)
{
	struct stick *stick = begin_in_quiet();
	uint64_t first = stick->network.extended_pan;

	tell_energies(20);
	ck_assert_uint_eq(stick->forms, 2);
	ck_assert_uint_eq(stick->network.channel, 20);
	ck_assert_uint_ne(stick->network.extended_pan, first);
	stage_up(&stage);
	ck_assert_int_eq(stage.driver->network.state, NETWORK_UP);
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.network_up stick=dummy firmware=\"dummy 1.0\" channel=20"));
	ck_assert_uint_eq(stick->scans, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_network_on_the_quietest_channel_stays)
{
	struct stick *stick = begin_in_quiet();

	tell_energies(15);
	ck_assert_uint_eq(stick->forms, 1);
	ck_assert_int_eq(stage.driver->network.state, NETWORK_UP);
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.network_up stick=dummy firmware=\"dummy 1.0\" channel=15"));
	stage_close(&stage);
}
END_TEST

START_TEST(a_stick_that_goes_while_it_measures_comes_back_with_what_it_has)
{
	struct stick *stick = begin_in_quiet();

	stick->host.scanned(stick->host.context, 0, 0); /* a job that is cut short ends all the same */
	stick->refuses = -EBUSY;
	stick_dummy_state(stick, STICK_DOWN, "unplugged");
	zigbee_turn(stage.driver);
	stick->refuses = 0;
	stage_up(&stage);
	ck_assert_int_eq(stage.driver->network.state, NETWORK_UP);
	ck_assert_uint_eq(stick->forms, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(forming_that_fails_is_told_and_can_be_ordered_again)
{
	stage_init(&stage);
	stage_up(&stage);
	struct stick *stick = stage.driver->stick;
	stick->refuses = -EBUSY;
	stage_ask(&stage, "form", "{\"yes\":true}");
	ck_assert(stage.answered);
	ck_assert_int_eq(stage.result, -EBUSY);
	stick->refuses = 0;
	stage_ask(&stage, "form", "{\"yes\":true}");
	ck_assert_uint_eq(stick->forms, 1);
	stage_up(&stage);
	ck_assert(stage.answered);
	ck_assert_int_eq(stage.result, 0);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee_strange, an_address_of_many_is_no_nodes_address,
	a_battery_beyond_full_and_a_signal_above_any_are_none,
	a_node_that_announces_itself_without_end_is_asked_once_in_a_while,
	a_node_without_an_address_is_looked_for_and_spoken_to_by_nobody,
	an_address_that_two_records_have_is_asked_whose_it_is, nodes_that_left_make_room_in_a_full_network,
	a_network_that_was_formed_to_measure_in_gives_way_to_a_quieter_channel, a_network_on_the_quietest_channel_stays,
	a_stick_that_goes_while_it_measures_comes_back_with_what_it_has,
	forming_that_fails_is_told_and_can_be_ordered_again)
