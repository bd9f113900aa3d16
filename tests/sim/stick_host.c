/*
 * stick_host: drives a stick by lines and prints what the stick says as lines of JSON.
 *
 * Usage: stick_host znp|ezsp PATH [--concurrent N] [--rtscts] [--xonxoff]
 *
 * form PAN CHANNEL EXTENDED-PAN KEY LINK-KEY       numbers and keys in hexadecimal, but for the channel
 * restore FILE                                     JSON: {"network": …, "keys": […]} as backup says them
 * backup, scan, permit SECONDS, quit
 * send NWK ENDPOINT PROFILE CLUSTER PAYLOAD [ack]  own endpoint 1, or 0 for profile 0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/zigbee_stick.h"
#include "protocols/hex.h"
#include "tests/sim/line_host.h"

#define KEYS_MAX 64
#define WORDS_MAX 8
#define PAYLOAD_MAX 512

struct program {
	uv_loop_t loop;
	struct line_host lines;
	const struct stick_ops *ops;
	struct stick *stick;
	uint32_t last_tag;
};

/* ---- what the stick says ---- */

static json_t *hex_of(const void *data, size_t size)
{
	char digits[2 * PAYLOAD_MAX + 1];

	hex_print(digits, data, size < PAYLOAD_MAX ? size : PAYLOAD_MAX);
	return json_string(digits);
}

static json_t *number_of(uint64_t number)
{
	char digits[20];

	snprintf(digits, sizeof(digits), "%016" PRIx64, number);
	return json_string(digits);
}

static json_t *network_of(const struct stick_network *network)
{
	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:i, s:I, s:o, s:o}", "eui64", number_of(network->eui64), "epan",
		number_of(network->extended_pan), "pan", network->pan, "channel", network->channel, "update",
		network->update_id, "sequence", network->key_sequence, "counter", (json_int_t)network->frame_counter,
		"key", hex_of(network->key, 16), "link_key", hex_of(network->link_key, 16));
}

static void on_state(void *context, const struct stick_report *report)
{
	static const char *const names[] = { "opening", "empty", "up", "down", "refused" };

	line_host_say(json_pack("{s:s, s:s, s:s, s:s, s:o*}", "what", "state", "state", names[report->state],
		"firmware", report->firmware, "why", report->why, "network",
		report->network ? network_of(report->network) : NULL));
}

static void on_received(void *context, const struct zigbee_message *message)
{
	line_host_say(json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "what", "received", "peer", message->peer,
		"peer_endpoint", message->peer_endpoint, "own_endpoint", message->own_endpoint, "profile",
		message->profile, "cluster", message->cluster, "lqi", message->lqi, "payload",
		hex_of(message->payload.data, message->payload.size)));
}

static void on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	static const char *const names[] = { "sent", "no_ack", "no_route", "expired", "busy", "too_long", "lost" };

	line_host_say(json_pack("{s:s, s:i, s:s}", "what", "sent", "tag", (int)tag, "outcome", names[outcome]));
}

static void on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent)
{
	line_host_say(json_pack(
		"{s:s, s:o, s:i, s:i}", "what", "joined", "eui64", number_of(eui64), "nwk", nwk, "parent", parent));
}

static void on_left(void *context, uint64_t eui64, uint16_t nwk)
{
	line_host_say(json_pack("{s:s, s:o, s:i}", "what", "left", "eui64", number_of(eui64), "nwk", nwk));
}

static void on_routed(void *context, uint16_t nwk, uint8_t relays)
{
	line_host_say(json_pack("{s:s, s:i, s:i}", "what", "routed", "nwk", nwk, "relays", relays));
}

static void on_scanned(void *context, uint8_t channel, uint8_t energy)
{
	line_host_say(json_pack("{s:s, s:i, s:i}", "what", "scanned", "channel", channel, "energy", energy));
}

static void on_key(void *context, const struct stick_link_key *key)
{
	if (!key)
		line_host_say(json_pack("{s:s}", "what", "keys_end"));
	else
		line_host_say(json_pack("{s:s, s:o, s:o, s:I, s:I}", "what", "key", "eui64", number_of(key->eui64),
			"key", hex_of(key->key, 16), "tx", (json_int_t)key->tx_counter, "rx",
			(json_int_t)key->rx_counter));
}

static void on_event(void *context, int level, const char *line)
{
	line_host_say(json_pack("{s:s, s:i, s:s}", "what", "event", "level", level, "line", line));
}

static void on_permitted(void *context, const char *failed)
{
	line_host_say(json_pack("{s:s, s:s}", "what", "permitted", "failed", failed ? failed : ""));
}

/* ---- what it is told ---- */

static void say(const char *what, int result)
{
	line_host_say(json_pack("{s:s, s:s}", "what", what, "result", result < 0 ? strerror(-result) : "ok"));
}

static void do_form(struct program *program, char *const *words, int count)
{
	struct stick_network network = { 0 };

	if (count < 6 || hex_parse(network.key, words[4], 32) < 0 || hex_parse(network.link_key, words[5], 32) < 0) {
		say("form", -EINVAL);
		return;
	}
	network.pan = (uint16_t)strtoul(words[1], NULL, 16);
	network.channel = (uint8_t)strtoul(words[2], NULL, 10);
	network.extended_pan = strtoull(words[3], NULL, 16);
	say("form", program->ops->form(program->stick, &network));
}

static uint64_t number_at(const json_t *object, const char *name)
{
	const char *digits = json_string_value(json_object_get(object, name));

	return digits ? strtoull(digits, NULL, 16) : 0;
}

static int key_at(uint8_t key[16], const json_t *object, const char *name)
{
	const char *digits = json_string_value(json_object_get(object, name));

	return digits && strlen(digits) == 32 ? hex_parse(key, digits, 32) : -EINVAL;
}

static int read_network(struct stick_network *network, const json_t *object)
{
	network->eui64 = number_at(object, "eui64");
	network->extended_pan = number_at(object, "epan");
	network->pan = (uint16_t)json_integer_value(json_object_get(object, "pan"));
	network->channel = (uint8_t)json_integer_value(json_object_get(object, "channel"));
	network->update_id = (uint8_t)json_integer_value(json_object_get(object, "update"));
	network->key_sequence = (uint8_t)json_integer_value(json_object_get(object, "sequence"));
	network->frame_counter = (uint32_t)json_integer_value(json_object_get(object, "counter"));
	return key_at(network->key, object, "key") < 0 ? -EINVAL : key_at(network->link_key, object, "link_key");
}

static void do_restore(struct program *program, char *const *words, int count)
{
	struct stick_network network = { 0 };
	struct stick_link_key keys[KEYS_MAX] = { 0 };
	json_t *file = count > 1 ? json_load_file(words[1], 0, NULL) : NULL;
	const json_t *key;
	size_t index, key_count = 0;
	int result = read_network(&network, json_object_get(file, "network"));

	json_array_foreach (json_object_get(file, "keys"), index, key) {
		if (key_count == KEYS_MAX || key_at(keys[key_count].key, key, "key") < 0)
			continue;
		keys[key_count].eui64 = number_at(key, "eui64");
		keys[key_count].tx_counter = (uint32_t)json_integer_value(json_object_get(key, "tx"));
		keys[key_count++].rx_counter = (uint32_t)json_integer_value(json_object_get(key, "rx"));
	}
	json_decref(file);
	if (result == 0)
		result = program->ops->restore(program->stick, &network, keys, key_count);
	say("restore", result);
}

static void do_send(struct program *program, char *const *words, int count)
{
	uint8_t payload[256];
	struct zigbee_message message = { .wants_ack = count > 6 };
	size_t digits = count > 5 ? strlen(words[5]) : 0;

	if (count < 6 || digits > 2 * sizeof(payload) || hex_parse(payload, words[5], digits) < 0) {
		say("send", -EINVAL);
		return;
	}
	message.peer = (uint16_t)strtoul(words[1], NULL, 16);
	message.peer_endpoint = (uint8_t)strtoul(words[2], NULL, 10);
	message.profile = (uint16_t)strtoul(words[3], NULL, 16);
	message.cluster = (uint16_t)strtoul(words[4], NULL, 16);
	message.own_endpoint = message.profile ? 1 : 0;
	message.payload = (struct span){ (const char *)payload, digits / 2 };
	say("send", program->ops->send(program->stick, &message, ++program->last_tag));
}

static void stop(struct program *program)
{
	program->ops->close(program->stick);
	line_host_close(&program->lines);
}

static void obey(void *context, char *line)
{
	struct program *program = context;
	char *words[WORDS_MAX], *rest = NULL;
	int count = 0;

	for (char *word = strtok_r(line, " ", &rest); word && count < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (count == 0)
		return;
	if (strcmp(words[0], "form") == 0)
		do_form(program, words, count);
	else if (strcmp(words[0], "restore") == 0)
		do_restore(program, words, count);
	else if (strcmp(words[0], "send") == 0)
		do_send(program, words, count);
	else if (strcmp(words[0], "backup") == 0)
		say("backup", program->ops->backup(program->stick));
	else if (strcmp(words[0], "scan") == 0)
		say("scan", program->ops->scan(program->stick));
	else if (strcmp(words[0], "permit") == 0 && count > 1)
		say("permit", program->ops->permit(program->stick, (uint8_t)strtoul(words[1], NULL, 10)));
	else if (strcmp(words[0], "quit") == 0)
		stop(program);
}

static int open_stick(struct program *program, int count, char **words)
{
	const struct stick_host host = { program, on_state, on_received, on_sent, on_joined, on_left, on_routed,
		on_scanned, on_key, on_event, on_permitted };
	struct stick_port port = { .path = words[2], .baud = 115200 };
	char why[256] = "";

	for (int i = 3; i < count; i++) {
		if (strcmp(words[i], "--concurrent") == 0 && i + 1 < count)
			port.concurrent = atoi(words[++i]);
		port.hardware_flow |= strcmp(words[i], "--rtscts") == 0;
		port.software_flow |= strcmp(words[i], "--xonxoff") == 0;
	}
	int result = program->ops->open(&program->stick, &program->loop, &port, &host, why, sizeof(why));
	if (result < 0)
		fprintf(stderr, "%s: %s\n", words[2], *why ? why : strerror(-result));
	return result;
}

int main(int count, char **words)
{
	static const struct stick_ops *const kinds[] = { &stick_ezsp, &stick_znp };
	static struct program program;

	for (size_t i = 0; count > 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(words[1], kinds[i]->name) == 0)
			program.ops = kinds[i];
	}
	if (!program.ops) {
		fprintf(stderr, "usage: stick_host znp|ezsp PATH [--concurrent N] [--rtscts] [--xonxoff]\n");
		return 2;
	}
	uv_loop_init(&program.loop);
	if (open_stick(&program, count, words) < 0)
		return 1;
	line_host_open(&program.lines, &program.loop, obey, &program);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&program.loop) == 0 ? 0 : 1;
}
