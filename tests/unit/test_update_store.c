#include "store/update_store.h"

#include <errno.h>

#include "store/node_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stored_update make_update(const char *node)
{
	struct stored_update update = { .sha256 = { 9, 8, 7 },
		.state = "downloading",
		.reason = "",
		.offset = 4096,
		.attempts = 2,
		.created_ms = 1,
		.changed_ms = 2,
		.retry_at_ms = 3,
		.at_once = true,
		.previous = { 5, 5, 5, 5 },
		.previous_size = 4 };

	strcpy(update.node, node);
	return update;
}

static struct journal_entry make_entry(const char *subject, int64_t at_ms)
{
	struct journal_entry entry = { .at_ms = at_ms, .event = "update.offered", .detail = "of the detail" };

	strcpy(entry.subject, subject);
	return entry;
}

static int save(struct stepped_store *stepped, const struct stored_update *update, const struct journal_entry *entry)
{
	struct outcome outcome;
	int result = store_update_save(stepped->store, update, entry, outcome_reply(&outcome));

	return result < 0 ? result : outcome_of(stepped, &outcome);
}

struct listing {
	size_t count;
	struct stored_update last;
};

static void see_update(void *context, const struct stored_update *update)
{
	struct listing *listing = context;

	listing->count++;
	listing->last = *update;
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_updates_load(stepped->store, see_update, &listing), 0);
	return listing;
}

struct journal {
	size_t count;
	int64_t first_ms, last_ms;
	struct outcome outcome;
};

static void see_entry(void *context, const struct journal_entry *entry)
{
	struct journal *journal = context;

	if (journal->count++ == 0)
		journal->first_ms = entry->at_ms;
	journal->last_ms = entry->at_ms;
	ck_assert_str_eq(entry->event, "update.offered");
	ck_assert_str_eq(entry->detail, "of the detail");
}

static void see_end(void *context, int result)
{
	outcome_done(&((struct journal *)context)->outcome, result);
}

static struct journal journal_of(struct stepped_store *stepped, const char *subject, unsigned limit)
{
	struct journal journal = { 0 };

	ck_assert_int_eq(store_journal_load(stepped->store, subject, limit,
				 (struct journal_reader){ see_entry, see_end, &journal }),
		0);
	ck_assert_int_eq(outcome_of(stepped, &journal.outcome), 0);
	return journal;
}

START_TEST(an_update_and_its_entry_come_back)
{
	struct stepped_store stepped;
	struct stored_update update = make_update("n1");
	struct journal_entry entry = make_entry("n1", 42);

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &update, &entry), 0);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_mem_eq(&listing.last, &update, sizeof(update));
	ck_assert_int_eq(journal_of(&stepped, "n1", 10).first_ms, 42);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_node_has_one_update)
{
	struct stepped_store stepped;
	struct stored_update update = make_update("n1");

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &update, NULL), 0);
	update.offset = 8192;
	ck_assert_int_eq(save(&stepped, &update, NULL), 0);
	ck_assert_uint_eq(list(&stepped).count, 1);
	ck_assert_uint_eq(list(&stepped).last.offset, 8192);
	ck_assert_uint_eq(journal_of(&stepped, NULL, 10).count, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_removed_node_takes_its_update_along_unless_that_is_kept)
{
	struct stepped_store stepped;
	struct stored_update update = make_update("n1");
	struct node_removal removal = { .id = "n1", .keeps_update = true };
	struct outcome outcome;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &update, NULL), 0);
	ck_assert_int_eq(store_node_remove(stepped.store, &removal, NULL, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_uint_eq(list(&stepped).count, 1);
	removal.keeps_update = false;
	ck_assert_int_eq(store_node_remove(stepped.store, &removal, NULL, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_uint_eq(list(&stepped).count, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_journal_tells_newest_first_and_by_subject)
{
	struct stepped_store stepped;
	struct journal_entry entry;

	stepped_open(&stepped);
	for (int i = 0; i < 20; i++) {
		entry = make_entry(i % 2 ? "odd" : "even", i);
		ck_assert_int_eq(save(&stepped, NULL, &entry), 0);
	}
	struct journal odd = journal_of(&stepped, "odd", 3);
	ck_assert_uint_eq(odd.count, 3);
	ck_assert_int_eq(odd.first_ms, 19);
	ck_assert_int_eq(odd.last_ms, 15);
	ck_assert_uint_eq(journal_of(&stepped, NULL, 100).count, 20);
	ck_assert_uint_eq(journal_of(&stepped, "nobody", 100).count, 0);
	ck_assert_int_eq(
		store_journal_load(stepped.store, NULL, JOURNAL_LOAD_MAX + 1, (struct journal_reader){ 0 }), -EINVAL);
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_journal_keeps_the_newest_entries)
{
	struct stepped_store stepped;
	int64_t at_ms = 0;

	stepped_open(&stepped);
	for (int turn = 0; turn < 102; turn++) {
		for (int i = 0; i < 1000; i++) {
			struct journal_entry entry = make_entry("n", ++at_ms);
			ck_assert_int_eq(store_update_save(stepped.store, NULL, &entry, (struct store_reply){ 0 }), 0);
		}
		store_dispatch(stepped.store);
	}
	ck_assert_int_eq(journal_of(&stepped, NULL, 1).first_ms, 102000);
	stepped_reopen(&stepped);
	struct journal journal = journal_of(&stepped, NULL, JOURNAL_LOAD_MAX);
	ck_assert_int_eq(journal.first_ms, 102000);
	ck_assert_uint_eq(journal.count, JOURNAL_LOAD_MAX);
	struct journal_entry first = make_entry("late", 1);
	ck_assert_int_eq(save(&stepped, NULL, &first), 0);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(update_store, an_update_and_its_entry_come_back, a_node_has_one_update,
	a_removed_node_takes_its_update_along_unless_that_is_kept, the_journal_tells_newest_first_and_by_subject,
	the_journal_keeps_the_newest_entries)
