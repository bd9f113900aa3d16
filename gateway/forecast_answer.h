/*
 * forecast_answer: what the gateway answers to "rollout.forecast", as the input of a simulation.
 */
#ifndef WAKEGATE_GATEWAY_FORECAST_ANSWER_H
#define WAKEGATE_GATEWAY_FORECAST_ANSWER_H

#include <jansson.h>

struct forecast_input;
struct forecast_node;

/* Fills in what is known of nodes, image and link; `*sample` is yours to free, and the input's. The plan, and what an
 * operator assumes, is not set. -ENODATA: no node would get the image; -ENOMEM. */
int forecast_answer_read(struct forecast_input *input, struct forecast_node **sample, const json_t *answer);

#endif
