#include "gateway/telemetry_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "config/settings.h"
#include "drivers/uplink.h"

#define OFFSET(member) offsetof(struct telemetry_settings, member)

static const char *const acknowledge[] = { "either", "disk", NULL };
static const char *const when_full[] = { "thin", "drop_oldest", "refuse", NULL };
static const char *const formats[] = { "json", "cbor", "columnar", "sparkplug", NULL };
static const char *const compressions[] = { "none", "zstd", NULL };

static const struct setting settings[] = {
	{ .name = "quota",
		.type = SETTING_SIZE,
		.offset = OFFSET(quota_bytes),
		.initial = "256 MB",
		.least = 1024 * 1024,
		.most = INT64_C(1) << 40,
		.help = "How large the file of readings that are not yet upstream may grow." },
	{ .name = "when_full",
		.type = SETTING_CHOICE,
		.offset = OFFSET(when_full),
		.initial = "thin",
		.choices = when_full,
		.reloadable = true,
		.help = "Thin the oldest readings to min, mean, max and count of each window, and at the quota or on a "
			"full disk drop the oldest; or only drop them; or refuse new ones." },
	{ .name = "thin_above",
		.type = SETTING_INTEGER,
		.offset = OFFSET(thin_above),
		.initial = "75",
		.least = 10,
		.most = 95,
		.reloadable = true,
		.help = "Percent of the quota from which on readings are thinned; while the uplink is up, half way "
			"from there to the quota." },
	{ .name = "thin_window",
		.type = SETTING_DURATION,
		.offset = OFFSET(thin_window_ms),
		.initial = "15 min",
		.least = 1000,
		.most = 24 * 3600 * 1000,
		.reloadable = true,
		.help = "The window whose readings of one node and name become one min, mean, max and count. Readings "
			"younger than this are not thinned." },
	{ .name = "alarm_share",
		.type = SETTING_INTEGER,
		.offset = OFFSET(alarm_share),
		.initial = "25",
		.least = 0,
		.most = 90,
		.reloadable = true,
		.help = "Percent of the quota that alarms may take before the oldest of them are dropped like other "
			"readings. Alarms are not thinned." },
	{ .name = "retry_after",
		.type = SETTING_DURATION,
		.offset = OFFSET(retry_after_ms),
		.initial = "60 s",
		.least = 1000,
		.most = 24 * 3600 * 1000,
		.reloadable = true,
		.help = "When a node whose readings were refused may try again." },
	{ .name = "commit_delay",
		.type = SETTING_DURATION,
		.offset = OFFSET(commit_delay_ms),
		.initial = "250 ms",
		.least = 0,
		.most = 1500,
		.reloadable = true,
		.help = "How long readings may wait to be written together. A node waits that much for its "
			"acknowledgement, but every write wears the card." },
	{ .name = "acknowledge",
		.type = SETTING_CHOICE,
		.offset = OFFSET(acknowledge),
		.initial = "either",
		.choices = acknowledge,
		.help = "When a node's readings are acknowledged: as soon as either the broker or the disk has them, "
			"or only when the disk has them." },
	{ .name = "runtime_directory",
		.type = SETTING_FILE,
		.offset = OFFSET(runtime_directory),
		.example = "/run/wakegate",
		.least = 1,
		.most = 1024,
		.help = "A folder in memory (tmpfs) for what has to outlive the process and not the power; without it "
			"the disk acknowledges. Not set: the environment's RUNTIME_DIRECTORY, which systemd sets." },
	{ .name = "wear_budget",
		.type = SETTING_DAILY,
		.offset = OFFSET(wear_budget_bytes),
		.example = "1 GB/day",
		.least = 0,
		.most = INT64_C(1) << 40,
		.reloadable = true,
		.help = "How much may be written to the card; chooses how long readings wait to be written together, "
			"50 ms to 1.5 s, instead of commit_delay. 0: no budget." },
	{ .name = "card_endurance",
		.type = SETTING_SIZE,
		.offset = OFFSET(card_endurance_bytes),
		.example = "10 TB",
		.least = 0,
		.most = INT64_C(1) << 50,
		.reloadable = true,
		.help = "Bytes that may be written to the card in all, as its maker says (TBW); to tell how long it "
			"will last." },
	{ .name = "batch_count",
		.type = SETTING_INTEGER,
		.offset = OFFSET(batch_count),
		.initial = "1000",
		.least = 1,
		.most = BATCH_COUNT_MAX,
		.reloadable = true,
		.help = "Readings in one message upstream." },
	{ .name = "batch_size",
		.type = SETTING_SIZE,
		.offset = OFFSET(batch_bytes),
		.initial = "128 KB",
		.least = 16 * 1024, /* a reading can take 7 KB as JSON */
		.most = UPLINK_MESSAGE_MAX,
		.help = "Bytes of one message upstream, before compression." },
	{ .name = "batch_age",
		.type = SETTING_DURATION,
		.offset = OFFSET(batch_age_ms),
		.initial = "1 s",
		.least = 0,
		.most = 3600 * 1000,
		.reloadable = true,
		.help = "How long a reading may wait for its message to fill." },
	{ .name = "format",
		.type = SETTING_CHOICE,
		.offset = OFFSET(format),
		.initial = "json",
		.choices = formats,
		.help = "SenML (RFC 8428) as JSON or as CBOR, or wakegate's columns, which are the smallest; or "
			"Sparkplug B, see the group sparkplug." },
	{ .name = "compression",
		.type = SETTING_CHOICE,
		.offset = OFFSET(compression),
		.initial = "none",
		.choices = compressions,
		.help = "Whether messages upstream are zstd frames (RFC 8878)." },
	{ .name = "backlog_rate",
		.type = SETTING_INTEGER,
		.offset = OFFSET(backlog_rate),
		.initial = "5000",
		.least = 0,
		.most = 10000000,
		.reloadable = true,
		.help = "Readings per second that drain from the disk after an outage, beside the live ones; 0: as "
			"fast as the broker takes them." },
	{ .name = "backlog_bytes",
		.type = SETTING_SIZE,
		.offset = OFFSET(backlog_bytes),
		.initial = "0 B",
		.least = 0,
		.most = INT64_C(1) << 30,
		.reloadable = true,
		.help = "Bytes per second of messages that the backlog may take, beside the live ones; 0: no cap." },
	{ .name = "backlog_messages",
		.type = SETTING_INTEGER,
		.offset = OFFSET(backlog_messages),
		.initial = "0",
		.least = 0,
		.most = 100000,
		.reloadable = true,
		.help = "Messages per second that the backlog may take, beside the live ones; 0: no cap." },
	{ .name = "window",
		.type = SETTING_INTEGER,
		.offset = OFFSET(window),
		.initial = "64",
		.least = 1,
		.most = UPLINK_WINDOW_MAX,
		.reloadable = true,
		.help = "Messages upstream that the broker has not acknowledged yet, at most; never more than the "
			"broker allows, and of the backlog no more than fill the line." },
};

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct telemetry_settings *chosen = values;

	if (chosen->format != BATCH_SPARKPLUG || chosen->compression == BATCH_PLAIN)
		return 0;
	snprintf(
		why, why_size, "found format \"sparkplug\" with compression; Sparkplug hosts read plain payloads only");
	return -EINVAL;
}

const struct settings_table telemetry_settings_table = {
	.group = "telemetry",
	.help = "Readings: how they are kept until they are upstream, and how they get there.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct telemetry_settings),
	.check = check_settings,
};
