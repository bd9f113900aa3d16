/*
 * mqtt_topics: topics that bear a node's identity, by a template such as "telemetry/{node}".
 */
#ifndef WAKEGATE_DRIVERS_MQTT_TOPICS_H
#define WAKEGATE_DRIVERS_MQTT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/driver.h"

#define MQTT_TEMPLATE_MAX 160 /* bytes of a template */
#define MQTT_TOPIC_SIZE 512   /* of a topic with its terminator */

struct mqtt_template {
	char before[MQTT_TEMPLATE_MAX + 1]; /* up to the node, with its '/' */
	char after[MQTT_TEMPLATE_MAX + 1];  /* behind the node, from its '/' on, perhaps "" */
};

/* -EINVAL: "{node}" is not exactly one level of it, it is too long, or has wildcards. */
int mqtt_template_parse(struct mqtt_template *out, const char *text);

/* The same with a tail behind it: the template "ota/{node}" and the tail "/get". The tail must leave it in its limit.
 */
int mqtt_template_extend(struct mqtt_template *out, const struct mqtt_template *from, const char *tail);

/* The filter to subscribe to, "telemetry/+". */
void mqtt_template_filter(const struct mqtt_template *template, char out[MQTT_TOPIC_SIZE]);

/* The topic of one node. -EINVAL: its identity has a character that a topic cannot have ('+', '#'). */
int mqtt_template_topic(const struct mqtt_template *template, const char *node, char out[MQTT_TOPIC_SIZE]);

/* Whose topic it is. -ENOENT: not of this template; -EINVAL: what stands there cannot be a node's identity. */
int mqtt_template_match(const struct mqtt_template *template, struct span topic, char node[NODE_ID_MAX + 1]);

#endif
