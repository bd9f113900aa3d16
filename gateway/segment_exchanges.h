/*
 * segment_exchanges: which fingerprints of reports need not be stored with a segment, because its readings tell them
 * once more (protocols/fingerprint.h).
 */
#ifndef WAKEGATE_GATEWAY_SEGMENT_EXCHANGES_H
#define WAKEGATE_GATEWAY_SEGMENT_EXCHANGES_H

#include <stddef.h>
#include <stdint.h>

struct stored_segment;

/*
 * Takes out those of `exchanges`, which are in the order of the reports, that segment_exchanges_told() will find in a
 * segment made of these rows (SEGMENT_ROWS). *count becomes less by as many as are returned. -ENOMEM, -EBADMSG: then
 * `exchanges` is worth nothing.
 */
int segment_exchanges_leave_out(const void *rows, size_t size, uint64_t *exchanges, size_t *count);

/*
 * The fingerprints of all reports in a segment that have dated all their readings, at most `room` of them: how many, or
 * -ENOMEM, -EBADMSG, -ENOTSUP. Reports of one node that were received together, in the same millisecond, are told as
 * one that nobody sent. For any thread; fits exchange_teller of store/store.h.
 */
int segment_exchanges_told(const struct stored_segment *segment, uint64_t *exchanges, size_t room);

#endif
