#include "drivers/mqtt_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/mqtt_client.h"
#include "drivers/mqtt_topics.h"

#define OFFSET(member) offsetof(struct mqtt_settings, member)

static const char *const accept_choices[] = { "open", "known", NULL };

static const struct setting settings_list[] = {
	{ .name = "host",
		.type = SETTING_TEXT,
		.offset = OFFSET(host),
		.initial = "127.0.0.1",
		.least = 1,
		.most = 253,
		.help = "Address or name of the local broker. The connection is in plain: keep the broker on this "
			"machine or in a network you trust." },
	{ .name = "port",
		.type = SETTING_INTEGER,
		.offset = OFFSET(port),
		.initial = "1883",
		.least = 1,
		.most = 65535,
		.help = "Its TCP port." },
	{ .name = "username",
		.type = SETTING_TEXT,
		.offset = OFFSET(username),
		.least = 1,
		.most = 256,
		.example = "wakegate",
		.help = "The gateway's name as a user of the local broker." },
	{ .name = "password_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(password_file),
		.example = "/etc/wakegate/local-broker.password",
		.help = "File with that user's password, read at every connect." },
	{ .name = "client_id",
		.type = SETTING_TEXT,
		.offset = OFFSET(client_id),
		.initial = "wakegate",
		.least = 1,
		.most = 64,
		.help = "The MQTT client identifier, under which the broker keeps what comes while the gateway is "
			"away. Unique at the broker." },
	{ .name = "accept",
		.type = SETTING_CHOICE,
		.offset = OFFSET(accept),
		.initial = "open",
		.example = "open",
		.choices = accept_choices,
		.required = true,
		.reloadable = true,
		.help = "Whose messages are taken: those of every node that the broker lets publish, or of the nodes "
			"in nodes_file." },
	{ .name = "nodes_file",
		.type = SETTING_FILE,
		.offset = OFFSET(nodes_file),
		.reloadable = true,
		.example = "/etc/wakegate/mqtt.nodes",
		.help = "The nodes that are taken where accept is \"known\", an identity a line." },
	{ .name = "telemetry_topic",
		.type = SETTING_TEXT,
		.offset = OFFSET(telemetry_topic),
		.initial = "telemetry/{node}",
		.least = 1,
		.most = MQTT_TEMPLATE_MAX,
		.help = "Where nodes publish readings; {node} is the node's identity and a level of its own." },
	{ .name = "status_topic",
		.type = SETTING_TEXT,
		.offset = OFFSET(status_topic),
		.initial = "status/{node}",
		.least = 1,
		.most = MQTT_TEMPLATE_MAX,
		.help = "Where nodes say what they run and how their update goes, and where their last will appears." },
	{ .name = "firmware_topic",
		.type = SETTING_TEXT,
		.offset = OFFSET(firmware_topic),
		.initial = "ota/{node}",
		.least = 1,
		.most = MQTT_TEMPLATE_MAX - 64,
		.help = "Where a node finds the manifest of the image that it is to have; it asks for blocks on what "
			"hangs below." },
	{ .name = "command_topic",
		.type = SETTING_TEXT,
		.offset = OFFSET(command_topic),
		.initial = "cmd/{node}",
		.least = 1,
		.most = MQTT_TEMPLATE_MAX - 64,
		.help = "Where a node is told commands; it replies on what hangs below, \"…/reply\"." },
	{ .name = "keepalive",
		.type = SETTING_DURATION,
		.offset = OFFSET(keepalive_ms),
		.initial = "30 s",
		.least = 5000,
		.most = 3600000,
		.help = "The broker is probed so often; one that stays silent as long again is given up." },
	{ .name = "connect_timeout",
		.type = SETTING_DURATION,
		.offset = OFFSET(connect_timeout_ms),
		.initial = "10 s",
		.least = 1000,
		.most = 120000,
		.help = "How long one attempt to connect and subscribe may take." },
	{ .name = "backoff_min",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_least_ms),
		.initial = "500 ms",
		.least = 100,
		.most = 3600000,
		.help = "Pause after a failed attempt; doubles with every further one." },
	{ .name = "backoff_max",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_most_ms),
		.initial = "30 s",
		.least = 100,
		.most = 86400000,
		.help = "The longest pause between two attempts." },
	{ .name = "in_flight",
		.type = SETTING_INTEGER,
		.offset = OFFSET(in_flight),
		.initial = "1000",
		.least = 1,
		.most = MQTT_IN_FLIGHT_MAX,
		.help = "Messages taken from the broker that are not durable yet; while so many wait, the broker keeps "
			"the rest." },
	{ .name = "slots",
		.type = SETTING_BOOLEAN,
		.offset = OFFSET(slots),
		.initial = "false",
		.reloadable = true,
		.help = "Whether nodes are told their next slot at each contact, on what hangs below command_topic, "
			"\"…/next\". For nodes that sleep and heed it; those that stay connected do not." },
};

static int check_topics(const struct mqtt_settings *settings, char *why, size_t why_size)
{
	const char *const topics[] = { settings->telemetry_topic, settings->status_topic, settings->firmware_topic,
		settings->command_topic };
	struct mqtt_template template;

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		if (mqtt_template_parse(&template, topics[i]) < 0) {
			(void)snprintf(why, why_size,
				"\"%s\" is no topic of a node: {node} must be one whole level of it, without '+' and "
				"'#'",
				topics[i]);
			return -EINVAL;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(topics[i], topics[j]) != 0)
				continue;
			(void)snprintf(why, why_size, "\"%s\" is set for two purposes", topics[i]);
			return -EINVAL;
		}
	}
	return 0;
}

static int check(const void *values, bool present, char *why, size_t why_size)
{
	const struct mqtt_settings *s = values;

	if (!present)
		return 0;
	if (s->accept == MQTT_ACCEPT_KNOWN && !s->nodes_file) {
		(void)snprintf(why, why_size, "accept is \"known\" but nodes_file is not set");
		return -EINVAL;
	}
	if (s->password_file && !s->username) {
		(void)snprintf(why, why_size, "password_file needs a username");
		return -EINVAL;
	}
	if (s->backoff_least_ms > s->backoff_most_ms) {
		(void)snprintf(why, why_size, "backoff_min is longer than backoff_max");
		return -EINVAL;
	}
	return check_topics(s, why, why_size);
}

const struct settings_table mqtt_settings_table = {
	.group = "mqtt_nodes",
	.help = "Nodes behind a local MQTT broker: their readings, status, firmware and commands (not the way "
		"upstream).",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct mqtt_settings),
	.check = check,
};
