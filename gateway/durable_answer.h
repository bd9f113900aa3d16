/*
 * durable_answer: a driver's answer to an operator, held back until what the driver kept since it was asked is durable.
 *
 * Otherwise a power cut could undo what somebody was told is done.
 */
#ifndef WAKEGATE_GATEWAY_DURABLE_ANSWER_H
#define WAKEGATE_GATEWAY_DURABLE_ANSWER_H

struct driver_question;
struct driver_records;

/*
 * A question to put to the driver of that name in the place of `question`, whose `done` is called as is for a refusal,
 * otherwise once all is durable; with the store's error and a sentence where something is not. -ENOMEM: nothing
 * follows. `records` outlive the answer.
 */
int durable_answer_begin(struct driver_question *out, struct driver_records *records, const char *driver,
	const struct driver_question *question);

#endif
