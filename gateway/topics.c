#include "gateway/topics.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/settings.h"

#define PLACEHOLDER "{gateway}"

static int expand(char *out, const char *template, const char *gateway)
{
	size_t size = 0;

	while (*template) {
		bool found = strncmp(template, PLACEHOLDER, strlen(PLACEHOLDER)) == 0;
		const char *piece = found ? gateway : template;
		size_t piece_size = found ? strlen(gateway) : 1;

		if (size + piece_size > TOPIC_MAX)
			return -ENOBUFS;
		memcpy(out + size, piece, piece_size);
		size += piece_size;
		template += found ? strlen(PLACEHOLDER) : 1;
	}
	out[size] = '\0';
	return 0;
}

int topics_expand(struct topics *out, const struct topic_settings *settings, const char *gateway)
{
	struct topics topics = { 0 };

	if (expand(topics.telemetry, settings->telemetry, gateway) < 0 ||
		expand(topics.status, settings->status, gateway) < 0 ||
		expand(topics.manifests, settings->manifests, gateway) < 0 ||
		expand(topics.commands, settings->commands, gateway) < 0 ||
		expand(topics.alerts, settings->alerts, gateway) < 0)
		return -ENOBUFS;
	snprintf(topics.replies, sizeof(topics.replies), "%s/reply", topics.commands);
	snprintf(topics.results, sizeof(topics.results), "%s/result", topics.manifests);
	snprintf(topics.requests, sizeof(topics.requests), "%s/get", topics.manifests);
	snprintf(topics.blocks, sizeof(topics.blocks), "%s/block/", topics.manifests);
	snprintf(topics.block_filter, sizeof(topics.block_filter), "%s/block/+/+", topics.manifests);
	snprintf(topics.standing, sizeof(topics.standing), "%s/standing", topics.alerts);
	for (size_t i = 0; i < settings->rollouts.count && i < TOPIC_ROLLOUTS_MAX; i++) {
		if (expand(topics.rollouts[i], settings->rollouts.items[i], gateway) < 0)
			return -ENOBUFS;
		snprintf(topics.rollout_filters[i], sizeof(topics.rollout_filters[i]), "%s/+", topics.rollouts[i]);
		topics.rollout_count++;
	}
	*out = topics;
	return 0;
}

/* ---- settings ---- */

#define TOPIC(member, template, words)                                                                    \
	{                                                                                                 \
		.name = #member, .type = SETTING_TEXT, .offset = offsetof(struct topic_settings, member), \
		.initial = template, .least = 1, .most = TOPIC_MAX, .help = words                         \
	}

static const struct setting settings_list[] = {
	TOPIC(telemetry, "telemetry/{gateway}", "Batches of readings go here; {gateway} stands for the gateway's id."),
	TOPIC(status, "status/{gateway}", "Retained: that the gateway is there (birth) or was lost (last will)."),
	TOPIC(manifests, "ota/{gateway}",
		"Firmware manifests come here; results go to …/result, blocks are asked for on …/get, come on "
		"…/block/."),
	TOPIC(commands, "cmd/{gateway}", "Commands come here; answers go to …/reply."),
	TOPIC(alerts, "alert/{gateway}", "Alerts go here as they change; those that stand, retained, to …/standing."),
	{ .name = "rollouts",
		.type = SETTING_LIST,
		.offset = offsetof(struct topic_settings, rollouts),
		.initial = "[ \"rollout/fleet\" ]",
		.most = TOPIC_ROLLOUTS_MAX,
		.help = "Below these, a topic each, are retained documents of rollouts for many gateways." },
};

static bool is_good(const char *topic)
{
	for (const char *at = topic; *at; at++)
		if ((unsigned char)*at < 0x21 || *at == 0x7f || *at == '+' || *at == '#' || *at == '$')
			return false;
	return topic[0] && topic[0] != '/' && topic[strlen(topic) - 1] != '/';
}

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct topic_settings *settings = values;
	const char *topics[5 + TOPIC_ROLLOUTS_MAX] = { settings->telemetry, settings->status, settings->manifests,
		settings->commands, settings->alerts };
	size_t count = 5;

	for (size_t i = 0; i < settings->rollouts.count && i < TOPIC_ROLLOUTS_MAX; i++)
		topics[count++] = settings->rollouts.items[i];
	for (size_t i = 0; i < count; i++) {
		if (!is_good(topics[i])) {
			snprintf(why, why_size, "found \"%s\"; a topic has no blank, +, # or $ and no / at its ends",
				topics[i]);
			return -EINVAL;
		}
		for (size_t k = 0; k < i; k++)
			if (strcmp(topics[i], topics[k]) == 0) {
				snprintf(why, why_size, "found \"%s\" twice; each topic is used for one thing",
					topics[i]);
				return -EINVAL;
			}
	}
	return 0;
}

const struct settings_table topic_settings_table = {
	.group = "topics",
	.help = "MQTT topics, as templates.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct topic_settings),
	.check = check_settings,
};
