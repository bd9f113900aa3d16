#include "gateway/stones.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/image_cache.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

static struct stepped_store stepped;
static struct image_cache *cache;
static char why[STONES_WHY_SIZE];

static bool is_needed(void *context, const uint8_t sha256[32])
{
	return false;
}

static void on_ready(void *context)
{
}

static void store_image(uint8_t key, const char *version, const char *least, const char *hardware)
{
	struct stored_image image = fixture_image(key, 1000 + key);

	snprintf(image.version, sizeof(image.version), "%s", version);
	snprintf(image.requires, sizeof(image.requires), "%s", least);
	snprintf(image.hardware, sizeof(image.hardware), "%s", hardware);
	fixture_store(&stepped, image, image.size_bytes);
}

/* After the images were stored, so that they come out of the store again. */
static void open_cache(void)
{
	struct image_cache_options options = { .store = stepped.store,
		.quota_bytes = 1000000,
		.cached_chunks = 2,
		.needed = is_needed,
		.ready = on_ready };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(image_cache_open(&cache, &options), 0);
}

static void close_all(void)
{
	image_cache_close(cache);
	stepped_close(&stepped);
}

static const uint8_t *digest(uint8_t key)
{
	static uint8_t out[256][32];

	memset(out[key], key, sizeof(out[key]));
	return out[key];
}

static struct node_record node_of(const char *version)
{
	return (struct node_record){ .id = "n1", .hardware = "soil-1", .version = version };
}

/* The key of the first image on the way of a node with that version, or a negative errno. */
static int next_of(const char *version, uint8_t goal)
{
	const struct node_record node = node_of(version);
	uint8_t next[32];
	int error = stones_next(cache, &node, digest(goal), next, why);

	return error ? error : next[0];
}

START_TEST(the_way_leads_over_images_for_the_same_hardware)
{
	stepped_open(&stepped);
	store_image(2, "2.0.0", "", "soil-1");
	store_image(3, "3.0.0", "2.0.0", "soil-1");
	store_image(4, "4.0.0", "3.0.0", "soil-1");
	store_image(9, "3.5.0", "", "valve-1");
	open_cache();
	ck_assert_int_eq(next_of("1.0.0", 4), 2);
	ck_assert_int_eq(next_of("2.0.0", 4), 3);
	ck_assert_int_eq(next_of("2.5.0", 4), 3);
	ck_assert_int_eq(next_of("3.0.0", 4), 4);
	ck_assert_int_eq(next_of("9.0.0", 4), 4);
	ck_assert_int_eq(next_of("1.0.0", 2), 2);
	ck_assert_int_eq(next_of("1.0.0", 77), -ENOENT);
	close_all();
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	stepped_open(&stepped);
	store_image(2, "2.0.0", "", "soil-1");
	store_image(4, "4.0.0", "3.0.0", "soil-1");
	store_image(5, "5.0.0", "4.0.0", "soil-1");
	open_cache();
	ck_assert_int_eq(next_of("1.0.0", 5), -ENOLINK);
	ck_assert_str_eq(why, "version 3.0.0 or newer, below 5.0.0, for nodes on 2.0.0, is missing");
	ck_assert_int_eq(next_of("", 5), -ENODATA);
	ck_assert_str_eq(why, "the node has said no version, 4.0.0 is required");
	ck_assert_int_eq(next_of("2.0.0", 2), 2); /* what requires nothing needs no version */
	ck_assert_int_eq(next_of("", 2), 2);
	close_all();
}
END_TEST

START_TEST(a_node_without_a_version_has_that_of_its_image)
{
	struct node_record node = node_of("");
	uint8_t next[32], image[8] = { 2, 2, 2, 2, 2, 2, 2, 2 };

	stepped_open(&stepped);
	store_image(2, "2.0.0", "", "soil-1");
	store_image(3, "3.0.0", "2.0.0", "soil-1");
	open_cache();
	node.image = image;
	node.image_size = 8;
	ck_assert_int_eq(stones_next(cache, &node, digest(3), next, why), 0);
	ck_assert_uint_eq(next[0], 3);
	close_all();
}
END_TEST

START_TEST(stones_of_nodes_that_sleep_are_needed)
{
	static const struct nodes_settings settings = { .most = 100, .flush_interval_ms = 300000, .missed_wakes = 2 };
	struct nodes *nodes;
	struct node *node;

	stepped_open(&stepped);
	store_image(2, "2.0.0", "", "soil-1");
	store_image(3, "3.0.0", "2.0.0", "soil-1");
	store_image(4, "4.0.0", "3.0.0", "soil-1");
	store_image(7, "1.5.0", "", "soil-1");
	open_cache();
	ck_assert_int_eq(nodes_open(&nodes, stepped.store, &settings), 0);
	for (int i = 0; i < 40; i++) {
		char id[16], version[16];
		snprintf(id, sizeof(id), "n%02d", i);
		snprintf(version, sizeof(version), i == 39 ? "1.0.0" : "3.%d.0", i);
		struct node_contact contact = { .node = id, .reports = true, .hardware = "soil-1", .version = version };
		ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, (struct moment){ .wall_ms = 1 }, &node), 0);
	}
	ck_assert(stones_need(cache, nodes, digest(4), digest(2)));
	ck_assert(stones_need(cache, nodes, digest(4), digest(3)));
	ck_assert(!stones_need(cache, nodes, digest(4), digest(7)));
	nodes_remove(nodes, node); /* the one on 1.0.0 */
	ck_assert(!stones_need(cache, nodes, digest(4), digest(2)));
	ck_assert(!stones_need(cache, nodes, digest(4), digest(3)));
	nodes_flush(nodes);
	stepped_shut(&stepped);
	nodes_close(nodes);
	close_all();
}
END_TEST

TEST_SUITE(stones, the_way_leads_over_images_for_the_same_hardware, what_is_missing_is_named,
	a_node_without_a_version_has_that_of_its_image, stones_of_nodes_that_sleep_are_needed)
