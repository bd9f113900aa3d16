#include "gateway/firmware_counts.h"

#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/metrics.h"
#include "gateway/nodes.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define INTERVAL_MS 60000

static const struct nodes_settings options = { .most = 1000, .flush_interval_ms = 300000, .missed_wakes = 2 };
static const struct moment now = { 1000, 1790000000000 };

static struct stepped_store stepped;
static struct nodes *nodes;
static struct firmware_counts counts;

static void begin_scene(void)
{
	stepped_open(&stepped);
	ck_assert_int_eq(nodes_open(&nodes, stepped.store, &options), 0);
}

static void end_scene(void)
{
	stepped_shut(&stepped);
	nodes_close(nodes);
	stepped_close(&stepped);
}

static struct node *call(const char *id, const char *hardware, const char *version, int battery_percent)
{
	const struct node_contact contact = { .node = id,
		.reports = true,
		.hardware = hardware,
		.version = version,
		.battery_percent = battery_percent };
	struct node *node;

	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, now, &node), 0);
	firmware_count_of(&counts, &node->record)->contacts++;
	return node;
}

static const json_t *find(const json_t *list, const char *version)
{
	size_t i;
	json_t *set;

	json_array_foreach (list, i, set)
		if (strcmp(json_string_value(json_object_get(set, "version")), version) == 0)
			return set;
	return NULL;
}

static json_int_t number(const json_t *set, const char *name)
{
	return json_integer_value(json_object_get(set, name));
}

START_TEST(an_event_stays_with_the_version_that_the_node_ran_then)
{
	begin_scene();
	(void)call("n1", "m4", "1.0", 80);
	(void)call("n2", "m4", "1.0", 60);
	(void)call("n2", "m4", "2.0", 60);
	json_t *list = firmware_counts_json(&counts, nodes, INTERVAL_MS, now);
	ck_assert_int_eq(number(find(list, "1.0"), "contacts"), 2);
	ck_assert_int_eq(number(find(list, "1.0"), "nodes"), 1);
	ck_assert_int_eq(number(find(list, "2.0"), "contacts"), 1);
	ck_assert_double_eq(json_real_value(json_object_get(find(list, "1.0"), "battery_percent")), 80);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(silent_nodes_are_not_online)
{
	begin_scene();
	call("n1", "m4", "1.0", -1)->record.next_contact_ms = now.wall_ms;
	call("n2", "m4", "1.0", -1)->record.next_contact_ms = now.wall_ms - 3 * INTERVAL_MS;
	json_t *list = firmware_counts_json(&counts, nodes, INTERVAL_MS, now);
	ck_assert_int_eq(number(find(list, "1.0"), "nodes"), 2);
	ck_assert_int_eq(number(find(list, "1.0"), "online"), 1);
	ck_assert_ptr_null(json_object_get(find(list, "1.0"), "battery_percent"));
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(sets_are_bounded_and_unused_ones_make_room)
{
	char version[16];

	begin_scene();
	for (int i = 0; i < FIRMWARE_SETS_MAX + 10; i++) {
		snprintf(version, sizeof(version), "%d", i);
		(void)call("n1", "m4", version, -1);
	}
	(void)call("n2", "m4", "0", -1);
	json_t *list = firmware_counts_json(&counts, nodes, INTERVAL_MS, now);
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_int_eq(number(find(list, "0"), "nodes"), 1);
	ck_assert_int_eq(number(find(list, "73"), "nodes"), 1);
	ck_assert_int_eq(number(find(list, "other"), "contacts"), 10);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(whatever_nodes_say_no_two_sets_have_the_same_labels)
{
	begin_scene();
	(void)call("n1", "m4", "a\nb", -1);
	(void)call("n2", "m4", "a b", -1);
	(void)call("n3", "m4", "a\xff", -1);
	(void)call("n4", "m4", "a\\xff", -1);
	(void)call("n5", "other", "other", -1);
	json_t *list = firmware_counts_json(&counts, nodes, INTERVAL_MS, now);
	ck_assert_uint_eq(json_array_size(list), 5);
	ck_assert_ptr_nonnull(find(list, "a\\x0ab"));
	ck_assert_ptr_nonnull(find(list, "a b"));
	ck_assert_ptr_nonnull(find(list, "a\\xff"));
	ck_assert_ptr_nonnull(find(list, "a\\x5cxff"));
	ck_assert_int_eq(number(find(list, "other"), "nodes"), 1);
	json_t *status = json_pack("{s:s, s:o}", "gateway", "g", "firmware", list);
	char *text = metrics_text(status);
	ck_assert_ptr_nonnull(strstr(text, "wakegate_firmware_nodes{hardware=\"m4\",version=\"a\\\\xff\"} 1\n"));
	free(text);
	json_decref(status);
	end_scene();
}
END_TEST

TEST_SUITE(firmware_counts, an_event_stays_with_the_version_that_the_node_ran_then, silent_nodes_are_not_online,
	sets_are_bounded_and_unused_ones_make_room, whatever_nodes_say_no_two_sets_have_the_same_labels)
