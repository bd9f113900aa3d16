#include "gateway/runtime_memory.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "protocols/segment.h"
#include "store/segment_store.h"
#include "tests/unit/runtime_fixture.h"
#include "tests/unit/suite.h"

static struct runtime_fixture fixture;
static struct {
	uint64_t exchanges, offers, last_exchange, last_offer;
} found;

static void on_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	found.exchanges++;
	found.last_exchange = exchange;
}

static void on_offer(void *context, const struct stored_segment *segment)
{
	found.offers++;
	found.last_offer = segment->first;
}

/* As each process does; `known` is what its numbers go on with. */
static struct runtime_memory *begin(uint64_t session, uint64_t *known)
{
	const struct runtime_memory_place place = { fixture.path, 4711, session };
	const struct runtime_memory_finder finder = { on_exchange, on_offer, NULL };
	struct runtime_memory *memory;

	memset(&found, 0, sizeof(found));
	ck_assert_int_eq(runtime_memory_open(&memory, &place, &finder, known), 0);
	return memory;
}

static int offer(struct runtime_memory *memory, uint64_t first, int64_t now_ms)
{
	static const uint64_t exchange = 77;
	const struct stored_segment segment = { .first = first,
		.count = 2,
		.codec = SEGMENT_ROWS,
		.data = "rows",
		.size = 4,
		.exchanges = &exchange,
		.exchange_count = 1 };

	return runtime_memory_offer(memory, &segment, now_ms);
}

static int deliver(struct runtime_memory *memory, uint64_t first, uint64_t exchange, int64_t now_ms)
{
	const struct stored_segment segment = {
		.first = first, .count = 2, .exchanges = &exchange, .exchange_count = 1
	};

	return runtime_memory_delivered(memory, &segment, now_ms);
}

/* As where the folder is full: nothing can be written; room for so many bytes in a file. */
static void make_room(rlim_t bytes)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_folder_that_has_room_again_is_used_again)
{
	uint64_t known;

	runtime_build(&fixture);
	struct runtime_memory *memory = begin(1, &known);
	ck_assert_int_eq(runtime_memory_begin(memory, 1, 100, 1000), 0);
	ck_assert_int_eq(offer(memory, 100, 1000), 0);
	make_room(60); /* the journal's header and not all of a note */
	ck_assert_int_lt(deliver(memory, 100, 5, 1100), 0);
	ck_assert(!runtime_memory_works(memory));
	make_room(RLIM_INFINITY);
	ck_assert_int_lt(offer(memory, 102, 2000), 0);
	make_room(0);
	ck_assert_int_lt(offer(memory, 102, 11100), 0);
	make_room(RLIM_INFINITY);
	ck_assert_int_lt(offer(memory, 102, 12000), 0);
	ck_assert_int_eq(offer(memory, 102, 21100), 0);
	ck_assert(runtime_memory_works(memory));
	ck_assert_int_eq(deliver(memory, 102, 6, 21200), 0);
	runtime_memory_close(memory);
	memory = begin(1, &known);
	ck_assert_uint_eq(found.last_exchange, 6); /* what was cut before it does not hide it */
	ck_assert_uint_ge(known, 104);
	runtime_memory_close(memory);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_folder_that_was_full_at_the_start_is_used_later)
{
	uint64_t known;

	runtime_build(&fixture);
	struct runtime_memory *memory = begin(1, &known);
	make_room(0);
	ck_assert_int_lt(runtime_memory_begin(memory, 1, 100, 1000), 0);
	make_room(RLIM_INFINITY);
	ck_assert_int_eq(offer(memory, 150, 11000), 0);
	ck_assert_int_eq(deliver(memory, 150, 6, 11100), 0);
	runtime_memory_close(memory);
	memory = begin(1, &known);
	ck_assert_uint_eq(known, 152);
	ck_assert_uint_eq(found.exchanges, 1);
	ck_assert_uint_eq(found.offers, 0);
	runtime_memory_close(memory);
	runtime_tear_down(&fixture);
}
END_TEST

TEST_SUITE(
	runtime_memory, a_folder_that_has_room_again_is_used_again, a_folder_that_was_full_at_the_start_is_used_later)
