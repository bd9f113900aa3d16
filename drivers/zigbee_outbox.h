/*
 * zigbee_outbox: messages on their way to a stick that takes only a few at a time.
 *
 * Urgent ones go first, otherwise in their order; what the stick has no room for waits, what it returns as busy is
 * tried again after a moment. Bounded; memory is taken once. Time is an argument.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_OUTBOX_H
#define WAKEGATE_DRIVERS_ZIGBEE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/zigbee_stick.h"

#define ZIGBEE_OUTBOX_ROOM 64
#define ZIGBEE_OUTBOX_TAG_MAX 0x7fffffff /* greater tags are those of others on the same stick */
#define ZIGBEE_OUTBOX_KEPT 16            /* places that only urgent messages may take */
#define ZIGBEE_OUTBOX_TRIES 4
#define ZIGBEE_OUTBOX_BUSY_MS 250       /* before the next try; doubles */
#define ZIGBEE_OUTBOX_PATIENCE_MS 20000 /* in which a message must have been with the stick */

/* What became of a message, once; not from within zigbee_outbox_put(). */
struct zigbee_delivery {
	void (*done)(void *context, uint64_t about, enum stick_sent outcome); /* NULL: nobody asks */
	void *context;
	uint64_t about; /* of whoever sends: a node and a sequence number, for example */
};

struct zigbee_parcel {
	struct zigbee_parcel *next;
	struct zigbee_message message;
	struct zigbee_delivery delivery;
	uint8_t data[ZIGBEE_ASDU_MAX];
	uint8_t tries;
	bool urgent;
	uint32_t tag; /* 0: it is not with the stick */
	int64_t due_ms, until_ms;
};

struct zigbee_outbox {
	struct zigbee_parcel parcels[ZIGBEE_OUTBOX_ROOM];
	struct zigbee_parcel *unused, *waiting, *sent;
	size_t count; /* waiting and sent */
	uint32_t last_tag;
	const struct stick_ops *ops;
	struct stick *stick;
};

void zigbee_outbox_init(struct zigbee_outbox *outbox);

/* From now on it goes over this stick; NULL: none. What the former one has is told as it closes. */
void zigbee_outbox_attach(struct zigbee_outbox *outbox, const struct stick_ops *ops, struct stick *stick);

/* Copies the message. -ENOBUFS: too many wait; -EMSGSIZE. */
int zigbee_outbox_put(struct zigbee_outbox *outbox, const struct zigbee_message *message, bool urgent,
	const struct zigbee_delivery *delivery, int64_t now_ms);

/* Hands over what the stick takes, and gives up what waited too long. */
void zigbee_outbox_turn(struct zigbee_outbox *outbox, int64_t now_ms);

/* As stick_host.sent. */
void zigbee_outbox_on_sent(struct zigbee_outbox *outbox, uint32_t tag, enum stick_sent outcome, int64_t now_ms);

/* When it wants to be turned next; INT64_MAX: nothing waits. */
int64_t zigbee_outbox_due_ms(const struct zigbee_outbox *outbox);

#endif
