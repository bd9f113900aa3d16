/*
 * alert_settings: the settings group "alerts": from when on something is an alert, and what is run for one.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_SETTINGS_H
#define WAKEGATE_GATEWAY_ALERT_SETTINGS_H

#include "config/settings.h"

#define ALERT_MANY_MAX 64
#define ALERT_HOOK_WORDS_MAX 16

struct alert_settings {
	int64_t silent_wakes;    /* a node that missed so many slots */
	int64_t failed_attempts; /* of one update, when it is not over */
	int64_t battery_percent; /* and below */
	int64_t many;            /* more nodes than that with the same trouble are one alert */
	int64_t uplink_after_ms;
	int64_t uplink_critical_after_ms;
	int64_t backlog_percent;  /* of telemetry.quota */
	int64_t clock_behind_ms;  /* the clock, of what nodes are known to have been heard at */
	int64_t hold_ms;          /* an alert whose trouble is gone stands for so long still */
	struct setting_list hook; /* a program and its arguments */
	int64_t hook_timeout_ms;
};

extern const struct settings_table alert_settings_table;

#endif
