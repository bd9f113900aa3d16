#include "store/loss_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/segment_room.h"
#include "store/segment_store.h"
#include "tests/unit/suite.h"

static char folder[32];
static struct store *store;
static char shown[256];

static void open_store(void)
{
	struct store_options options = { .directory = folder, .threadless = true };
	struct store_findings findings;
	char why[256];

	ck_assert_int_eq(store_open(&store, &options, &findings, why, sizeof(why)), 0);
}

static void begin(void)
{
	snprintf(folder, sizeof(folder), "losses-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	open_store();
}

static void end(void)
{
	char command[64];

	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void append(uint64_t first, uint32_t count)
{
	static char data[40000];
	struct stored_segment segment = { .first = first, .count = count, .data = data, .size = sizeof(data) };

	ck_assert_int_eq(store_segment_append(store, &segment, (struct store_reply){ 0 }), 0);
	store_dispatch(store);
}

static void on_dropped(void *context, uint64_t first, uint32_t count)
{
}

static void on_done(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

/* Drops at least so many segments as `append` makes them. */
static void drop(uint64_t segments)
{
	struct segment_eviction eviction = { on_dropped, on_done, NULL };

	ck_assert_int_eq(store_segment_evict(store, segments * 40000, eviction), 0);
	store_dispatch(store);
}

static void show(void *context, const struct stored_loss *loss)
{
	size_t used = strlen(shown);

	snprintf(shown + used, sizeof(shown) - used, "%llu-%llu ", (unsigned long long)loss->first,
		(unsigned long long)loss->last);
}

static void check_losses(const char *expected)
{
	shown[0] = '\0';
	ck_assert_int_eq(store_losses_load(store, show, NULL), 0);
	ck_assert_str_eq(shown, expected);
}

static void forget(uint64_t first, uint64_t last)
{
	struct stored_loss known = { .first = first, .last = last };

	ck_assert_int_eq(store_losses_forget(store, &known, (struct store_reply){ 0 }), 0);
	store_dispatch(store);
}

START_TEST(dropped_segments_are_noted_as_one_loss_if_they_follow)
{
	begin();
	append(1, 10);
	append(11, 10);
	append(31, 10);
	drop(3);
	check_losses("1-20 31-40 ");
	store_close(store);
	open_store();
	check_losses("1-20 31-40 ");
	append(41, 5);
	append(46, 5);
	drop(4);
	check_losses("1-20 31-50 ");
	end();
}
END_TEST

START_TEST(what_is_forgotten_may_be_any_part)
{
	begin();
	append(1, 100);
	append(201, 100);
	append(301, 1);
	drop(2);
	forget(400, 500);
	check_losses("1-100 201-301 ");
	forget(40, 60);
	check_losses("1-39 61-100 201-301 ");
	forget(61, 70);
	check_losses("1-39 71-100 201-301 ");
	forget(90, 250);
	check_losses("1-39 71-89 251-301 ");
	forget(0, 1000);
	check_losses("");
	end();
}
END_TEST

TEST_SUITE(loss_store, dropped_segments_are_noted_as_one_loss_if_they_follow, what_is_forgotten_may_be_any_part)
