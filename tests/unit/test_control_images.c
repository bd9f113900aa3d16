#include "gateway/control_images.h"

#include "tests/unit/control_bench.h"

START_TEST(an_uploaded_image_is_listed)
{
	struct control_bench *bench = bench_open();
	char image[17];

	bench_add_image(bench, 1, 200000, "meter-2", image);
	json_t *result = bench_ask(bench, json_pack("{s:s}", "command", "image.list"));
	json_t *listed = json_array_get(json_object_get(result, "images"), 0);
	ck_assert_str_eq(text_of(listed, "image"), image);
	ck_assert_str_eq(text_of(listed, "name"), "app-1.bin");
	ck_assert_str_eq(text_of(listed, "hardware"), "meter-2");
	ck_assert_int_eq(number_of(listed, "size_bytes"), 200000);
	ck_assert(json_is_true(json_object_get(listed, "complete")));
	ck_assert_int_eq(number_of(result, "bytes"), 200000);
	bench_close(bench);
}
END_TEST

START_TEST(an_image_is_found_by_what_people_call_it)
{
	struct control_bench *bench = bench_open();
	const char *const names[] = { "app-1.bin", "meter-2@2.0.0" };
	char image[17], head[5];

	bench_add_image(bench, 1, 1000, "meter-2", image);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(
			bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", names[i])));
	snprintf(head, sizeof(head), "%.4s", image);
	ck_assert_ptr_nonnull(bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", head)));
	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", "none"));
	ck_failed(bench, "not_found");
	bench_close(bench);
}
END_TEST

START_TEST(the_nodes_that_run_an_image_are_counted)
{
	struct control_bench *bench = bench_open();
	char image[17];

	bench_add_image(bench, 1, 1000, "meter-2", image);
	struct node_contact contact = { .node = "m1", .reports = true, .image_size = 8, .battery_percent = -1 };
	struct node *node = bench_add_node(bench, "m1", "meter-2");
	(void)bench_add_node(bench, "m2", "meter-2");
	ck_assert_int_eq(hex_parse(contact.image, image, 16), 0);
	ck_assert_int_eq(nodes_contact(bench->nodes, "coap", &contact, bench->now, &node), 0);
	json_t *result = bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", image));
	ck_assert_int_eq(number_of(json_object_get(result, "image"), "nodes"), 1);
	bench_close(bench);
}
END_TEST

START_TEST(an_image_that_a_node_is_to_get_stays_unless_forced)
{
	struct control_bench *bench = bench_open();
	char image[17];

	bench_add_image(bench, 1, 1000, "meter-2", image);
	(void)bench_add_node(bench, "m1", "meter-2");
	(void)bench_ask(
		bench, json_pack("{s:s, s:s, s:s}", "command", "update.start", "image", image, "hardware", "meter-2"));
	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.remove", "image", image));
	ck_failed(bench, "refused");
	ck_assert_ptr_nonnull(
		bench_ask(bench, json_pack("{s:s, s:s, s:b}", "command", "image.remove", "image", image, "force", 1)));
	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", image));
	ck_failed(bench, "not_found");
	bench_close(bench);
}
END_TEST

START_TEST(what_is_done_to_images_stands_in_the_journal)
{
	struct control_bench *bench = bench_open();
	char image[17];

	bench_add_image(bench, 1, 1000, "meter-2", image);
	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.remove", "image", image));
	json_t *journal = json_object_get(bench_ask(bench, json_pack("{s:s}", "command", "journal")), "journal");
	ck_assert_uint_eq(json_array_size(journal), 2);
	ck_assert_str_eq(text_of(json_array_get(journal, 0), "event"), "image.removed");
	ck_assert_str_eq(text_of(json_array_get(journal, 1), "event"), "image.added");
	ck_assert_str_eq(text_of(json_array_get(journal, 1), "subject"), "app-1.bin");
	bench_close(bench);
}
END_TEST

TEST_SUITE(control_images, an_uploaded_image_is_listed, an_image_is_found_by_what_people_call_it,
	the_nodes_that_run_an_image_are_counted, an_image_that_a_node_is_to_get_stays_unless_forced,
	what_is_done_to_images_stands_in_the_journal)
