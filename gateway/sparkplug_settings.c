#include "gateway/sparkplug_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/settings.h"

#define OFFSET(member) offsetof(struct sparkplug_settings, member)

static const struct setting settings[] = {
	{ .name = "group",
		.type = SETTING_TEXT,
		.offset = OFFSET(group),
		.initial = "wakegate",
		.least = 1,
		.most = SPARKPLUG_ID_MAX,
		.help = "The Sparkplug group of this gateway." },
	{ .name = "edge_node",
		.type = SETTING_TEXT,
		.offset = OFFSET(edge_node),
		.example = "gateway-1",
		.least = 1,
		.most = SPARKPLUG_ID_MAX,
		.help = "Its name as an edge node; without it the gateway's id." },
	{ .name = "primary_host",
		.type = SETTING_TEXT,
		.offset = OFFSET(primary_host),
		.example = "scada",
		.least = 1,
		.most = SPARKPLUG_ID_MAX,
		.help = "A host application; readings are kept while it says that it is offline. Without it they go to "
			"the broker in any case." },
	{ .name = "aliases",
		.type = SETTING_BOOLEAN,
		.offset = OFFSET(aliases),
		.initial = "true",
		.help = "Whether readings name their metric by the number that the birth gave it." },
	{ .name = "quality",
		.type = SETTING_INTEGER,
		.offset = OFFSET(quality),
		.initial = "1",
		.least = 0,
		.most = 1,
		.help = "QoS of births and data. 0 is the letter of the specification and can lose what is under way "
			"when the connection breaks." },
};

static bool is_good(const char *id)
{
	return !id || !strpbrk(id, "/+#");
}

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct sparkplug_settings *chosen = values;
	const char *const ids[] = { chosen->group, chosen->edge_node, chosen->primary_host };

	for (size_t i = 0; i < 3; i++) {
		if (is_good(ids[i]))
			continue;
		snprintf(why, why_size, "found \"%s\"; a Sparkplug id has no /, + or #", ids[i]);
		return -EINVAL;
	}
	return 0;
}

const struct settings_table sparkplug_settings_table = {
	.group = "sparkplug",
	.help = "Who this gateway is to Sparkplug hosts, where telemetry.format is \"sparkplug\".",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct sparkplug_settings),
	.check = check_settings,
};
