#include "protocols/column_texts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MOST 300
#define ROOM 65536

/* A table with all that is its caller's. */
struct bench {
	char bytes[ROOM];
	struct text_arena arena;
	struct text_place places[MOST];
	uint32_t slots[1024];
	struct text_table table;
};

static struct bench bench, back;
static int64_t scratch[2 * MOST];
static uint8_t buffer[ROOM];

static void set_up(struct bench *at, size_t most, size_t room)
{
	at->arena = (struct text_arena){ at->bytes, 0, room };
	at->table = (struct text_table){ &at->arena, at->places, 0, most, at->slots, 1023 };
	texts_clear(&at->table);
}

static int find(const char *text)
{
	return texts_find(&bench.table, (struct span){ text, strlen(text) });
}

static size_t check_round_trip(void)
{
	size_t count = bench.table.count;
	struct writer out;
	struct reader in;

	writer_init(&out, buffer, sizeof(buffer));
	texts_write(&out, &bench.table, scratch);
	ck_assert(!out.failed);
	ck_assert_uint_le(writer_size(&out), TEXTS_BOUND_FIXED + count * TEXTS_BOUND_EACH + bench.arena.used);
	set_up(&back, MOST, ROOM);
	reader_init(&in, buffer, writer_size(&out));
	texts_read(&in, &back.table, count, scratch);
	ck_assert(!in.failed);
	ck_assert_uint_eq(reader_left(&in), 0);
	for (size_t i = 0; i < count; i++) {
		struct span text = texts_get(&bench.table, i);
		struct span again = texts_get(&back.table, i);

		ck_assert_uint_eq(again.size, text.size);
		ck_assert(text.size == 0 || memcmp(again.data, text.data, text.size) == 0);
	}
	return writer_size(&out);
}

START_TEST(a_text_has_one_number)
{
	set_up(&bench, MOST, ROOM);
	ck_assert_int_eq(find("temperature"), 0);
	ck_assert_int_eq(find(""), 1);
	ck_assert_int_eq(find("temp"), 2);
	ck_assert_int_eq(find("temperature"), 0);
	ck_assert_int_eq(find(""), 1);
	(void)check_round_trip();
}
END_TEST

START_TEST(what_texts_share_is_written_once)
{
	char text[64];

	set_up(&bench, MOST, ROOM);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "building-7/floor-2/room-12/sensor-%02d", i);
		ck_assert_int_eq(find(text), i);
	}
	ck_assert_uint_le(check_round_trip(), 350);
}
END_TEST

START_TEST(long_texts_come_back)
{
	char text[1024];

	set_up(&bench, MOST, ROOM);
	memset(text, 'x', sizeof(text));
	for (size_t size = 0; size < sizeof(text); size += 100)
		ck_assert_int_ge(texts_find(&bench.table, (struct span){ text, size }), 0);
	(void)check_round_trip();
}
END_TEST

START_TEST(a_full_table_or_arena_takes_no_more)
{
	set_up(&bench, 2, ROOM);
	ck_assert_int_eq(find("a"), 0);
	ck_assert_int_eq(find("b"), 1);
	ck_assert_int_eq(find("c"), -ENOBUFS);
	ck_assert_int_eq(find("b"), 1);
	set_up(&bench, MOST, 3);
	ck_assert_int_eq(find("four"), -ENOBUFS);
	ck_assert_int_eq(find("one"), 0);
	ck_assert_int_eq(find("x"), -ENOBUFS);
	ck_assert_int_eq(find(""), 1);
}
END_TEST

START_TEST(what_is_taken_back_is_new_again)
{
	set_up(&bench, MOST, ROOM);
	ck_assert_int_eq(find("kept"), 0);
	size_t used = bench.arena.used;
	ck_assert_int_eq(find("gone"), 1);
	ck_assert_int_eq(find("too"), 2);
	texts_take_back(&bench.table, 1, used);
	ck_assert_int_eq(find("other"), 1);
	ck_assert_int_eq(find("gone"), 2);
	ck_assert_int_eq(find("kept"), 0);
	(void)check_round_trip();
}
END_TEST

static bool is_read(const char *bytes, size_t size, size_t count)
{
	struct reader in;

	set_up(&back, MOST, 8);
	reader_init(&in, bytes, size);
	texts_read(&in, &back.table, count, scratch);
	return !in.failed;
}

START_TEST(bytes_that_no_writer_wrote_are_refused)
{
	ck_assert(is_read("\x00\x00\x00\x02x", 5, 1));
	ck_assert(!is_read("\x00\x00\x00\x04x", 5, 1));          /* cut */
	ck_assert(!is_read("\x00\x02\x00\x02x", 5, 1));          /* the first shares nothing */
	ck_assert(!is_read("\x00\x00\x00\x01x", 5, 1));          /* less than no bytes */
	ck_assert(!is_read("\x00\x00\x00\x12xxxxxxxxx", 13, 1)); /* more than the arena holds */
	ck_assert(is_read("\x01\x00\x00\x01\x00\x02xy", 8, 2));  /* x, xy */
	ck_assert(!is_read("\x01\x00\x00\x02\x00\x02xy", 8, 2)); /* shares more than there was */
}
END_TEST

TEST_SUITE(column_texts, a_text_has_one_number, what_texts_share_is_written_once, long_texts_come_back,
	a_full_table_or_arena_takes_no_more, what_is_taken_back_is_new_again, bytes_that_no_writer_wrote_are_refused)
