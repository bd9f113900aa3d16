/*
 * zigbee_interview: what a node is asked after it joined, question by question, until its readings come by themselves.
 *
 * Node descriptor, endpoints, simple descriptors, who made it, its firmware; then for each endpoint and cluster that
 * measures something: a binding, reporting, scales, first values. One question is under way at a time. A node that
 * sleeps is asked only when it was just heard. Where the interview stands is kept with the node, so it goes on after a
 * restart. Pure: time is an argument, who calls sends.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_INTERVIEW_H
#define WAKEGATE_DRIVERS_ZIGBEE_INTERVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/zigbee_nodes.h"

struct zcl_frame;
struct zdo_message;

enum zigbee_step {
	STEP_NODE,
	STEP_ENDPOINTS,
	STEP_SIMPLE, /* of each endpoint */
	STEP_MAKER,
	STEP_BUILD,
	STEP_FIRMWARE,
	STEP_BIND, /* from here on of each cluster of each endpoint */
	STEP_REPORTING,
	STEP_SCALES,
	STEP_VALUES,
	STEP_DONE,
};

struct zigbee_interview_rules {
	uint64_t own_eui64;
	uint16_t report_least_s, report_most_s, battery_most_s;
};

/* A message for the node. */
struct zigbee_question {
	uint16_t profile, cluster;
	uint8_t endpoint; /* of the node */
	uint8_t size;
	uint8_t data[ZIGBEE_ASDU_MAX];
};

/* From the beginning, e.g. of a node that joined anew. What is known stays until it is told anew. */
void zigbee_interview_begin(struct zigbee_node *node, int64_t now_ms);

/* When it wants to be turned next; INT64_MAX: not before something is heard. */
int64_t zigbee_interview_due_ms(const struct zigbee_node *node, int64_t now_ms);

enum zigbee_interview_turn {
	INTERVIEW_NOTHING, /* not now */
	INTERVIEW_ASK,     /* `out` is to be sent */
	INTERVIEW_RESTS,   /* the node does not answer: an hour's rest begins */
};

/* Time passed, or the node was heard. `sequence` is for the question, if one is made. */
enum zigbee_interview_turn zigbee_interview_turn(struct zigbee_node *node, const struct zigbee_interview_rules *rules,
	uint8_t sequence, int64_t now_ms, struct zigbee_question *out);

/* Something that the node sent. Whether it was the answer. */
bool zigbee_interview_on_zdo(struct zigbee_node *node, const struct zdo_message *message, int64_t now_ms);
bool zigbee_interview_on_zcl(struct zigbee_node *node, uint16_t cluster, const struct zcl_frame *frame, int64_t now_ms);

/* The question did not reach the node. */
void zigbee_interview_on_unsent(struct zigbee_node *node, uint8_t sequence, int64_t now_ms);

/* A word for people: "node", "endpoints", …, "done". */
const char *zigbee_step_name(uint8_t step);

#endif
