/*
 * thin_group: segments that are thinned together: gathered one by one, then packed into the segments that replace them.
 */
#ifndef WAKEGATE_GATEWAY_THIN_GROUP_H
#define WAKEGATE_GATEWAY_THIN_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/segment_room.h"

struct thin_group;

/* -ENOMEM. */
int thin_group_open(struct thin_group **out, int64_t window_us, uint64_t seed);

/* Frees. NULL is fine. */
void thin_group_close(struct thin_group *group);

/* Takes a segment up; its readings follow with thin_group_gather(). 0; -ENOTSUP: it cannot be thinned and is passed
 * over; -ENOMEM. */
int thin_group_take(struct thin_group *group, const struct stored_segment *segment);

/* Gathers at most `most` readings of the segment taken up: 1 there are more, 0 all are in. -ENOBUFS: there is no room
 * for them all, -ENOMEM; then the group can only be closed. */
int thin_group_gather(struct thin_group *group, size_t most);

/* What was gathered, whole segments. */
struct thin_group_facts {
	const uint64_t *firsts; /* of the segments, rising */
	const uint32_t *counts; /* their readings */
	size_t segments;
	uint64_t readings, bytes;
	uint32_t boot;
};
void thin_group_facts(const struct thin_group *group, struct thin_group_facts *out);

/* Packs what stands for at most `most` windows: 1 there are more, 0 done. -ENOBUFS: it takes too many segments,
 * -ENOMEM.
 */
int thin_group_pack(struct thin_group *group, size_t most);

/* What was packed; `first` and `kept_at_ms` of each are to be filled in. Lives as long as the group. */
struct stored_segment *thin_group_packed(struct thin_group *group, size_t *count);

#endif
