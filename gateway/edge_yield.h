/*
 * edge_yield: readings on their way through the rules, from a report or out of a window, to a commit.
 */
#ifndef WAKEGATE_GATEWAY_EDGE_YIELD_H
#define WAKEGATE_GATEWAY_EDGE_YIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

/* What rules made of a report, or what a window says. */
struct edge_yield {
	struct span node;
	int64_t received_ms;
	const struct reading *readings; /* that go on */
	size_t count;
	const struct reading *fed; /* entries of a feed */
	size_t fed_count;
	bool urgent; /* an alarm is in it */
};

/* Puts a yield into a commit; the opposite of 0 says that it cannot be now. */
typedef int edge_put(void *context, const struct edge_yield *yield);

#endif
