/*
 * topics: the settings group "topics": under which MQTT topics this gateway speaks and listens.
 */
#ifndef WAKEGATE_GATEWAY_TOPICS_H
#define WAKEGATE_GATEWAY_TOPICS_H

#include <stddef.h>

#include "config/settings.h"

#define TOPIC_MAX 200 /* bytes of a topic with the gateway's id in it */
#define TOPIC_ROLLOUTS_MAX 4

/* Templates: "{gateway}" stands for the gateway's id. */
struct topic_settings {
	const char *telemetry;
	const char *status;
	const char *manifests;
	const char *commands;
	const char *alerts;
	struct setting_list rollouts;
};

extern const struct settings_table topic_settings_table;

/* The topics themselves. The lower ones hang below `manifests`, `commands` and `alerts`. */
struct topics {
	char telemetry[TOPIC_MAX + 1];                    /* batches of readings, out */
	char status[TOPIC_MAX + 1];                       /* birth and last will, out, retained */
	char manifests[TOPIC_MAX + 1];                    /* firmware manifests, in */
	char commands[TOPIC_MAX + 1];                     /* commands, in */
	char alerts[TOPIC_MAX + 1];                       /* changes of alerts, out */
	char replies[TOPIC_MAX + 8];                      /* …/reply: answers to commands, out */
	char results[TOPIC_MAX + 8];                      /* …/result: what became of a manifest, out */
	char requests[TOPIC_MAX + 8];                     /* …/get: requests for blocks of an image, out */
	char blocks[TOPIC_MAX + 8];                       /* …/block/: prefix of HEAD/OFFSET, in */
	char block_filter[TOPIC_MAX + 16];                /* …/block/+/+ */
	char standing[TOPIC_MAX + 16];                    /* …/standing: the alerts that stand, out, retained */
	char rollouts[TOPIC_ROLLOUTS_MAX][TOPIC_MAX + 1]; /* …/NAME: documents of rollouts, in */
	char rollout_filters[TOPIC_ROLLOUTS_MAX][TOPIC_MAX + 4];
	size_t rollout_count;
};

/* Puts the gateway's id into the templates. -ENOBUFS: a topic is longer than TOPIC_MAX. */
int topics_expand(struct topics *out, const struct topic_settings *settings, const char *gateway);

#endif
