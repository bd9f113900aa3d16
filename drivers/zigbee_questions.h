/*
 * zigbee_questions: what the files that answer an operator's questions about a Zigbee network share.
 *
 * docs/zigbee.md has the questions. For zigbee_questions.c, zigbee_permit.c, zigbee_removal.c and zigbee_replacement.c;
 * zigbee_coordinator.c tells what comes of the network.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_QUESTIONS_H
#define WAKEGATE_DRIVERS_ZIGBEE_QUESTIONS_H

#include "drivers/zigbee_driver.h"

/* The arguments of a question. */
struct zigbee_asked {
	bool yes, has_seconds, has_backup, forget;
	int64_t seconds;
	char node[NODE_ID_MAX + 1];
	struct span arguments; /* all of them, as JSON */
};

void zigbee_refuse(const struct driver_question *question, int error, const char *sentence);
void zigbee_answer_ok(const struct driver_question *question);
void zigbee_answer_status(struct driver *driver, const struct driver_question *question);

/* NULL, having said so, if there is none. */
struct zigbee_node *zigbee_node_asked(
	struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);

/* zigbee_removal.c */
void zigbee_ask_remove(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);
void zigbee_ask_keep(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);

/* zigbee_permit.c */
void zigbee_ask_permit(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);

/* zigbee_replacement.c: another network for the stick, another stick for the network. */
void zigbee_ask_form(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);
void zigbee_ask_adopt(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);
void zigbee_ask_backup(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);
void zigbee_ask_restore(
	struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked);

/* The network is another one, or up; or none is made after all. */
void zigbee_questions_on_network(struct driver *driver);
void zigbee_questions_on_unformed(struct driver *driver, int error);

#endif
