/*
 * mqtt_settings: what can be set of the driver for nodes behind a local MQTT broker, in the group "mqtt_nodes".
 */
#ifndef WAKEGATE_DRIVERS_MQTT_SETTINGS_H
#define WAKEGATE_DRIVERS_MQTT_SETTINGS_H

#include "config/settings.h"

enum mqtt_accept { MQTT_ACCEPT_OPEN, MQTT_ACCEPT_KNOWN };

struct mqtt_settings {
	const char *host;
	int64_t port;
	const char *username, *password_file;
	const char *client_id;
	int accept; /* enum mqtt_accept */
	const char *nodes_file;
	const char *telemetry_topic, *status_topic, *firmware_topic, *command_topic;
	int64_t keepalive_ms, connect_timeout_ms;
	int64_t backoff_least_ms, backoff_most_ms;
	int64_t in_flight;
	bool slots; /* nodes are told when to come */
};

extern const struct settings_table mqtt_settings_table;

#endif
