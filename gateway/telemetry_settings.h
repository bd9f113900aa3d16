/*
 * telemetry_settings: the settings group "telemetry": how readings are kept and how they go upstream.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_SETTINGS_H
#define WAKEGATE_GATEWAY_TELEMETRY_SETTINGS_H

#include <stdint.h>

#define BATCH_COUNT_MAX 4000 /* readings in a message upstream: a thousand reports of four */

struct settings_table;

enum acknowledge { ACKNOWLEDGE_EITHER, ACKNOWLEDGE_DISK };
enum when_full { WHEN_FULL_THIN, WHEN_FULL_DROP_OLDEST, WHEN_FULL_REFUSE };
enum batch_format { BATCH_JSON, BATCH_CBOR, BATCH_COLUMNS, BATCH_SPARKPLUG };
enum batch_compression { BATCH_PLAIN, BATCH_ZSTD };

struct telemetry_settings {
	int64_t quota_bytes;    /* of telemetry.db */
	int when_full;          /* enum when_full */
	int64_t thin_above;     /* percent of the quota */
	int64_t thin_window_ms; /* whose readings become one */
	int64_t alarm_share;    /* percent of the quota */
	int64_t retry_after_ms;
	int64_t commit_delay_ms;
	int acknowledge; /* enum acknowledge */
	const char *runtime_directory;
	int64_t wear_budget_bytes;    /* a day; 0: none */
	int64_t card_endurance_bytes; /* 0: not known */
	int64_t batch_count;
	int64_t batch_bytes;
	int64_t batch_age_ms;
	int format;               /* enum batch_format */
	int compression;          /* enum batch_compression */
	int64_t backlog_rate;     /* readings per second; 0: no cap */
	int64_t backlog_bytes;    /* likewise bytes */
	int64_t backlog_messages; /* likewise messages */
	int64_t window;
};

extern const struct settings_table telemetry_settings_table; /* the group "telemetry" */

#endif
