#include "gateway/telemetry_settings.h"

#include <stddef.h>

#include "config/settings.h"
#include "drivers/uplink.h"

#define OFFSET(member) offsetof(struct telemetry_settings, member)

static const char *const when_full[] = { "drop_oldest", "refuse", NULL };
static const char *const formats[] = { "json", "cbor", NULL };
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
		.initial = "drop_oldest",
		.choices = when_full,
		.reloadable = true,
		.help = "At the quota or on a full disk: drop the oldest readings and tell upstream which, or refuse "
			"new "
			"ones so that the nodes keep them." },
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
	{ .name = "batch_count",
		.type = SETTING_INTEGER,
		.offset = OFFSET(batch_count),
		.initial = "1000",
		.least = 1,
		.most = 1000,
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
		.help = "SenML (RFC 8428) as JSON or as CBOR." },
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
			"fast "
			"as the broker takes them." },
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
		.initial = "20",
		.least = 1,
		.most = UPLINK_WINDOW_MAX,
		.reloadable = true,
		.help = "Messages upstream that the broker has not acknowledged yet; never more than the broker "
			"allows." },
};

const struct settings_table telemetry_settings_table = {
	.group = "telemetry",
	.help = "Readings: how they are kept until they are upstream, and how they get there.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct telemetry_settings),
};
