#include "gateway/segment_columns.h"

#include <errno.h>
#include <string.h>

#include "protocols/columns.h"
#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

static const char *const names[] = { "documented", "site", "kinds", "doubles", "edges" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static void read_vector(struct golden *out, const char *name, const char *form)
{
	char file[128];

	(void)snprintf(file, sizeof(file), "segments/%s.%s", name, form);
	golden_read_file(out, file);
}

static size_t count_rows(const void *rows, size_t size)
{
	static struct segment_walk walk;
	struct segment_entry entry;
	size_t count = 0;
	int result;

	segment_walk_init(&walk, rows, size);
	while ((result = segment_walk_next(&walk, &entry)) == 1)
		count++;
	ck_assert_int_eq(result, 0);
	return count;
}

START_TEST(the_golden_columns_are_written)
{
	static struct golden rows, columns;
	struct columns_room room = { .walk = NULL };
	struct bytes out;

	for (size_t i = 0; i < NAMES; i++) {
		read_vector(&rows, names[i], "rows");
		read_vector(&columns, names[i], "columns");
		const struct bytes from = { rows.data, rows.size };
		ck_assert_int_eq(segment_to_columns(&room, &from, count_rows(rows.data, rows.size), &out), 0);
		ck_assert_msg(
			out.size == columns.size && memcmp(out.data, columns.data, out.size) == 0, "%s", names[i]);
	}
	columns_room_clear(&room);
}
END_TEST

/* The same bytes again, from the rows that the columns became. */
START_TEST(the_golden_columns_are_read)
{
	static struct golden columns;
	struct columns_room room = { .walk = NULL };
	struct bytes again;
	uint8_t *rows;
	size_t size;

	for (size_t i = 0; i < NAMES; i++) {
		read_vector(&columns, names[i], "columns");
		ck_assert_int_eq(segment_from_columns(columns.data, columns.size, &rows, &size), 0);
		const struct bytes from = { rows, size };
		ck_assert_int_eq(segment_to_columns(&room, &from, count_rows(rows, size), &again), 0);
		ck_assert_msg(again.size == columns.size && memcmp(again.data, columns.data, again.size) == 0, "%s",
			names[i]);
		free(rows);
		columns_room_clear(&room);
	}
}
END_TEST

START_TEST(what_is_neither_is_refused)
{
	const struct bytes damaged = { (const uint8_t *)"\x01", 1 }, nothing = { (const uint8_t *)"", 0 };
	struct columns_room room = { .walk = NULL };
	struct bytes columns;
	uint8_t *out;
	size_t size;

	ck_assert_int_eq(segment_from_columns("\x02", 1, &out, &size), -EBADMSG);
	ck_assert_int_eq(segment_from_columns("\x01\x00\x00", 3, &out, &size), -EBADMSG);
	ck_assert_int_eq(segment_to_columns(&room, &damaged, 1, &columns), -EBADMSG);
	ck_assert_int_eq(segment_to_columns(&room, &nothing, COLUMNS_READINGS_MAX + 1, &columns), -ENOBUFS);
	columns_room_clear(&room);
}
END_TEST

TEST_SUITE(segment_columns, the_golden_columns_are_written, the_golden_columns_are_read, what_is_neither_is_refused)
