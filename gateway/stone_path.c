#include "gateway/stone_path.h"

#include <assert.h>
#include <errno.h>

/* The best way to a stone, by its last step. */
struct way {
	bool is_there;
	uint16_t images;
	uint64_t bytes;
	size_t from; /* the stone before; STONE_NONE: the node itself */
};

struct search {
	const struct stone_choice *choice;
	const struct version *from;
	struct way ways[STONES_MAX];
	size_t order[STONES_MAX]; /* the stones between node and goal, the oldest first */
	size_t order_count;
};

static bool is_enough(const struct stone *stone, const struct version *version)
{
	return !stone->has_least || version_compare(version, &stone->least) >= 0;
}

static bool is_better(const struct way *a, const struct way *b)
{
	if (!b->is_there || a->images != b->images)
		return !b->is_there || a->images < b->images;
	return a->bytes < b->bytes;
}

static void offer_way(struct search *search, size_t to, size_t from)
{
	const struct stone *stones = search->choice->stones;
	const struct way *before = from == STONE_NONE ? NULL : &search->ways[from];
	struct way way = {
		.is_there = true,
		.images = (uint16_t)(before ? before->images + 1 : 1),
		.bytes = (before ? before->bytes : 0) + stones[to].size_bytes,
		.from = from,
	};

	if ((!before || before->is_there) && is_enough(&stones[to], before ? &stones[from].version : search->from) &&
		is_better(&way, &search->ways[to]))
		search->ways[to] = way;
}

/* Insertion keeps stones of the same version in their order, so that the same catalogue gives the same way. */
static void sort_between(struct search *search)
{
	const struct stone *stones = search->choice->stones;

	for (size_t i = 0; i < search->choice->count; i++) {
		size_t at = search->order_count;

		if (i == search->choice->goal || version_compare(&stones[i].version, search->from) <= 0 ||
			version_compare(&stones[i].version, &stones[search->choice->goal].version) >= 0)
			continue;
		for (; at > 0 && version_compare(&stones[i].version, &stones[search->order[at - 1]].version) < 0; at--)
			search->order[at] = search->order[at - 1];
		search->order[at] = i;
		search->order_count++;
	}
}

/* A stone is reached from older ones only, so that one pass in the order of versions finds the best ways. */
static void find_ways(struct search *search)
{
	const struct stone *stones = search->choice->stones;

	for (size_t i = 0; i < search->order_count; i++) {
		size_t to = search->order[i];
		offer_way(search, to, STONE_NONE);
		for (size_t j = 0; j < i; j++)
			if (version_compare(&stones[search->order[j]].version, &stones[to].version) < 0)
				offer_way(search, to, search->order[j]);
	}
	offer_way(search, search->choice->goal, STONE_NONE);
	for (size_t j = 0; j < search->order_count; j++)
		offer_way(search, search->choice->goal, search->order[j]);
}

static void write_path(const struct search *search, struct stone_path *out)
{
	const struct way *way = &search->ways[search->choice->goal];
	size_t at = search->choice->goal;

	out->count = way->images;
	out->bytes = way->bytes;
	for (size_t i = out->count; i > 0; i--) {
		out->steps[i - 1] = (uint16_t)at;
		at = search->ways[at].from;
	}
}

/* From the goal backwards: the oldest version with which one gets on, and which stone requires it. */
static size_t lowest_that_leads_on(const struct search *search)
{
	const struct stone *stones = search->choice->stones;
	size_t before = search->choice->goal;

	for (size_t i = search->order_count; i > 0; i--) {
		const struct stone *stone = &stones[search->order[i - 1]];
		if (version_compare(&stone->version, &stones[before].least) >= 0 && stone->has_least &&
			version_compare(&stone->least, &stones[before].least) < 0)
			before = search->order[i - 1];
	}
	return before;
}

static void write_gap(const struct search *search, struct stone_gap *out)
{
	out->reached = STONE_NONE;
	for (size_t i = 0; i < search->order_count; i++)
		if (search->ways[search->order[i]].is_there)
			out->reached = search->order[i];
	out->before = lowest_that_leads_on(search);
}

int stone_path_find(
	const struct stone_choice *choice, const struct version *from, struct stone_path *out, struct stone_gap *gap)
{
	struct search search = { .choice = choice, .from = from };

	assert(choice->count <= STONES_MAX && choice->goal < choice->count);
	sort_between(&search);
	find_ways(&search);
	if (!search.ways[choice->goal].is_there) {
		write_gap(&search, gap);
		return -ENOLINK;
	}
	write_path(&search, out);
	return 0;
}
