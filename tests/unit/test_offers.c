#include "drivers/image_source.h"
#include "drivers/offers.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>

static void destroy(struct image_source *source)
{
}

static const struct image_source_ops ops = { NULL, destroy };

static struct image_source image_of(uint32_t size, uint8_t digest)
{
	return (struct image_source){ .ops = &ops, .references = 1, .size_bytes = size, .sha256 = { digest } };
}

START_TEST(an_offer_holds_its_image_until_it_is_gone)
{
	struct image_source first = image_of(10, 1), second = image_of(10, 2);
	struct offers offers;

	offers_init(&offers, 2);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &first }), 0);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &second, { .apply_at_ms = 7 } }), 0);
	ck_assert_uint_eq(first.references, 1);
	ck_assert_uint_eq(second.references, 2);
	ck_assert_int_eq(offers_find(&offers, "n1")->times.apply_at_ms, 7);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n2", &first }), 0);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n3", &first }), -ENOBUFS);
	offers_remove(&offers, "n1");
	offers_remove(&offers, "n1");
	ck_assert_ptr_null(offers_find(&offers, "n1"));
	offers_finish(&offers);
	ck_assert_uint_eq(first.references, 1);
	ck_assert_uint_eq(second.references, 1);
}
END_TEST

START_TEST(a_node_needs_a_name_that_fits)
{
	struct image_source image = image_of(10, 1);
	char name[NODE_ID_MAX + 2];
	struct offers offers;

	memset(name, 'n', sizeof(name));
	name[NODE_ID_MAX + 1] = '\0';
	offers_init(&offers, 2);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ name, &image }), -EINVAL);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "", &image }), -EINVAL);
	offers_finish(&offers);
}
END_TEST

START_TEST(progress_is_told_in_steps_and_at_the_end)
{
	const uint32_t size = 1024 * 1024, block = 1024;
	struct image_source image = image_of(size, 1);
	struct offers offers;
	unsigned told = 0;

	offers_init(&offers, 1);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &image }), 0);
	struct offer *offer = offers_find(&offers, "n1");
	for (uint32_t offset = 0; offset < size; offset += block)
		told += offer_advance(offer, offset, offset + block);
	ck_assert_uint_ge(told, 40);
	ck_assert_uint_le(told, 52);
	ck_assert_uint_eq(offer->seen_offset, size - block);
	ck_assert(!offer_advance(offer, size - block, size)); /* asked for again */
	ck_assert(offer_advance(offer, 0, block));            /* from the start again */
	offers_finish(&offers);
}
END_TEST

START_TEST(the_same_offer_again_does_not_start_progress_anew)
{
	struct image_source image = image_of(100000, 1), other = image_of(100000, 2);
	struct offers offers;

	offers_init(&offers, 1);
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &image }), 0);
	ck_assert(offer_advance(offers_find(&offers, "n1"), 0, 64));
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &image }), 0);
	ck_assert(!offer_advance(offers_find(&offers, "n1"), 64, 128));
	ck_assert_int_eq(offers_put(&offers, &(struct driver_offer){ "n1", &other }), 0);
	ck_assert(offer_advance(offers_find(&offers, "n1"), 64, 128));
	offers_finish(&offers);
}
END_TEST

START_TEST(a_node_waits_until_it_may_fetch)
{
	struct offer offer = { .times = { 0 } };

	ck_assert_int_eq(offer_wait_ms(&offer, 5000), 0);
	offer.times = (struct offer_times){ .fetch_from_ms = 5000, .fetch_until_ms = 9000 };
	ck_assert_int_eq(offer_wait_ms(&offer, 4000), 1000);
	ck_assert_int_eq(offer_wait_ms(&offer, 5000), 0);
	ck_assert_int_eq(offer_wait_ms(&offer, 8999), 0);
	ck_assert_int_eq(offer_wait_ms(&offer, 9000), OFFER_WAIT_MS);
	ck_assert_uint_eq(offer_seconds_until(5001, 4000), 2);
	ck_assert_uint_eq(offer_seconds_until(0, 4000), 0);
	ck_assert_uint_eq(offer_seconds_until(INT64_MAX / 2, 0), UINT32_MAX);
}
END_TEST

START_TEST(nobody_activates_after_the_time_that_was_given)
{
	struct offer_times times = { .apply_at_ms = 5000 };

	ck_assert_uint_eq(offer_activation(&times, 4000).from_s, 1);
	ck_assert_uint_eq(offer_activation(&times, 4000).until_s, 0);
	times.apply_until_ms = 9999;
	ck_assert_uint_eq(offer_activation(&times, 6000).from_s, 0);
	ck_assert_uint_eq(offer_activation(&times, 6000).until_s, 3);
	ck_assert_uint_eq(offer_activation(&times, 8999).until_s, 1);
	/* It is past, or nearly, and the offer is not renewed yet: from then on is never. */
	for (int64_t now_ms = 9000; now_ms < 12000; now_ms += 333) {
		struct offer_activation late = offer_activation(&times, now_ms);
		ck_assert_uint_gt(late.until_s, 0);
		ck_assert_uint_ge(late.from_s, late.until_s);
	}
}
END_TEST

TEST_SUITE(offers, a_node_waits_until_it_may_fetch, an_offer_holds_its_image_until_it_is_gone,
	a_node_needs_a_name_that_fits, nobody_activates_after_the_time_that_was_given,
	progress_is_told_in_steps_and_at_the_end, the_same_offer_again_does_not_start_progress_anew)
