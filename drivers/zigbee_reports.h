/*
 * zigbee_reports: what Zigbee nodes report, handed to the gateway once and acknowledged when it is durable.
 *
 * A part of zigbee_driver.h.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_REPORTS_H
#define WAKEGATE_DRIVERS_ZIGBEE_REPORTS_H

#include <stdint.h>

#define ZIGBEE_UNKEPT_MAX 500 /* reports that wait until the gateway has room */

struct driver;
struct zcl_frame;
struct zigbee_heard;
struct zigbee_held;

/* Reports that wait until the gateway has room, in the order in which they are tried again. */
struct zigbee_unkept {
	struct zigbee_held *first, *last;
};

/* A report, or a response to a read: its readings, if it is no repetition. */
void zigbee_on_report(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* Tries again what the gateway could not keep. When it wants to be turned next. */
int64_t zigbee_reports_turn(struct driver *driver);
void zigbee_reports_finish(struct driver *driver);

#endif
