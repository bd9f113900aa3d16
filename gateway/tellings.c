#include "gateway/tellings.h"

#include <stdlib.h>

#define TOLD_AHEAD 4 /* waiters that are fetched into the cache before they are told */

/* What the waiters of one commit are told. */
struct telling {
	struct telling *next;
	struct commit_waiter *waiters;
	size_t count, at;
	int result;
	uint32_t retry_s;
};

void tellings_init(struct tellings *tellings)
{
	*tellings = (struct tellings){ .last = &tellings->first };
}

bool tellings_wait(const struct tellings *tellings)
{
	return tellings->first;
}

static void tell_next(struct telling *telling)
{
	size_t i = telling->at++;

	if (i + TOLD_AHEAD < telling->count)
		__builtin_prefetch(telling->waiters[i + TOLD_AHEAD].context);
	telling->waiters[i].done(telling->waiters[i].context, telling->result, telling->retry_s);
}

/* Who is told may make others to be told; they come last, and are not told from within. */
static void tell(struct tellings *tellings, size_t most)
{
	if (tellings->telling)
		return;
	tellings->telling = true;
	while (tellings->first && most > 0) {
		struct telling *telling = tellings->first;

		for (; telling->at < telling->count && most > 0; most--)
			tell_next(telling);
		if (telling->at < telling->count)
			break;
		tellings->first = telling->next;
		if (!tellings->first)
			tellings->last = &tellings->first;
		free(telling->waiters);
		free(telling);
	}
	tellings->telling = false;
}

/* There is no memory to do it later. */
static void tell_at_once(struct telling *telling)
{
	while (telling->at < telling->count)
		tell_next(telling);
	free(telling->waiters);
}

void tellings_add(struct tellings *tellings, struct commit *commit, int result, uint32_t retry_s)
{
	struct telling telling = {
		.waiters = commit->waiters, .count = commit->waiter_count, .result = result, .retry_s = retry_s
	};
	struct telling *kept = telling.count > 0 ? malloc(sizeof(*kept)) : NULL;
	bool first = !tellings->first;

	commit->waiters = NULL;
	commit->waiter_count = commit->waiter_room = 0;
	if (!kept) {
		tell_at_once(&telling);
		return;
	}
	*kept = telling;
	*tellings->last = kept;
	tellings->last = &kept->next;
	if (first)
		tell(tellings, TELLINGS_EACH_TURN);
}

void tellings_go_on(struct tellings *tellings)
{
	tell(tellings, TELLINGS_EACH_TURN);
}

void tellings_finish(struct tellings *tellings)
{
	tell(tellings, SIZE_MAX);
}
