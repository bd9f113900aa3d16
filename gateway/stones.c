#include "gateway/stones.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/image_cache.h"
#include "gateway/nodes.h"
#include "gateway/update.h"

#define VERSIONS_SEEN 8 /* of the nodes looked at last */

/* The complete images for the goal's hardware whose versions can be compared. */
struct quarry {
	const struct stored_image *goal;
	const struct stored_image *images[STONES_MAX];
	struct stone stones[STONES_MAX];
	size_t count;
	size_t goal_index; /* STONE_NONE: its version cannot be compared */
};

static void add_image(void *context, const struct stored_image *image)
{
	struct quarry *quarry = context;
	struct stone stone = { .size_bytes = image->size_bytes };

	if (!image->complete || quarry->count == STONES_MAX || strcmp(image->hardware, quarry->goal->hardware) != 0 ||
		version_parse(&stone.version, image->version) < 0)
		return;
	stone.has_least = version_parse(&stone.least, image->requires) == 0;
	if (image == quarry->goal)
		quarry->goal_index = quarry->count;
	quarry->images[quarry->count] = image;
	quarry->stones[quarry->count++] = stone;
}

struct search {
	const uint8_t *head;
	uint8_t size;
	const struct stored_image *found;
};

static void match_head(void *context, const struct stored_image *image)
{
	struct search *search = context;

	if (digest_heads_match(search->head, search->size, image->sha256, sizeof(image->sha256)))
		search->found = image;
}

static int find_version(const struct image_cache *images, const struct node_record *node, struct version *out)
{
	struct search search = { .head = node->image, .size = node->image_size };

	if (version_parse(out, node->version) == 0)
		return 0;
	image_cache_each(images, match_head, &search);
	return search.found ? version_parse(out, search.found->version) : -EINVAL;
}

static int tell_gap(const struct quarry *quarry, const struct stone_gap *gap, const struct node_record *node, char *why)
{
	const char *reached = gap->reached == STONE_NONE ? node->version : quarry->images[gap->reached]->version;

	snprintf(why, STONES_WHY_SIZE, "version %.32s or newer, below %.32s, for nodes on %.32s, is missing",
		quarry->images[gap->before]->requires, quarry->goal->version, reached);
	return -ENOLINK;
}

static int find_way(struct quarry *quarry, const struct node_record *node, const struct version *from,
	struct stone_route *out, char *why)
{
	const struct stone_choice choice = { quarry->stones, quarry->count, quarry->goal_index };
	struct stone_path path;
	struct stone_gap gap;

	if (stone_path_find(&choice, from, &path, &gap) < 0)
		return tell_gap(quarry, &gap, node, why);
	out->count = path.count;
	for (size_t i = 0; i < path.count; i++)
		out->images[i] = quarry->images[path.steps[i]];
	return 0;
}

int stones_route(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	struct stone_route *out, char *why)
{
	struct quarry quarry = { .goal = image_cache_find(images, goal), .goal_index = STONE_NONE };
	struct version from, least;

	if (!quarry.goal)
		return -ENOENT;
	out->count = 1;
	out->images[0] = quarry.goal;
	if (version_parse(&least, quarry.goal->requires) < 0)
		return 0;
	if (find_version(images, node, &from) < 0) {
		snprintf(
			why, STONES_WHY_SIZE, "the node has said no version, %.32s is required", quarry.goal->requires);
		return -ENODATA;
	}
	if (version_compare(&from, &least) >= 0)
		return 0;
	image_cache_each(images, add_image, &quarry);
	if (quarry.goal_index != STONE_NONE)
		return find_way(&quarry, node, &from, out, why);
	snprintf(why, STONES_WHY_SIZE, "version %.32s or newer is required", quarry.goal->requires);
	return -ENOLINK;
}

int stones_next(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	uint8_t next[32], char *why)
{
	struct stone_route route;
	int error = stones_route(images, node, goal, &route, why);

	if (!error)
		memcpy(next, route.images[0]->sha256, 32);
	return error;
}

bool stones_lead_over(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	const uint8_t sha256[32])
{
	char why[STONES_WHY_SIZE];
	struct stone_route route;

	if (stones_route(images, node, goal, &route, why) < 0)
		return false;
	for (size_t i = 0; i < route.count; i++)
		if (memcmp(route.images[i]->sha256, sha256, 32) == 0)
			return true;
	return false;
}

bool stones_need(
	const struct image_cache *images, const struct nodes *nodes, const uint8_t goal[32], const uint8_t sha256[32])
{
	const struct stored_image *end = image_cache_find(images, goal), *image = image_cache_find(images, sha256);
	const char *seen[VERSIONS_SEEN] = { NULL };
	size_t next = 0;

	if (!end || !image || end == image || !*end->requires || strcmp(end->hardware, image->hardware) != 0)
		return false;
	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node_record *node = &nodes_at(nodes, i)->record;
		bool known = false;

		if (strcmp(node->hardware, end->hardware) != 0)
			continue;
		/* Texts of the registry are the same where they are equal; nodes without a version differ. */
		for (size_t j = 0; j < VERSIONS_SEEN && *node->version; j++)
			known |= seen[j] == node->version;
		if (known)
			continue;
		seen[next++ % VERSIONS_SEEN] = node->version;
		if (stones_lead_over(images, node, goal, sha256))
			return true;
	}
	return false;
}
