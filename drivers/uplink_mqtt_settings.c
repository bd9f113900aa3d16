#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/uplink_mqtt.h"

bool uplink_broker_host(const char *url, char *out, size_t room)
{
	const char *start = strstr(url, "://");
	const char *ends = ":/";

	if (!start)
		return false;
	start += 3;
	if (*start == '[') {
		start++;
		ends = "]";
	}
	size_t size = strcspn(start, ends);
	if (size == 0 || size >= room || (*ends == ']' && start[size] != ']'))
		return false;
	memcpy(out, start, size);
	out[size] = '\0';
	return true;
}

#define OFFSET(member) offsetof(struct uplink_mqtt_settings, member)

static const char *const protocols[] = { "auto", "5", "3.1.1", NULL };

static const struct setting settings_list[] = {
	{ .name = "brokers",
		.type = SETTING_LIST,
		.offset = OFFSET(brokers),
		.least = 1,
		.most = UPLINK_BROKERS_MAX,
		.required = true,
		.reloadable = true,
		.example = "[ \"ssl://broker.example.com:8883\", \"ssl://spare.example.com:8883\" ]",
		.help = "The brokers, in the order in which they are tried: tcp://, ssl://, ws:// or wss:// "
			"HOST[:PORT]." },
	{ .name = "client_id",
		.type = SETTING_TEXT,
		.offset = OFFSET(client_id),
		.least = 1,
		.most = 64,
		.reloadable = true,
		.example = "wakegate-site-7",
		.help = "The MQTT client identifier; wakegate-GATEWAY where not set. Unique at the broker." },
	{ .name = "username",
		.type = SETTING_TEXT,
		.offset = OFFSET(username),
		.least = 1,
		.most = 256,
		.reloadable = true,
		.example = "site-7",
		.help = "The user's name at the broker." },
	{ .name = "password_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(password_file),
		.reloadable = true,
		.example = "/run/credentials/wakegate.service/mqtt.password",
		.help = "File with the user's password, read at every connect." },
	{ .name = "ca_file",
		.type = SETTING_FILE,
		.offset = OFFSET(ca_file),
		.reloadable = true,
		.example = "/etc/wakegate/ca.pem",
		.help = "Certificates (PEM) to trust for ssl:// and wss://; those that the system trusts where not "
			"set." },
	{ .name = "cert_file",
		.type = SETTING_FILE,
		.offset = OFFSET(cert_file),
		.reloadable = true,
		.example = "/etc/wakegate/client.pem",
		.help = "The gateway's own certificate chain (PEM), read at every connect." },
	{ .name = "key_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(key_file),
		.reloadable = true,
		.example = "/etc/wakegate/client.key",
		.help = "The private key (PEM) of that certificate, read at every connect." },
	{ .name = "keepalive",
		.type = SETTING_DURATION,
		.offset = OFFSET(keepalive_ms),
		.initial = "60 s",
		.least = 5000,
		.most = 3600000,
		.reloadable = true,
		.help = "A connection that is quiet this long is probed; one that stays silent is given up." },
	{ .name = "connect_timeout",
		.type = SETTING_DURATION,
		.offset = OFFSET(connect_timeout_ms),
		.initial = "20 s",
		.least = 1000,
		.most = 120000,
		.reloadable = true,
		.help = "How long one attempt to connect may take, with resolving the name and the TLS handshake." },
	{ .name = "backoff_min",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_least_ms),
		.initial = "1 s",
		.least = 100,
		.most = 3600000,
		.reloadable = true,
		.help = "Pause after a round over all brokers without success; doubles with every further one." },
	{ .name = "backoff_max",
		.type = SETTING_DURATION,
		.offset = OFFSET(backoff_most_ms),
		.initial = "2 min",
		.least = 100,
		.most = 86400000,
		.reloadable = true,
		.help = "The longest pause between two rounds." },
	{ .name = "protocol",
		.type = SETTING_CHOICE,
		.offset = OFFSET(protocol),
		.initial = "auto",
		.choices = protocols,
		.reloadable = true,
		.help = "MQTT version; auto takes 5 and falls back to 3.1.1 where the broker refuses it." },
};

static bool url_is_good(const char *url)
{
	static const char *const schemes[] = { "tcp://", "ssl://", "ws://", "wss://" };
	char host[256];

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return strlen(url) < UPLINK_TOPIC_MAX && uplink_broker_host(url, host, sizeof(host));
	return false;
}

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct uplink_mqtt_settings *settings = values;

	for (size_t i = 0; i < settings->brokers.count; i++) {
		if (url_is_good(settings->brokers.items[i]))
			continue;
		snprintf(why, why_size,
			"brokers: found \"%s\", allowed are tcp://, ssl://, ws:// and wss:// HOST[:PORT]",
			settings->brokers.items[i]);
		return -EINVAL;
	}
	if (settings->backoff_least_ms > settings->backoff_most_ms) {
		snprintf(why, why_size, "backoff_min is longer than backoff_max");
		return -EINVAL;
	}
	if (!settings->cert_file != !settings->key_file) {
		snprintf(why, why_size, "cert_file and key_file go together");
		return -EINVAL;
	}
	if (settings->password_file && !settings->username) {
		snprintf(why, why_size, "password_file needs a username");
		return -EINVAL;
	}
	return 0;
}

const struct settings_table uplink_mqtt_table = {
	.group = "mqtt",
	.help = "The way upstream: one MQTT broker at a time out of a list.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct uplink_mqtt_settings),
	.check = check_settings,
};
