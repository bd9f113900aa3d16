/*
 * rule_settings: the settings group "rules": what the gateway makes of readings before it keeps them.
 *
 * Numbers that were not given are NAN, durations 0, texts NULL. docs/rules.md has what they mean.
 */
#ifndef WAKEGATE_GATEWAY_RULE_SETTINGS_H
#define WAKEGATE_GATEWAY_RULE_SETTINGS_H

#include "config/settings.h"

#define RULES_MAX 200
#define RULES_SERIES_LEAST 1000
#define RULE_NAME_MAX 32
#define RULE_OUTPUTS_MAX 16
#define RULE_ALARMS_MAX 8
#define RULE_WINDOW_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

enum window_function {
	WINDOW_MIN,
	WINDOW_MAX,
	WINDOW_MEAN,
	WINDOW_SUM,
	WINDOW_COUNT,
	WINDOW_LAST,
	WINDOW_PERCENTILE,
};

struct rules_settings {
	struct setting_groups list; /* of struct rule_settings, in their order */
	int64_t series;             /* readings by node and name whose state is kept; windows open at once */
	int64_t window_bytes;       /* of telemetry.db, for readings in open windows */
};

struct rule_settings {
	const char *name;
	struct setting_list nodes, labels, names; /* what it is for; empty: all */
	double scale, offset;
	const char *unit;
	const char *rename;
	double deadband, deadband_percent;
	int64_t heartbeat_ms;
	int64_t interval_ms;
	int64_t window_ms, late_ms;
	struct setting_groups outputs; /* of struct rule_output_settings */
	struct setting_groups alarms;  /* of struct rule_alarm_settings */
	bool drop;
	bool final;
};

struct rule_output_settings {
	int value; /* enum window_function */
	double percentile;
	const char *name; /* NULL: "{name}/FUNCTION" */
	const char *unit; /* NULL: that of the readings */
};

struct rule_alarm_settings {
	const char *name;
	double above, below, hysteresis;
	int64_t hold_ms;
};

extern const struct settings_table rules_settings_table;

/* "mean" and so on, as the config has it. */
const char *window_function_name(enum window_function function);

#endif
