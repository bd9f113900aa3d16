/*
 * stone_path: the way from the version that a node runs to an image, over the images that it needs in between.
 *
 * An image may require that the node runs some version at least. Where the node is below it, others are its stepping
 * stones: each is newer than what the node runs by then and older than the goal. Of all ways the one with the fewest
 * images is taken, of these the one with the fewest bytes. A pure function.
 */
#ifndef WAKEGATE_GATEWAY_STONE_PATH_H
#define WAKEGATE_GATEWAY_STONE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/version.h"

#define STONES_MAX 256
#define STONE_NONE SIZE_MAX

/* An image for the node's hardware. */
struct stone {
	struct version version;
	bool has_least;
	struct version least; /* that the node must run before */
	uint32_t size_bytes;
};

struct stone_path {
	size_t count;               /* 1: the goal can be installed at once */
	uint16_t steps[STONES_MAX]; /* indices of the stones, the goal last */
	uint64_t bytes;
};

/* What is missing: an image of version `stones[before].least` or newer, older than the goal, that can be installed on
 * the version of `stones[reached]`. */
struct stone_gap {
	size_t reached; /* the newest that can be reached; STONE_NONE: what the node runs */
	size_t before;  /* requires the oldest version that leads to the goal */
};

/* What there is for one type of hardware, and what is wanted. */
struct stone_choice {
	const struct stone *stones;
	size_t count; /* at most STONES_MAX */
	size_t goal;  /* index of the image that the node is to run in the end */
};

/* 0 with *out, or -ENOLINK with *gap: there is no way. */
int stone_path_find(
	const struct stone_choice *choice, const struct version *from, struct stone_path *out, struct stone_gap *gap);

#endif
