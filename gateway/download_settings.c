#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "config/settings.h"
#include "gateway/downloads.h"

#define OFFSET(member) offsetof(struct download_settings, member)

static const struct setting settings_list[] = {
	{ .name = "concurrent",
		.type = SETTING_INTEGER,
		.offset = OFFSET(concurrent),
		.initial = "1",
		.least = 1,
		.most = 4,
		.reloadable = true,
		.help = "How many images are downloaded at once; each needs its size in memory (see images.imports)." },
	{ .name = "rate",
		.type = SETTING_SIZE,
		.offset = OFFSET(http.rate_bytes_per_s),
		.initial = "0 B",
		.least = 0,
		.most = INT64_C(1) << 30,
		.reloadable = true,
		.help = "Bytes per second that one download may take; 0: no cap." },
	{ .name = "attempts",
		.type = SETTING_INTEGER,
		.offset = OFFSET(attempts),
		.initial = "20",
		.least = 1,
		.most = 1000,
		.reloadable = true,
		.help = "A download fails after so many attempts in a row that brought not a byte." },
	{ .name = "deadline",
		.type = SETTING_DURATION,
		.offset = OFFSET(deadline_ms),
		.initial = "7 d",
		.least = 60000,
		.most = INT64_C(365) * 86400000,
		.reloadable = true,
		.help = "A download fails when it is not complete so long after its manifest came." },
	{ .name = "backoff_min",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_least_ms),
		.initial = "5 s",
		.least = 100,
		.most = 3600000,
		.reloadable = true,
		.help = "Pause after an attempt that broke off; doubles while attempts bring nothing." },
	{ .name = "backoff_max",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_most_ms),
		.initial = "30 min",
		.least = 100,
		.most = 86400000,
		.reloadable = true,
		.help = "The longest pause between two attempts." },
	{ .name = "allow_http",
		.type = SETTING_BOOLEAN,
		.offset = OFFSET(http.allow_plain),
		.initial = "false",
		.reloadable = true,
		.help = "Whether http:// is taken beside https://. Images are verified either way; who fetches what is "
			"seen." },
	{ .name = "ca_file",
		.type = SETTING_FILE,
		.offset = OFFSET(http.ca_file),
		.reloadable = true,
		.example = "/etc/wakegate/ca.pem",
		.help = "Certificates (PEM) to trust for https://; those that the system trusts where not set." },
	{ .name = "cert_file",
		.type = SETTING_FILE,
		.offset = OFFSET(http.cert_file),
		.reloadable = true,
		.example = "/etc/wakegate/client.pem",
		.help = "The gateway's own certificate (PEM) for servers that ask for one." },
	{ .name = "key_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(http.key_file),
		.reloadable = true,
		.example = "/etc/wakegate/client.key",
		.help = "The private key (PEM) of that certificate." },
	{ .name = "connect_timeout",
		.type = SETTING_DURATION,
		.offset = OFFSET(http.connect_timeout_ms),
		.initial = "20 s",
		.least = 1000,
		.most = 300000,
		.reloadable = true,
		.help = "How long connecting to an HTTP server may take." },
	{ .name = "stall_rate",
		.type = SETTING_SIZE,
		.offset = OFFSET(http.low_speed_bytes_per_s),
		.initial = "100 B",
		.least = 1,
		.most = INT64_C(1) << 20,
		.reloadable = true,
		.help = "A download that brings fewer bytes per second than this, for stall_time, is broken off and "
			"resumed." },
	{ .name = "stall_time",
		.type = SETTING_DURATION,
		.offset = OFFSET(http.low_speed_ms),
		.initial = "60 s",
		.least = 1000,
		.most = 3600000,
		.reloadable = true,
		.help = "See stall_rate." },
};

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct download_settings *settings = values;
	const char *fault = NULL;

	if (settings->backoff_least_ms > settings->backoff_most_ms)
		fault = "backoff_min is longer than backoff_max";
	else if (!settings->http.cert_file != !settings->http.key_file)
		fault = "cert_file and key_file go together";
	else if (settings->http.rate_bytes_per_s &&
		 settings->http.rate_bytes_per_s <= settings->http.low_speed_bytes_per_s)
		fault = "rate is not above stall_rate: every download would count as stalled";
	if (fault)
		snprintf(why, why_size, "%s", fault);
	return fault ? -EINVAL : 0;
}

const struct settings_table download_settings_table = {
	.group = "download",
	.help = "Firmware images that manifests tell of.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct download_settings),
	.check = check_settings,
};
