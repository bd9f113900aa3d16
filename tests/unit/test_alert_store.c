#include "store/alert_store.h"

#include "store/update_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static const struct stored_alert silent = {
	.kind = "node.silent",
	.subject = "n1",
	.severity = "warning",
	.text = "missed 12 slots",
	.stands = true,
	.told = true,
	.times = 3,
	.raised_ms = 5,
	.changed_ms = 6,
};
static const struct journal_entry entry = { .at_ms = 6, .subject = "n1", .event = "alert.raised" };

struct listing {
	size_t count;
	struct stored_alert alerts[4];
};

static void see(void *context, const struct stored_alert *alert)
{
	struct listing *listing = context;

	listing->alerts[listing->count++ % 4] = *alert;
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_alerts_load(stepped->store, see, &listing), 0);
	return listing;
}

static void save(struct stepped_store *stepped, const struct stored_alert *alert, const struct journal_entry *line)
{
	ck_assert_int_eq(store_alert_save(stepped->store, alert, line, (struct store_reply){ 0 }), 0);
}

static unsigned lines;

static void see_line(void *context, const struct journal_entry *line)
{
	lines++;
}

START_TEST(an_alert_comes_back_as_it_was_saved_last)
{
	struct stepped_store stepped;
	struct stored_alert other = { .kind = "uplink.down", .severity = "critical", .changed_ms = 1 };
	struct stored_alert again = silent;

	stepped_open(&stepped);
	save(&stepped, &silent, &entry);
	save(&stepped, &other, NULL);
	again.stands = false;
	again.times = 4;
	save(&stepped, &again, NULL);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 2);
	ck_assert_str_eq(listing.alerts[0].kind, "uplink.down");
	ck_assert_str_eq(listing.alerts[1].kind, "node.silent");
	ck_assert_str_eq(listing.alerts[1].subject, "n1");
	ck_assert_str_eq(listing.alerts[1].severity, "warning");
	ck_assert_str_eq(listing.alerts[1].text, "missed 12 slots");
	ck_assert(!listing.alerts[1].stands && listing.alerts[1].told);
	ck_assert_uint_eq(listing.alerts[1].times, 4);
	ck_assert_int_eq(listing.alerts[1].raised_ms, 5);
	struct outcome outcome = { 0 };
	struct journal_reader reader = { see_line, outcome_done, &outcome };
	ck_assert_int_eq(store_journal_load(stepped.store, "n1", 10, reader), 0);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(lines, 1);
	stepped_close(&stepped);
}
END_TEST

START_TEST(only_what_is_over_and_told_is_forgotten)
{
	struct stepped_store stepped;
	struct stored_alert alert = silent;

	stepped_open(&stepped);
	save(&stepped, &alert, NULL);
	snprintf(alert.subject, sizeof(alert.subject), "n2");
	alert.stands = false;
	save(&stepped, &alert, NULL);
	snprintf(alert.subject, sizeof(alert.subject), "n3");
	alert.told = false;
	save(&stepped, &alert, NULL);
	ck_assert_int_eq(store_alerts_forget(stepped.store, 6, (struct store_reply){ 0 }), 0);
	ck_assert_uint_eq(list(&stepped).count, 3);
	ck_assert_int_eq(store_alerts_forget(stepped.store, 7, (struct store_reply){ 0 }), 0);
	ck_assert_uint_eq(list(&stepped).count, 2);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(alert_store, an_alert_comes_back_as_it_was_saved_last, only_what_is_over_and_told_is_forgotten)
