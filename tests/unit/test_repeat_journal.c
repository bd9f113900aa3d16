#include "gateway/repeat_journal.h"

#include "gateway/exchange_table.h"
#include "gateway/telemetry.h"
#include "tests/unit/runtime_fixture.h"
#include "tests/unit/suite.h"

#define NEWEST "repeats-0000000000001267.1" /* the first file that is begun */

struct heard {
	size_t count;
	uint64_t last;
	int64_t last_ms;
	bool descends;
};

static struct runtime_fixture fixture;
static struct heard heard;
static struct repeat_journal_found found;

static void on_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	heard.count++;
	heard.descends |= kept_at_ms < heard.last_ms;
	heard.last = exchange;
	heard.last_ms = kept_at_ms;
}

/* As the next process does. */
static struct repeat_journal *reopen(void)
{
	struct repeat_journal_reader reader = { on_exchange, NULL };
	struct repeat_journal *journal;

	heard = (struct heard){ 0 };
	ck_assert_int_eq(repeat_journal_open(&journal, &fixture.folder, &reader, &found), 0);
	return journal;
}

static void note(struct repeat_journal *journal, uint64_t exchange, uint64_t end, int64_t now_ms)
{
	struct repeat_note one = { end, &exchange, 1 };

	ck_assert_int_eq(repeat_journal_note(journal, &one, now_ms), 0);
}

START_TEST(nothing_is_there_at_first)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_uint_eq(found.session, 0);
	ck_assert_uint_eq(found.known, 0);
	ck_assert_uint_eq(heard.count, 0);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(what_was_noted_is_known_to_the_next_process)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 3, 100, 1000), 0);
	note(journal, 77, 104, 1500);
	note(journal, 78, 108, 1600);
	repeat_journal_close(journal);
	journal = reopen();
	ck_assert_uint_eq(found.session, 3);
	ck_assert_uint_eq(found.known, 108);
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_uint_eq(heard.last, 78);
	ck_assert_int_eq(heard.last_ms, 1600);
	ck_assert_int_eq(repeat_journal_begin(journal, 4, 200, 2000), 0);
	note(journal, 79, 204, 2100);
	repeat_journal_close(journal);
	journal = reopen();
	ck_assert_uint_eq(found.session, 4);
	ck_assert_uint_eq(found.known, 204);
	ck_assert_uint_eq(heard.count, 3);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_start_that_noted_nothing_is_known_too)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 9, 500, 1000), 0);
	repeat_journal_close(journal);
	journal = reopen();
	ck_assert_uint_eq(found.session, 9);
	ck_assert_uint_eq(found.known, 500);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_note_cut_short_is_passed_over_and_overwritten)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 1, 1, 0), 0);
	note(journal, 77, 5, 10);
	off_t whole = runtime_file_size(&fixture, NEWEST);
	note(journal, 78, 9, 20);
	repeat_journal_close(journal);
	for (off_t size = runtime_file_size(&fixture, NEWEST) - 1; size >= whole; size--) {
		runtime_cut(&fixture, NEWEST, size);
		journal = reopen();
		ck_assert_uint_eq(heard.count, 1);
		ck_assert_uint_eq(found.known, 5);
		repeat_journal_close(journal);
	}
	runtime_cut(&fixture, NEWEST, whole + 7);
	journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 2, 9, 30), 0);
	note(journal, 79, 12, 40);
	repeat_journal_close(journal);
	journal = reopen();
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_uint_eq(heard.last, 79);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_file_cut_within_its_head_is_as_if_it_were_not_there)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 1, 1, 0), 0);
	repeat_journal_close(journal);
	for (off_t size = 47; size >= 0; size -= 9) {
		runtime_cut(&fixture, NEWEST, size);
		journal = reopen();
		ck_assert_uint_eq(found.session, 0);
		repeat_journal_close(journal);
	}
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(another_boot_is_not_believed)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 1, 1, 0), 0);
	note(journal, 77, 5, 10);
	repeat_journal_close(journal);
	fixture.folder.boot += 2;
	journal = reopen();
	ck_assert_uint_eq(found.session, 0);
	ck_assert_uint_eq(heard.count, 0);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_message_is_known_for_its_life_and_the_files_stay_small)
{
	static uint64_t exchanges[1000];
	int64_t now_ms = 0;

	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 1, 1, 0), 0);
	for (uint64_t i = 0; i < 2000; i++) {
		struct repeat_note many = { 1 + i * 1000, exchanges, 1000 };

		for (uint64_t j = 0; j < 1000; j++)
			exchanges[j] = 1 + i * 1000 + j;
		now_ms += 1000;
		ck_assert_int_eq(repeat_journal_note(journal, &many, now_ms), 0);
	}
	repeat_journal_close(journal);
	journal = reopen();
	ck_assert_uint_ge(heard.count, EXCHANGES_MAX);
	ck_assert_uint_le(heard.count, 2 * EXCHANGES_MAX);
	ck_assert_uint_eq(heard.last, 2000000);
	ck_assert(!heard.descends);
	ck_assert_uint_eq(found.known, 1999001);
	repeat_journal_close(journal);
	ck_assert_uint_eq(runtime_each(&fixture, NULL), 2);
	ck_assert_int_lt(runtime_file_size(&fixture, NEWEST), 2 * 1024 * 1024);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(few_messages_change_files_by_their_age)
{
	runtime_build(&fixture);
	struct repeat_journal *journal = reopen();
	ck_assert_int_eq(repeat_journal_begin(journal, 1, 1, 0), 0);
	for (uint64_t i = 1; i <= 10; i++)
		note(journal, i, i, (int64_t)i * (EXCHANGE_LIFE_MS / 4));
	repeat_journal_close(journal);
	journal = reopen();
	/* All of the last life, and at most one life more. */
	ck_assert_uint_ge(heard.count, 5);
	ck_assert_uint_le(heard.count, 9);
	ck_assert_uint_eq(heard.last, 10);
	ck_assert_uint_eq(found.known, 10);
	repeat_journal_close(journal);
	runtime_tear_down(&fixture);
}
END_TEST

TEST_SUITE(repeat_journal, nothing_is_there_at_first, what_was_noted_is_known_to_the_next_process,
	a_start_that_noted_nothing_is_known_too, a_note_cut_short_is_passed_over_and_overwritten,
	a_file_cut_within_its_head_is_as_if_it_were_not_there, another_boot_is_not_believed,
	a_message_is_known_for_its_life_and_the_files_stay_small, few_messages_change_files_by_their_age)
