/*
 * metrics: the figures of the control command "status" in the text format of Prometheus (version 0.0.4).
 */
#ifndef WAKEGATE_GATEWAY_METRICS_H
#define WAKEGATE_GATEWAY_METRICS_H

#include <jansson.h>

/* The text, yours to free(); NULL if there is no memory. Figures that `status` lacks are left out. */
char *metrics_text(const json_t *status);

#endif
