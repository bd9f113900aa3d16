/*
 * zigbee_wait: an operator's question that waits for the stick; zigbee_questions.c ends those that wait too long.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_WAIT_H
#define WAKEGATE_DRIVERS_ZIGBEE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/reading.h"

struct driver;
struct driver_question;

struct zigbee_wait {
	bool waits;
	int64_t until_ms;
	void (*done)(void *context, int result, struct span answer);
	void *context;
};

/* The question is answered later, at the latest after so long. */
void zigbee_wait(
	struct driver *driver, struct zigbee_wait *wait, const struct driver_question *question, int64_t patience_ms);

/* Who waits is to be answered now; false: nobody does. */
bool zigbee_wait_end(struct zigbee_wait *wait, struct driver_question *question);

#endif
