#include "protocols/tzif.h"

#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"
#include "tests/unit/suite.h"

#define FILE_BYTES 512

/* A file with up to three changes; version 2's empty first part. */
struct file {
	uint8_t bytes[FILE_BYTES];
	size_t size;
};

static void put_header(struct writer *out, char version, const uint32_t counts[6])
{
	write_bytes(out, "TZif", 4);
	write_u8(out, (uint8_t)version);
	write_bytes(out, (const uint8_t[15]){ 0 }, 15);
	for (int i = 0; i < 6; i++)
		write_be32(out, counts[i]);
}

/* Local mean time before all changes, then summer, winter, summer. */
static struct file make_file(const int64_t *times, uint32_t count, const char *footer)
{
	static const int32_t offsets[] = { 1234, 7200, 3600 };
	struct file file;
	struct writer out;

	writer_init(&out, file.bytes, sizeof(file.bytes));
	put_header(&out, '2', (const uint32_t[6]){ 0 });
	put_header(&out, '2', (const uint32_t[6]){ 0, 0, 0, count, 3, 4 });
	for (uint32_t i = 0; i < count; i++)
		write_be64(&out, (uint64_t)times[i]);
	for (uint32_t i = 0; i < count; i++)
		write_u8(&out, (uint8_t)(1 + i % 2));
	for (int i = 0; i < 3; i++) {
		write_be32(&out, (uint32_t)offsets[i]);
		write_be16(&out, 0);
	}
	write_bytes(&out, "ABC", 4);
	write_bytes(&out, footer, strlen(footer));
	ck_assert(!out.failed);
	file.size = writer_size(&out);
	return file;
}

static const int64_t changes[] = { -1000, 5000, 9000 };

START_TEST(each_change_begins_at_its_second)
{
	struct file file = make_file(changes, 3, "\n\n");
	struct tzif zone;

	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), 0);
	ck_assert_int_eq(tzif_at(&zone, INT64_MIN).seconds, 1234);
	ck_assert_int_eq(tzif_at(&zone, -1001).seconds, 1234);
	ck_assert_int_eq(tzif_at(&zone, -1000).seconds, 7200);
	ck_assert_int_eq(tzif_at(&zone, 4999).seconds, 7200);
	ck_assert_int_eq(tzif_at(&zone, 5000).seconds, 3600);
	struct utc_offset offset = tzif_at(&zone, 6000);
	ck_assert_int_eq(offset.from_s, 5000);
	ck_assert_int_eq(offset.until_s, 9000);
}
END_TEST

START_TEST(without_a_rule_the_last_change_holds_for_good)
{
	struct file file = make_file(changes, 3, "\n\n");
	struct tzif zone;

	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), 0);
	struct utc_offset offset = tzif_at(&zone, INT64_MAX - 1);
	ck_assert_int_eq(offset.seconds, 7200);
	ck_assert_int_eq(offset.from_s, 9000);
	ck_assert(offset.until_s == INT64_MAX);
}
END_TEST

START_TEST(the_rule_goes_on_where_the_changes_end)
{
	struct file file = make_file(changes, 3, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	struct tzif zone;

	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), 0);
	ck_assert_int_eq(tzif_at(&zone, 8999).seconds, 3600);
	ck_assert_int_eq(tzif_at(&zone, 9000).from_s, 9000); /* not earlier, though the rule's winter began before */
	ck_assert_int_eq(tzif_at(&zone, 1774746000).seconds, 7200);
}
END_TEST

START_TEST(a_file_without_changes_is_its_rule)
{
	struct file file = make_file(NULL, 0, "\n<+0545>-5:45\n");
	struct tzif zone;

	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), 0);
	ck_assert_int_eq(tzif_at(&zone, 0).seconds, 20700);
	file = make_file(NULL, 0, "\n\n");
	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), 0);
	ck_assert_int_eq(tzif_at(&zone, 0).seconds, 1234);
}
END_TEST

START_TEST(a_cut_file_is_refused_wherever_it_is_cut)
{
	struct file file = make_file(changes, 3, "\nCET-1\n");
	struct tzif zone;

	for (size_t size = 0; size < file.size; size++)
		ck_assert_int_eq(tzif_parse(&zone, file.bytes, size), -EBADMSG);
}
END_TEST

START_TEST(what_contradicts_itself_is_refused)
{
	static const int64_t disordered[] = { 5000, 5000, 9000 };
	struct file same_second = make_file(disordered, 3, "\n\n");
	struct file no_such_type = make_file(changes, 3, "\n\n"), days_off = no_such_type;
	struct tzif zone;

	no_such_type.bytes[2 * 44 + 3 * 8] = 3;
	days_off.bytes[2 * 44 + 3 * 9] = 0x7f;
	ck_assert_int_eq(tzif_parse(&zone, same_second.bytes, same_second.size), -EBADMSG);
	ck_assert_int_eq(tzif_parse(&zone, no_such_type.bytes, no_such_type.size), -EBADMSG);
	ck_assert_int_eq(tzif_parse(&zone, days_off.bytes, days_off.size), -EBADMSG);
}
END_TEST

START_TEST(counts_that_no_file_can_hold_are_refused)
{
	struct file file = make_file(changes, 3, "\n\n");
	struct tzif zone;

	for (size_t i = 20; i < 44; i += 4) {
		struct file huge = file;
		memset(huge.bytes + i, 0xff, 4);
		ck_assert_int_eq(tzif_parse(&zone, huge.bytes, huge.size), -EBADMSG);
		huge = file;
		memset(huge.bytes + 44 + i, 0xff, 4);
		ck_assert_int_lt(tzif_parse(&zone, huge.bytes, huge.size), 0);
	}
}
END_TEST

START_TEST(version_1_and_leap_seconds_are_told_apart_from_damage)
{
	struct file file = make_file(changes, 3, "\n\n");
	struct tzif zone;

	file.bytes[4] = 0;
	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), -ENOTSUP);
	file.bytes[4] = '2';
	file.bytes[44 + 31] = 1;
	ck_assert_int_eq(tzif_parse(&zone, file.bytes, file.size), -ENOTSUP);
	ck_assert_int_eq(tzif_parse(&zone, file.bytes, TZIF_SIZE_MAX + 1), -EMSGSIZE);
}
END_TEST

TEST_SUITE(tzif, each_change_begins_at_its_second, without_a_rule_the_last_change_holds_for_good,
	the_rule_goes_on_where_the_changes_end, a_file_without_changes_is_its_rule,
	a_cut_file_is_refused_wherever_it_is_cut, what_contradicts_itself_is_refused,
	counts_that_no_file_can_hold_are_refused, version_1_and_leap_seconds_are_told_apart_from_damage)
