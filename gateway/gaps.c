#include "gateway/gaps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/cursor.h"
#include "store/loss_store.h"
#include "store/store.h"

#define SETTING "telemetry.gaps"
#define ENTRY_SIZE 33   /* at most */
#define ENTRY_LEAST 25  /* without `became` */
#define HAS_BECAME 0x80 /* beside the reason */
#define RETRY_MS 1000
#define LOSSES_MAX 256

/* Losses that the store has noted and that need no longer be there once the list is saved. */
struct known_losses {
	struct stored_loss list[LOSSES_MAX];
	size_t count;
};

struct gaps {
	struct store *store;
	struct known_losses fresh;     /* in the list now */
	struct known_losses saved;     /* in what is being saved */
	struct gap list[GAPS_MAX + 1]; /* ascending, disjoint; one more while one is added */
	size_t count;
	bool saving;
	bool dirty; /* changed since what is saved or being saved */
};

static const char *const reason_names[GAP_REASONS] = {
	[GAP_QUOTA] = "quota",
	[GAP_DAMAGED] = "damaged",
	[GAP_TOO_LARGE] = "too_large",
	[GAP_UNUSED] = "unused",
	[GAP_DATABASE_LOST] = "database_lost",
	[GAP_THINNED] = "thinned",
};

const char *gap_reason_name(enum gap_reason reason)
{
	return reason_names[reason];
}

static void note_known(struct known_losses *known, uint64_t first, uint64_t last)
{
	struct stored_loss *newest = known->count > 0 ? &known->list[known->count - 1] : NULL;

	if (newest && newest->last + 1 == first)
		newest->last = last;
	/* One that finds no place stays in the store and is found there at the next start. */
	else if (known->count < LOSSES_MAX)
		known->list[known->count++] = (struct stored_loss){ .first = first, .last = last };
}

static void on_saved(void *context, int result)
{
	struct gaps *gaps = context;

	gaps->saving = false;
	gaps->dirty |= result < 0;
	for (size_t i = 0; i < gaps->saved.count; i++) {
		const struct stored_loss *loss = &gaps->saved.list[i];

		if (result < 0 || store_losses_forget(gaps->store, loss, (struct store_reply){ 0 }) < 0)
			note_known(&gaps->fresh, loss->first, loss->last);
	}
}

static void write_gap(struct writer *out, const struct gap *gap)
{
	write_le64(out, gap->first);
	write_le64(out, gap->last);
	write_le64(out, gap->lost);
	write_u8(out, (uint8_t)((unsigned)gap->reason | (gap->became ? HAS_BECAME : 0)));
	if (gap->became)
		write_le64(out, gap->became);
}

static void save(struct gaps *gaps)
{
	uint8_t buffer[GAPS_MAX * ENTRY_SIZE];
	struct writer out;

	if (gaps->saving || !gaps->dirty)
		return;
	writer_init(&out, buffer, sizeof(buffer));
	for (size_t i = 0; i < gaps->count; i++)
		write_gap(&out, &gaps->list[i]);
	struct store_reply reply = { .done = on_saved, .context = gaps };
	if (store_setting_put(gaps->store, SETTING, buffer, writer_size(&out), reply) < 0)
		return;
	gaps->saving = true;
	gaps->dirty = false;
	gaps->saved = gaps->fresh;
	gaps->fresh.count = 0;
}

int64_t gaps_tick(struct gaps *gaps)
{
	save(gaps);
	return gaps->dirty ? RETRY_MS : INT64_MAX / 2;
}

static void load(struct gaps *gaps, const uint8_t *data, size_t size)
{
	struct reader in;

	reader_init(&in, data, size);
	while (reader_left(&in) >= ENTRY_LEAST && gaps->count < GAPS_MAX) {
		struct gap *gap = &gaps->list[gaps->count++];

		gap->first = read_le64(&in);
		gap->last = read_le64(&in);
		gap->lost = read_le64(&in);
		uint8_t reason = read_u8(&in);
		gap->became = reason & HAS_BECAME ? read_le64(&in) : 0;
		reason &= (uint8_t)~HAS_BECAME;
		gap->reason = reason < GAP_REASONS ? (enum gap_reason)reason : GAP_DAMAGED;
	}
}

/* A loss that the store noted and a power cut kept from the list. */
static void load_loss(void *context, const struct stored_loss *loss)
{
	struct gaps *gaps = context;
	struct gap gap = { loss->first, loss->last, loss->last - loss->first + 1,
		loss->reason == LOSS_THINNED ? GAP_THINNED : GAP_QUOTA, loss->became };

	for (size_t i = 0; i < gaps->count; i++)
		if (gaps->list[i].first <= loss->first && gaps->list[i].last >= loss->last) {
			note_known(&gaps->fresh, loss->first, loss->last);
			gaps->dirty = true;
			return;
		}
	gaps_add(gaps, &gap);
}

int gaps_open(struct gaps **out, struct store *store)
{
	uint8_t buffer[GAPS_MAX * ENTRY_SIZE];
	int size = store_setting_get(store, SETTING, buffer, sizeof(buffer));

	if (size < 0 && size != -ENOENT)
		return size;
	struct gaps *gaps = calloc(1, sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	gaps->store = store;
	if (size > 0)
		load(gaps, buffer, (size_t)size);
	int result = store_losses_load(store, load_loss, gaps);
	if (result < 0) {
		gaps_close(gaps);
		return result;
	}
	*out = gaps;
	return 0;
}

void gaps_close(struct gaps *gaps)
{
	free(gaps);
}

/* Numbers that no reading had are no loss, whether or not one knows how many they are. */
static bool is_counted(const struct gap *gap)
{
	return gap->lost > 0 || gap->reason == GAP_UNUSED;
}

static bool are_alike(const struct gap *left, const struct gap *right)
{
	return left->reason == right->reason && (left->lost > 0) == (right->lost > 0);
}

/* Joins entry i and the one after it. */
static void join(struct gaps *gaps, size_t i)
{
	struct gap *left = &gaps->list[i];
	const struct gap *right = left + 1;
	bool known = left->reason == right->reason ? left->lost > 0 && right->lost > 0
						   : is_counted(left) && is_counted(right);

	/* A number of losses that is not known stays unknown. */
	left->lost = known ? left->lost + right->lost : 0;
	left->last = left->last > right->last ? left->last : right->last;
	left->became += right->became;
	if (left->reason == GAP_UNUSED)
		left->reason = right->reason;
	gaps->count--;
	memmove(&gaps->list[i + 1], &gaps->list[i + 2], (gaps->count - i - 1) * sizeof(gaps->list[0]));
}

/* The first of the two nearest; SIZE_MAX: there are no two that are alike. */
static size_t nearest_pair(const struct gaps *gaps, bool alike)
{
	size_t nearest = SIZE_MAX;
	uint64_t distance = UINT64_MAX;

	for (size_t i = 0; i + 1 < gaps->count; i++) {
		const struct gap *left = &gaps->list[i], *right = left + 1;
		if ((alike && !are_alike(left, right)) || right->first - left->last >= distance)
			continue;
		distance = right->first - left->last;
		nearest = i;
	}
	return nearest;
}

static void join_nearest(struct gaps *gaps)
{
	size_t pair = nearest_pair(gaps, true);

	join(gaps, pair < SIZE_MAX ? pair : nearest_pair(gaps, false));
}

static bool belong_together(const struct gap *left, const struct gap *right)
{
	return left->last + 1 == right->first && are_alike(left, right);
}

void gaps_add(struct gaps *gaps, const struct gap *gap)
{
	size_t i = gaps->count;

	if (gap->reason == GAP_QUOTA || gap->reason == GAP_THINNED)
		note_known(&gaps->fresh, gap->first, gap->last);
	for (; i > 0 && gaps->list[i - 1].first > gap->first; i--)
		gaps->list[i] = gaps->list[i - 1];
	gaps->list[i] = *gap;
	gaps->count++;
	if (i + 1 < gaps->count && belong_together(&gaps->list[i], &gaps->list[i + 1]))
		join(gaps, i);
	if (i > 0 && belong_together(&gaps->list[i - 1], &gaps->list[i]))
		join(gaps, i - 1);
	if (gaps->count > GAPS_MAX)
		join_nearest(gaps);
	gaps->dirty = true;
}

void gaps_came(struct gaps *gaps, uint64_t first, uint64_t last)
{
	note_known(&gaps->fresh, first, last);
	gaps->dirty = true;
}

size_t gaps_count(const struct gaps *gaps)
{
	return gaps->count;
}

const struct gap *gaps_at(const struct gaps *gaps, size_t index)
{
	return &gaps->list[index];
}

/* Takes what was told out of a gap that may have grown at either end since; false if it is not in there. */
static bool trim(struct gap *gap, const struct gap *told)
{
	if (gap->reason != told->reason || told->first < gap->first || told->last > gap->last ||
		(told->first > gap->first && told->last < gap->last))
		return false;
	if (told->first == gap->first)
		gap->first = told->last + 1;
	else
		gap->last = told->first - 1;
	gap->lost -= gap->lost > told->lost ? told->lost : 0;
	gap->became -= gap->became > told->became ? told->became : 0;
	return true;
}

void gaps_forget(struct gaps *gaps, const struct gap *told)
{
	for (size_t i = 0; i < gaps->count; i++) {
		struct gap *gap = &gaps->list[i];

		if (!trim(gap, told))
			continue;
		gaps->dirty = true;
		if (gap->first <= gap->last)
			return;
		gaps->count--;
		memmove(gap, gap + 1, (gaps->count - i) * sizeof(*gap));
		return;
	}
}
