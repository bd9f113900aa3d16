/*
 * dummy: a driver without a network, for tests: it keeps the offers it is given and says what a test tells it to say.
 */
#ifndef WAKEGATE_DRIVERS_DUMMY_H
#define WAKEGATE_DRIVERS_DUMMY_H

#include "drivers/driver.h"

/* What became of an injected report. */
struct dummy_report {
	bool done; /* may become true after the injection returned */
	int result;
	uint32_t retry_s;
};

/* The nodes' side of driver_host: each hands its argument to the host as a real driver would. */
int dummy_contact(struct driver *driver, const struct node_contact *contact, struct contact_answer *answer);
void dummy_report(struct driver *driver, const char *node, const struct reading *readings, size_t count,
	struct dummy_report *report);
/* As above with a fingerprint of the message, to repeat one. */
void dummy_repeat(struct driver *driver, const struct reading_report *report, struct dummy_report *outcome);
void dummy_progress(struct driver *driver, const struct delivery_progress *progress);

void dummy_reply(struct driver *driver, const struct command_reply *reply);

/* As driver_host.keep and .recall. */
int dummy_keep(struct driver *driver, const struct driver_record *record);
void dummy_recall(struct driver *driver, void (*each)(void *taker, const struct driver_record *record), void *taker);

/* A question "echo" is answered at once with its arguments, "wait" when this is called or the driver closed, any other
 * refused. False: none waits. */
bool dummy_answer(struct driver *driver, int result, struct span answer);

/* The offer that stands for a node, valid until it is replaced or withdrawn, or NULL. */
const struct driver_offer *dummy_offer(const struct driver *driver, const char *node);

/* How often it was told so far. */
struct dummy_calls {
	unsigned offers, withdrawals, commands, images_ready, reloads;
	size_t standing; /* offers now */
};
const struct dummy_calls *dummy_calls(const struct driver *driver);

/* The latest command, "NODE ID TEXT", or "". */
const char *dummy_command(const struct driver *driver);

#endif
