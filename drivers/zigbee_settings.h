/*
 * zigbee_settings: what can be set of the driver for a Zigbee network, in the group "zigbee".
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_SETTINGS_H
#define WAKEGATE_DRIVERS_ZIGBEE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "drivers/zigbee_upgrades.h"

enum zigbee_stick_choice { ZIGBEE_STICK_AUTO, ZIGBEE_STICK_ZNP, ZIGBEE_STICK_EZSP };
enum zigbee_flow { ZIGBEE_FLOW_NONE, ZIGBEE_FLOW_HARDWARE, ZIGBEE_FLOW_SOFTWARE };

struct zigbee_settings {
	const char *port;
	bool process;
	int stick; /* enum zigbee_stick_choice */
	int64_t baud;
	int flow_control;    /* enum zigbee_flow */
	const char *channel; /* "scan" or a number */
	int64_t pan;         /* 0: chosen */
	int64_t permit_limit_ms;
	int64_t concurrent; /* 0: what suits the stick */
	int64_t report_least_ms, report_most_ms, battery_most_ms;
	int64_t ping_after_ms, sleeper_lost_ms;
	struct zigbee_upgrades_settings upgrades;
};

extern const struct settings_table zigbee_settings_table;

/* The channel that is set, 0: to be chosen by a scan. */
uint8_t zigbee_settings_channel(const struct zigbee_settings *settings);

#endif
