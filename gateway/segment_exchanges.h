/*
 * segment_exchanges: the fingerprints of reports that the readings of a segment tell once more
 * (protocols/fingerprint.h), so that they need not be stored beside it (commit_exchanges.h).
 */
#ifndef WAKEGATE_GATEWAY_SEGMENT_EXCHANGES_H
#define WAKEGATE_GATEWAY_SEGMENT_EXCHANGES_H

#include <stddef.h>
#include <stdint.h>

struct stored_segment;

/*
 * The fingerprints of all reports in a segment that have dated all their readings, at most `room` of them: how many, or
 * -ENOMEM, -EBADMSG, -ENOTSUP. Reports of one node that were received together, in the same millisecond, are told as
 * one that nobody sent. For any thread; fits exchange_teller of store/store.h.
 */
int segment_exchanges_told(const struct stored_segment *segment, uint64_t *exchanges, size_t room);

#endif
