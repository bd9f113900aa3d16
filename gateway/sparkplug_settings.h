/*
 * sparkplug_settings: the settings group "sparkplug": who this gateway is to Sparkplug hosts.
 */
#ifndef WAKEGATE_GATEWAY_SPARKPLUG_SETTINGS_H
#define WAKEGATE_GATEWAY_SPARKPLUG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define SPARKPLUG_ID_MAX 64 /* bytes of the ids of groups, edge nodes and hosts */

struct settings_table;

struct sparkplug_settings {
	const char *group;
	const char *edge_node;    /* NULL: the gateway's id */
	const char *primary_host; /* NULL: none */
	bool aliases;
	int64_t quality; /* MQTT QoS of births and data */
};

extern const struct settings_table sparkplug_settings_table; /* the group "sparkplug" */

#endif
