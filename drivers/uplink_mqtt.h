/*
 * uplink_mqtt: the uplink over MQTT 5 or 3.1.1: a list of brokers, failover, TLS.
 */
#ifndef WAKEGATE_DRIVERS_UPLINK_MQTT_H
#define WAKEGATE_DRIVERS_UPLINK_MQTT_H

#include "config/settings.h"
#include "drivers/uplink.h"

#define UPLINK_BROKERS_MAX 8

enum uplink_protocol { UPLINK_PROTOCOL_AUTO, UPLINK_PROTOCOL_5, UPLINK_PROTOCOL_3_1_1 };

/* The group "mqtt". */
struct uplink_mqtt_settings {
	struct setting_list brokers;
	const char *client_id; /* NULL: the identity's */
	const char *username;
	const char *password_file;
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	int64_t keepalive_ms;
	int64_t connect_timeout_ms;
	int64_t backoff_least_ms;
	int64_t backoff_most_ms;
	int protocol; /* enum uplink_protocol */
};

extern const struct settings_table uplink_mqtt_table;

/*
 * Copies the host of SCHEME://HOST[:PORT][/PATH], an IPv6 address without its brackets; false if there is none or it
 * does not fit.
 */
bool uplink_broker_host(const char *url, char *out, size_t room);

#endif
