/*
 * node_watch: how often a node dropped before it began to be watched, and how often since.
 *
 * A drop is a contact that was due and did not come. The past fades with a half-life of NODE_WATCH_HALF_LIFE_MS, so
 * that it speaks of how the node is placed now.
 */
#ifndef WAKEGATE_GATEWAY_NODE_WATCH_H
#define WAKEGATE_GATEWAY_NODE_WATCH_H

#include <stdint.h>

#include "gateway/drop_scores.h"

#define NODE_WATCH_HALF_LIFE_MS (INT64_C(7) * 24 * 3600 * 1000)

struct node_record;

/* From now on: what was watched so far becomes past. `wall_ms` is now; save the record. */
void node_watch_begin(struct node_record *record, int64_t wall_ms);

struct drop_history node_watch_history(const struct node_record *record, int64_t wall_ms);

#endif
