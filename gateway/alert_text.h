/*
 * alert_text: an alert as JSON: for MQTT, for the hook and for control commands.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_TEXT_H
#define WAKEGATE_GATEWAY_ALERT_TEXT_H

#include <jansson.h>
#include <stdint.h>

struct alert;
struct alerts;

#define ALERTS_TOLD_MAX 100 /* in the list of those that stand: the latest */

/* {"state", "kind", "subject", "severity", "text", "times", "raised_ms", "changed_ms"}; NULL if there is no memory. */
json_t *alert_json(const struct alert *alert);

/* A change as it is published: the same and "gateway". To be freed; NULL if there is no memory. */
char *alert_change_text(const struct alert *alert, const char *gateway);

/* All that stand: {"gateway", "at_ms", "standing", "alerts": […]}, the latest first. To be freed. */
char *alert_list_text(const struct alerts *alerts, const char *gateway, int64_t wall_ms);

#endif
