/*
 * commit_exchanges: the fingerprints of the reports in one segment, and which of them are stored beside it because its
 * readings do not tell them (segment_exchanges.h).
 */
#ifndef WAKEGATE_GATEWAY_COMMIT_EXCHANGES_H
#define WAKEGATE_GATEWAY_COMMIT_EXCHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"

/* Zero is an empty one. */
struct commit_exchanges {
	uint64_t *all, *beside;
	size_t count, room, beside_count, beside_room;
	/* The last report in the rows: one more of the same node and millisecond is read as one with it. */
	bool has_last;
	char last_node[NODE_ID_MAX + 1];
	int64_t last_received_ms;
	uint64_t last_told; /* its fingerprint, where so far it is not among `beside` */
};

/* Makes room for one more report. -ENOMEM; then it is as it was. */
int commit_exchanges_make_room(struct commit_exchanges *exchanges);

/* A report whose readings follow in the rows; room was made. Its readings tell `exchange`, if `told`; 0: it has none.
 */
void commit_exchanges_add(struct commit_exchanges *exchanges, const struct reading_report *report, int64_t received_ms);

/* The same of one without readings in the rows. */
void commit_exchanges_add_alone(struct commit_exchanges *exchanges, uint64_t exchange);

void commit_exchanges_finish(struct commit_exchanges *exchanges);

#endif
