/*
 * zigbee_driver: what the files of the driver for a Zigbee network offer each other; zigbee_state.h is what they share.
 *
 * For zigbee.c and the zigbee_*.c that include it only; zigbee_fleet.h and zigbee_reports.h have the largest two parts;
 * the contract is driver.h, the stick's zigbee_stick.h. What happens is told by the stick's callbacks; what is due is
 * done by zigbee_turn(), which is called after everything.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_DRIVER_H
#define WAKEGATE_DRIVERS_ZIGBEE_DRIVER_H

#include "drivers/zigbee_firmware.h"
#include "drivers/zigbee_state.h"

/* ---- zigbee.c ---- */

/* What a test puts in the place of the machine; `loop` may be NULL then. */
struct zigbee_stage {
	uv_loop_t *loop;
	const struct stick_ops *const *sticks;
	struct zigbee_clock clock;
};

int zigbee_open_on(struct driver **out, const struct zigbee_stage *stage, const struct zigbee_settings *settings,
	const struct driver_host *host, char *why, size_t why_size);

int64_t zigbee_now(const struct driver *driver);

/* Does what is due. */
void zigbee_turn(struct driver *driver);

/* After something happened: zigbee_turn() follows at once. */
void zigbee_wake(struct driver *driver);

/* A line for the log. */
void zigbee_tell(const struct driver *driver, enum driver_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- zigbee_coordinator.c: the stick and its network ---- */

int zigbee_open_stick(struct driver *driver, char *why, size_t why_size);
void zigbee_close_stick(struct driver *driver);
/* Tries the other kind of stick, forms a network, notes counters. When it wants to be turned next. */
int64_t zigbee_coordinator_turn(struct driver *driver);
void zigbee_keep_network(struct driver *driver);
/* Starts a new network, by a scan if the channel is to be found. */
void zigbee_form(struct driver *driver);
/* As stick_host.state. */
void zigbee_network_take(struct driver *driver, const struct stick_report *report);

/* ---- zigbee_inbox.c: what nodes send ---- */

void zigbee_on_received(void *context, const struct zigbee_message *message);

/* ---- zigbee_replies.c: what nodes ask, and default responses ---- */

void zigbee_reply_to_read(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* Says what became of the frame, if its sender wants to know. */
void zigbee_reply_status(
	struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame, uint8_t status);
/* Sends to a node; urgent: before what others wait for. */
int zigbee_send(struct driver *driver, const struct zigbee_message *message, bool urgent,
	const struct zigbee_delivery *delivery);

/* ---- zigbee_permit.c: letting nodes join ---- */

/* The stick answered. */
void zigbee_on_permitted(void *context, const char *failed);
/* Asks a stick anew that was away. When it wants to be turned next. */
int64_t zigbee_permit_turn(struct driver *driver);

/* ---- zigbee_removal.c: nodes that are to leave ---- */

/* The node was heard: one that is to leave is told so. */
void zigbee_removal_contact(struct driver *driver, struct zigbee_node *node);
/* It has left. True: as it was to, and the pointer is gone. */
bool zigbee_removal_left(struct driver *driver, struct zigbee_node *node);
/* It answered that it leaves, or does not. */
void zigbee_removal_answered(struct driver *driver, struct zigbee_node *node, uint8_t status);
/* Tells those that may only poll, forgets those that said that they leave and were not heard since. When it wants to be
 * turned next. */
int64_t zigbee_removal_turn(struct driver *driver);

/* ---- zigbee_questions.c, zigbee_replacement.c ---- */

void zigbee_ask(struct driver *driver, const struct driver_question *question);
/* The stick told something that a question waits for. */
void zigbee_on_scanned(void *context, uint8_t channel, uint8_t energy);
void zigbee_on_key(void *context, const struct stick_link_key *key);
int64_t zigbee_questions_turn(struct driver *driver);

#endif
