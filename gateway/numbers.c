#include "gateway/numbers.h"

#include <errno.h>
#include <stddef.h>

#include "gateway/gaps.h"
#include "protocols/cursor.h"
#include "store/segment_store.h"
#include "store/store.h"

#define SETTING "telemetry.mark"
#define MARK_SIZE 48
#define FORMER_MARK_SIZE 16
/* A mark is one to two steps ahead, so that one is written every million readings. */
#define STEP (UINT64_C(1) << 20)

static void read_mark(struct numbers *numbers, const uint8_t *value, size_t size, struct numbers_found *found)
{
	struct reader in;

	reader_init(&in, value, size);
	found->marked = true;
	found->oldest = read_le64(&in);
	found->marked_below = read_le64(&in);
	if (size < MARK_SIZE)
		return;
	found->published_below = read_le64(&in);
	found->stopped = read_le64(&in);
	numbers->session = read_le64(&in);
	uint64_t journal = read_le64(&in);
	if (journal > 0)
		numbers->journal = journal;
}

int numbers_load(struct numbers *numbers, struct store *store, uint64_t journal, struct numbers_found *found)
{
	uint8_t value[MARK_SIZE];
	struct segment_summary summary;
	int result = store_segment_summary(store, &summary);

	if (result < 0)
		return result;
	result = store_setting_get(store, SETTING, value, sizeof(value));
	if (result < 0 && result != -ENOENT)
		return result;
	*numbers = (struct numbers){ .store = store, .journal = journal };
	*found = (struct numbers_found){ .stored = summary.next };
	if (result == MARK_SIZE || result == FORMER_MARK_SIZE)
		read_mark(numbers, value, (size_t)result, found);
	numbers->oldest = summary.first;
	return 0;
}

static void on_marked(void *context, int result)
{
	struct numbers *numbers = context;

	numbers->asking = false;
	/* Where it failed the next numbers given ask again. */
	if (result < 0)
		numbers->asked = numbers->reserved;
	else
		numbers->reserved = numbers->asked;
}

static void write_mark(struct numbers *numbers, uint64_t published_below, bool stopped)
{
	struct store_reply reply = { on_marked, numbers };
	uint8_t value[MARK_SIZE];
	struct writer out;

	writer_init(&out, value, sizeof(value));
	write_le64(&out, numbers->oldest);
	write_le64(&out, numbers->asked);
	write_le64(&out, published_below);
	write_le64(&out, stopped);
	write_le64(&out, numbers->session);
	write_le64(&out, numbers->journal);
	if (store_setting_put(numbers->store, SETTING, value, sizeof(value), reply) < 0)
		on_marked(numbers, -ENOBUFS);
}

static void reserve(struct numbers *numbers)
{
	numbers->asking = true;
	numbers->asked = numbers->next + 2 * STEP;
	write_mark(numbers, numbers->early ? numbers->asked : 0, false);
}

/* Where the numbers go on; `gap` gets those that were passed over for it, if there are any. */
static uint64_t find_next(const struct numbers_found *found, uint64_t known, struct gap *gap)
{
	uint64_t stored = found->stored > 0 ? found->stored : 1;

	if (found->marked && found->stored == 0) {
		*gap = (struct gap){ .first = found->oldest, .reason = GAP_DATABASE_LOST };
		return found->marked_below > found->published_below ? found->marked_below : found->published_below;
	}
	if (found->published_below <= stored)
		return stored;
	if (found->stopped)
		return found->published_below;
	if (known > 0)
		return known > stored ? known : stored;
	*gap = (struct gap){ .first = stored, .reason = GAP_UNUSED };
	return found->published_below;
}

static void on_skipped(void *context, int result)
{
	struct numbers *numbers = context;

	/* A mark without it would say that a database is lost which never had anything. */
	numbers->asking = false;
	if (result == 0)
		reserve(numbers);
}

void numbers_start(struct numbers *numbers, const struct numbers_found *found, uint64_t known, struct gaps *gaps)
{
	struct gap gap = { 0 };
	uint8_t value[MARK_SIZE];

	numbers->next = find_next(found, known, &gap);
	numbers->seen = numbers->next;
	numbers->session++;
	if (numbers->oldest == 0)
		numbers->oldest = numbers->next;
	if (gap.first > 0) {
		gap.last = numbers->next - 1;
		gaps_add(gaps, &gap);
		/* The gap is durable before anything else could hide it. */
		(void)gaps_tick(gaps);
		(void)store_setting_get(numbers->store, SETTING, value, sizeof(value));
	}
	struct store_reply reply = { on_skipped, numbers };
	numbers->asking = store_segment_skip(numbers->store, numbers->next, reply) == 0;
}

bool numbers_are_reserved(const struct numbers *numbers, uint32_t count)
{
	return numbers->early && numbers->next + count <= numbers->reserved;
}

uint64_t numbers_give(struct numbers *numbers, uint32_t count)
{
	uint64_t first = numbers->next;

	numbers->next += count;
	if (!numbers->asking && numbers->next + STEP > numbers->asked)
		reserve(numbers);
	return first;
}

void numbers_seen(struct numbers *numbers, uint64_t end)
{
	if (numbers->seen < end)
		numbers->seen = end;
}

void numbers_take_back(struct numbers *numbers)
{
	numbers->next = numbers->seen;
}

void numbers_stop(struct numbers *numbers)
{
	write_mark(numbers, numbers->seen, true);
}
