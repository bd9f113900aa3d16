/*
 * publish_stored: what publish is told by those who change the store under it.
 */
#ifndef WAKEGATE_GATEWAY_PUBLISH_STORED_H
#define WAKEGATE_GATEWAY_PUBLISH_STORED_H

#include <stdbool.h>
#include <stdint.h>

struct publish;

/* The store has, or is about to have, a segment that is delivered. */
void publish_discard(struct publish *publish, uint64_t first);

/* The store has dropped these readings to make room. */
void publish_on_evicted(struct publish *publish, uint64_t first, uint32_t count);

/*
 * For whoever replaces segments in the store by others: no backlog is read until it is resumed, so that what is not
 * being sent then will not be. False: a read is under way, ask again.
 */
bool publish_pause_backlog(struct publish *publish);
void publish_resume_backlog(struct publish *publish);

/* Whether the segment is on its way upstream, or delivered and not yet forgotten. */
bool publish_is_sending(const struct publish *publish, uint64_t first);

/* `readings` of the store, none of them being sent, have been replaced by `count` others from the number `first` on. */
void publish_on_thinned(struct publish *publish, uint64_t readings, uint64_t first, uint32_t count);

#endif
