/*
 * uplink_host: the MQTT uplink alone in a process, driven by lines and answering with lines of JSON, for interop tests.
 *
 *     publish TICKET TOPIC QUALITY RETAIN TEXT   publish SIZE bytes instead with TEXT "@SIZE"
 *     request TICKET TOPIC TEXT                  with content type, response topic and correlation
 *     reload                                     as after a change of settings
 *     quit                                       close politely
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/uplink_mqtt.h"
#include "tests/sim/line_host.h"

struct uplink_program {
	uv_loop_t loop;
	struct line_host lines;
	struct uplink *uplink;
	const char *brokers[UPLINK_BROKERS_MAX];
	const char *subscriptions[8];
	struct uplink_mqtt_settings settings;
	struct uplink_identity identity;
	struct uplink_host host;
};

static void on_connected(void *context, const char *detail, unsigned window)
{
	line_host_say(json_pack("{s:s,s:s,s:i}", "what", "connected", "detail", detail, "window", (int)window));
}

static void on_disconnected(void *context, const char *detail)
{
	line_host_say(json_pack("{s:s,s:s}", "what", "disconnected", "detail", detail));
}

static void on_message(void *context, const struct uplink_message *message)
{
	line_host_say(json_pack("{s:s,s:s,s:i,s:s%,s:s*,s:s*,s:b}", "what", "message", "topic", message->topic, "size",
		(int)message->size, "payload", message->payload, message->size < 200 ? message->size : 200,
		"content_type", message->content_type, "response_topic", message->response_topic, "retain",
		message->retain));
}

static void on_delivered(void *context, uint64_t ticket, int result)
{
	line_host_say(json_pack("{s:s,s:I,s:i}", "what", "delivered", "ticket", (json_int_t)ticket, "result", result));
}

static void on_event(void *context, enum driver_level level, const char *line)
{
	line_host_say(json_pack("{s:s,s:i,s:s}", "what", "event", "level", (int)level, "line", line));
}

static void publish(struct uplink_program *program, uint64_t ticket, const struct uplink_message *message)
{
	int result = uplink_mqtt.publish(program->uplink, message, ticket);

	line_host_say(json_pack("{s:s,s:I,s:i}", "what", "published", "ticket", (json_int_t)ticket, "result", result));
}

static void publish_text(struct uplink_program *program, char *arguments)
{
	uint64_t ticket = 0;
	char topic[UPLINK_TOPIC_MAX];
	int quality = 0;
	int retain = 0;
	int used = 0;
	void *filling = NULL;

	if (sscanf(arguments, "%lu %255s %d %d %n", &ticket, topic, &quality, &retain, &used) < 4)
		return;
	struct uplink_message message = { .topic = topic,
		.payload = arguments + used,
		.size = strlen(arguments + used),
		.quality = quality,
		.retain = retain,
		.content_type = "text/plain" };
	if (arguments[used] == '@') {
		message.size = strtoul(arguments + used + 1, NULL, 10);
		message.payload = filling = calloc(1, message.size + 1);
	}
	publish(program, ticket, &message);
	free(filling);
}

static void publish_request(struct uplink_program *program, char *arguments)
{
	uint64_t ticket = 0;
	char topic[UPLINK_TOPIC_MAX];
	int used = 0;

	if (sscanf(arguments, "%lu %255s %n", &ticket, topic, &used) < 2)
		return;
	publish(program, ticket,
		&(struct uplink_message){ .topic = topic,
			.payload = arguments + used,
			.size = strlen(arguments + used),
			.content_type = "application/json",
			.response_topic = "answers/here",
			.correlation = "c-1",
			.correlation_size = 3,
			.quality = 1 });
}

static void quit(struct uplink_program *program)
{
	uint64_t begun_ns = uv_hrtime();

	uplink_mqtt.close(program->uplink);
	line_host_say(
		json_pack("{s:s,s:I}", "what", "closed", "took_ms", (json_int_t)((uv_hrtime() - begun_ns) / 1000000)));
	line_host_close(&program->lines);
}

static void run_line(void *context, char *line)
{
	struct uplink_program *program = context;

	if (strncmp(line, "publish ", 8) == 0)
		publish_text(program, line + 8);
	else if (strncmp(line, "request ", 8) == 0)
		publish_request(program, line + 8);
	else if (strcmp(line, "reload") == 0)
		(void)uplink_mqtt.reload(program->uplink, &program->settings);
	else if (strcmp(line, "quit") == 0)
		quit(program);
}

static void parse_arguments(struct uplink_program *program, int argc, char **argv)
{
	static const struct option options[] = { { "broker", 1, NULL, 'b' }, { "ca", 1, NULL, 'a' },
		{ "cert", 1, NULL, 'c' }, { "key", 1, NULL, 'k' }, { "username", 1, NULL, 'u' },
		{ "password-file", 1, NULL, 'p' }, { "protocol", 1, NULL, 'v' }, { "subscribe", 1, NULL, 's' },
		{ "backoff-max-ms", 1, NULL, 'm' }, { NULL, 0, NULL, 0 } };
	struct uplink_mqtt_settings *settings = &program->settings;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			if (settings->brokers.count < UPLINK_BROKERS_MAX)
				program->brokers[settings->brokers.count++] = optarg;
			break;
		case 'a':
			settings->ca_file = optarg;
			break;
		case 'c':
			settings->cert_file = optarg;
			break;
		case 'k':
			settings->key_file = optarg;
			break;
		case 'u':
			settings->username = optarg;
			break;
		case 'p':
			settings->password_file = optarg;
			break;
		case 'v':
			settings->protocol = strcmp(optarg, "5") == 0       ? UPLINK_PROTOCOL_5
					     : strcmp(optarg, "3.1.1") == 0 ? UPLINK_PROTOCOL_3_1_1
									    : UPLINK_PROTOCOL_AUTO;
			break;
		case 's':
			if (program->identity.subscription_count < 8)
				program->subscriptions[program->identity.subscription_count++] = optarg;
			break;
		case 'm':
			settings->backoff_most_ms = atol(optarg);
			break;
		default:
			exit(2);
		}
	}
}

static void init_program(struct uplink_program *program)
{
	program->settings = (struct uplink_mqtt_settings){
		.keepalive_ms = 5000, .connect_timeout_ms = 3000, .backoff_least_ms = 100, .backoff_most_ms = 1000
	};
	program->settings.brokers.items = program->brokers;
	program->identity =
		(struct uplink_identity){ .client_id = "uplink-host", .subscriptions = program->subscriptions };
	program->identity.will = (struct uplink_message){ .topic = "status/host",
		.payload = "{\"state\":\"lost\"}",
		.size = 16,
		.content_type = "application/json",
		.retain = true,
		.quality = 1 };
	program->host = (struct uplink_host){ .context = program,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.message = on_message,
		.delivered = on_delivered,
		.event = on_event };
}

int main(int argc, char **argv)
{
	static struct uplink_program program;
	char why[256];

	init_program(&program);
	parse_arguments(&program, argc, argv);
	if (uplink_mqtt_table.check(&program.settings, true, why, sizeof(why)) < 0 ||
		program.settings.brokers.count == 0) {
		fprintf(stderr, "uplink_host: %s\n", program.settings.brokers.count ? why : "no --broker");
		return 2;
	}
	uv_loop_init(&program.loop);
	if (uplink_mqtt.open(&program.uplink, &program.loop, &program.settings, &program.identity, &program.host, why,
		    sizeof(why)) < 0) {
		fprintf(stderr, "uplink_host: %s\n", why);
		return 1;
	}
	line_host_open(&program.lines, &program.loop, run_line, &program);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&program.loop) < 0;
}
