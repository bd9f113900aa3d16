/*
 * reading_report: readings of a node that a driver hands over, and the word that they are durable.
 */
#ifndef WAKEGATE_DRIVERS_READING_REPORT_H
#define WAKEGATE_DRIVERS_READING_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

/*
 * Readings to keep. `done` is called exactly once, perhaps before report() returns: 0 when they are durable and the
 * node may be told so; -EALREADY when this very message was kept before (tell the node it is durable); -EACCES when
 * the node is not accepted; -ENOSPC or -ENOBUFS when they cannot be kept now: the node tries again after `retry_s`.
 */
struct reading_report {
	const char *node;
	const struct reading *readings; /* with all that they borrow, for the call only */
	size_t count;
	uint64_t exchange; /* see protocols/fingerprint.h; equal when the node repeats the report; 0: none */
	bool told;         /* `exchange` is fingerprint_of_report() of these very readings, which so tell it */
	/* What gateways called it that wrote telemetry.db before its version 4, 0: nothing; asked within report(),
	 * seldom. NULL: the same. */
	uint64_t (*former)(void *context);
	void (*done)(void *context, int result, uint32_t retry_s);
	void *context;
	bool urgent; /* an alarm: it does not wait for others to share its commit */
	bool fast;  /* the node wants its answer now: `done` is called at once, durable or not; see docs/telemetry.md */
	bool fresh; /* it is no repetition, even where one with this fingerprint was kept */
};

#endif
