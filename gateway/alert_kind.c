#include "gateway/alert_kind.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const kind_names[ALERT_KINDS] = {
	[ALERT_GATE_TRIPPED] = "gate.tripped",
	[ALERT_ROLLOUT_WAITS] = "rollout.waits",
	[ALERT_UPDATES_HALTED] = "updates.halted",
	[ALERT_ROLLOUT_REFUSED] = "rollout.refused",
	[ALERT_MISSING_STONE] = "stone.missing",
	[ALERT_NODE_SILENT] = "node.silent",
	[ALERT_NODES_SILENT] = "nodes.silent",
	[ALERT_NODE_FAILING] = "node.failing",
	[ALERT_NODES_FAILING] = "nodes.failing",
	[ALERT_NODE_BATTERY] = "node.battery",
	[ALERT_NODES_BATTERY] = "nodes.battery",
	[ALERT_NODES_FULL] = "nodes.full",
	[ALERT_CACHE_FULL] = "cache.full",
	[ALERT_UPLINK_DOWN] = "uplink.down",
	[ALERT_CLOCK_WRONG] = "clock.wrong",
	[ALERT_STORE_FAILING] = "store.failing",
	[ALERT_STORE_DAMAGED] = "store.damaged",
	[ALERT_READINGS_LOST] = "readings.lost",
	[ALERT_BACKLOG_LARGE] = "backlog.large",
	[ALERT_CARD_WORN] = "card.worn",
	[ALERT_DRIVER_FAILING] = "driver.failing",
};

static const char *const severity_names[] = { "notice", "warning", "critical" };

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *alert_kind_name(enum alert_kind kind)
{
	return kind_names[kind];
}

const char *alert_severity_name(enum alert_severity severity)
{
	return severity_names[severity];
}

int alert_kind_parse(const char *name)
{
	return find_name(kind_names, ALERT_KINDS, name);
}

int alert_severity_parse(const char *name)
{
	return find_name(severity_names, sizeof(severity_names) / sizeof(severity_names[0]), name);
}
