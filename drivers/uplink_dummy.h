/*
 * uplink_dummy: an uplink without a network: told when it is connected and what is delivered, for tests.
 */
#ifndef WAKEGATE_DRIVERS_UPLINK_DUMMY_H
#define WAKEGATE_DRIVERS_UPLINK_DUMMY_H

#include "drivers/uplink.h"

/* What was published; the strings live until the uplink is closed. */
struct uplink_dummy_publish {
	struct uplink_message message;
	uint64_t ticket;
	bool delivered;
};

/* A session begins or ends, as a broker would have it; what was not delivered is told as -ENOTCONN before. */
void uplink_dummy_connect(struct uplink *uplink, unsigned window);
void uplink_dummy_disconnect(struct uplink *uplink);

/* The broker answers the oldest publish with this ticket that has no answer; -ENOENT if there is none. */
int uplink_dummy_deliver(struct uplink *uplink, uint64_t ticket, int result);

/* Answers all with 0. */
void uplink_dummy_deliver_all(struct uplink *uplink);

/* A message arrives. */
void uplink_dummy_receive(struct uplink *uplink, const struct uplink_message *message);

/* All publishes since open, in their order. */
size_t uplink_dummy_count(const struct uplink *uplink);
const struct uplink_dummy_publish *uplink_dummy_at(const struct uplink *uplink, size_t index);

#endif
