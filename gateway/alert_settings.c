#include "gateway/alert_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define AT(member) .offset = offsetof(struct alert_settings, member), .reloadable = true

static const struct setting settings[] = {
	{ .name = "silent_wakes",
		.type = SETTING_INTEGER,
		AT(silent_wakes),
		.initial = "10",
		.least = 1,
		.most = 100000,
		.help = "A node that missed so many slots raises node.silent." },
	{ .name = "failed_attempts",
		.type = SETTING_INTEGER,
		AT(failed_attempts),
		.initial = "3",
		.least = 1,
		.most = 1000,
		.help = "A node that tried an update so often in vain raises node.failing, as does one that gave up." },
	{ .name = "battery_percent",
		.type = SETTING_INTEGER,
		AT(battery_percent),
		.initial = "10",
		.least = -1,
		.most = 100,
		.help = "A node whose battery is there or below raises node.battery; -1: none does." },
	{ .name = "many",
		.type = SETTING_INTEGER,
		AT(many),
		.initial = "10",
		.least = 1,
		.most = ALERT_MANY_MAX,
		.help = "If more nodes than that have the same trouble, one alert tells of all (nodes.silent, …)." },
	{ .name = "uplink_after",
		.type = SETTING_DURATION,
		AT(uplink_after_ms),
		.initial = "5 min",
		.most = 30 * DAY_MS,
		.help = "Without a session with a broker for so long uplink.down is raised." },
	{ .name = "uplink_critical_after",
		.type = SETTING_DURATION,
		AT(uplink_critical_after_ms),
		.initial = "6 h",
		.most = 30 * DAY_MS,
		.help = "After so long uplink.down is critical." },
	{ .name = "backlog_percent",
		.type = SETTING_INTEGER,
		AT(backlog_percent),
		.initial = "60",
		.least = 1,
		.most = 100,
		.help = "Readings that wait for the uplink and fill so much of telemetry.quota raise backlog.large. "
			"Below telemetry.thin_above it comes before any is thinned." },
	{ .name = "clock_behind",
		.type = SETTING_DURATION,
		AT(clock_behind_ms),
		.initial = "10 min",
		.least = 1000,
		.most = 365 * DAY_MS,
		.help = "A clock that is so far behind the last contact with a node raises clock.wrong." },
	{ .name = "hold",
		.type = SETTING_DURATION,
		AT(hold_ms),
		.initial = "2 min",
		.most = DAY_MS,
		.help = "An alert is cleared when its trouble was gone for so long." },
	{ .name = "hook",
		.type = SETTING_LIST,
		AT(hook),
		.most = ALERT_HOOK_WORDS_MAX,
		.example = "[ \"/etc/wakegate/on-alert\", \"site-7\" ]",
		.help = "A program, with its arguments, that is run for every alert that is raised or cleared." },
	{ .name = "hook_timeout",
		.type = SETTING_DURATION,
		AT(hook_timeout_ms),
		.initial = "30 s",
		.least = 100,
		.most = 3600 * 1000,
		.help = "The program is ended if it runs for longer." },
};

/* No shell looks for it, and the daemon's PATH is nobody's business. */
static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct alert_settings *alerts = values;

	if (alerts->hook.count == 0 || alerts->hook.items[0][0] == '/')
		return 0;
	snprintf(why, why_size, "hook: found \"%.64s\", the program is named with its whole path",
		alerts->hook.items[0]);
	return -EINVAL;
}

const struct settings_table alert_settings_table = {
	.group = "alerts",
	.help = "From when on something is an alert, and what is run for one.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct alert_settings),
	.check = check_settings,
};
