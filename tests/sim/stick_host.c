/*
 * stick_host: drives a stick by the lines of its standard input and prints what the stick says, a line each.
 *
 * Usage: wakegate-stick-host znp|ezsp PATH [--concurrent N] [--rtscts] [--xonxoff]
 *
 * form PAN CHANNEL EXTENDED-PAN KEY LINK-KEY       numbers and keys in hexadecimal
 * restore FILE                                     "network …" and "key …" lines as backup prints them
 * backup, scan, permit SECONDS, quit
 * send NWK ENDPOINT PROFILE CLUSTER PAYLOAD [ack]  own endpoint 1, or 0 for profile 0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/zigbee_stick.h"
#include "protocols/hex.h"

#define LINE_MAX_BYTES 1024
#define KEYS_MAX 64
#define WORDS_MAX 8

struct program {
	uv_loop_t loop;
	uv_poll_t input;
	const struct stick_ops *ops;
	struct stick *stick;
	uint32_t last_tag;
	size_t line_size;
	char line[LINE_MAX_BYTES];
};

/* ---- what the stick says ---- */

static void print_network(const struct stick_network *network)
{
	char key[33], link_key[33];

	hex_print(key, network->key, 16);
	hex_print(link_key, network->link_key, 16);
	printf("network eui64=%016" PRIx64 " epan=%016" PRIx64
	       " pan=%04x channel=%u update=%u sequence=%u counter=%" PRIu32 " key=%s link_key=%s\n",
		network->eui64, network->extended_pan, network->pan, network->channel, network->update_id,
		network->key_sequence, network->frame_counter, key, link_key);
}

static void on_state(void *context, const struct stick_report *report)
{
	static const char *const names[] = { "opening", "empty", "up", "down", "refused" };

	if (report->network)
		print_network(report->network);
	printf("state %s firmware=\"%s\" why=\"%s\"\n", names[report->state], report->firmware, report->why);
}

static void on_received(void *context, const struct zigbee_message *message)
{
	char payload[2 * 512 + 1];

	hex_print(payload, message->payload.data, message->payload.size < 512 ? message->payload.size : 512);
	printf("received %04x/%u to=%u profile=%04x cluster=%04x lqi=%u payload=%s\n", message->peer,
		message->peer_endpoint, message->own_endpoint, message->profile, message->cluster, message->lqi,
		payload);
}

static void on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	static const char *const names[] = { "sent", "no_ack", "no_route", "expired", "busy", "too_long", "lost" };

	printf("sent %" PRIu32 " %s\n", tag, names[outcome]);
}

static void on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent)
{
	printf("joined %016" PRIx64 " %04x parent=%04x\n", eui64, nwk, parent);
}

static void on_left(void *context, uint64_t eui64, uint16_t nwk)
{
	printf("left %016" PRIx64 " %04x\n", eui64, nwk);
}

static void on_routed(void *context, uint16_t nwk, uint8_t relays)
{
	printf("routed %04x %u\n", nwk, relays);
}

static void on_scanned(void *context, uint8_t channel, uint8_t energy)
{
	printf("scanned %u %u\n", channel, energy);
}

static void on_key(void *context, const struct stick_link_key *key)
{
	char digits[33] = "";

	if (!key) {
		puts("keys_end");
		return;
	}
	hex_print(digits, key->key, 16);
	printf("key eui64=%016" PRIx64 " key=%s tx=%" PRIu32 " rx=%" PRIu32 "\n", key->eui64, digits, key->tx_counter,
		key->rx_counter);
}

static void on_event(void *context, int level, const char *line)
{
	printf("event %d %s\n", level, line);
}

/* ---- what it is told ---- */

static void say(const char *what, int result)
{
	printf("%s %s\n", what, result < 0 ? strerror(-result) : "ok");
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

static int read_network(struct stick_network *network, const char *line)
{
	char key[33], link_key[33];

	if (sscanf(line,
		    "network eui64=%" SCNx64 " epan=%" SCNx64 " pan=%" SCNx16 " channel=%" SCNu8 " update=%" SCNu8
		    " sequence=%" SCNu8 " counter=%" SCNu32 " key=%32s link_key=%32s",
		    &network->eui64, &network->extended_pan, &network->pan, &network->channel, &network->update_id,
		    &network->key_sequence, &network->frame_counter, key, link_key) != 9)
		return -EINVAL;
	return hex_parse(network->key, key, 32) < 0 ? -EINVAL : hex_parse(network->link_key, link_key, 32);
}

static int read_key(struct stick_link_key *key, const char *line)
{
	char digits[33];

	if (sscanf(line, "key eui64=%" SCNx64 " key=%32s tx=%" SCNu32 " rx=%" SCNu32, &key->eui64, digits,
		    &key->tx_counter, &key->rx_counter) != 4)
		return -EINVAL;
	return hex_parse(key->key, digits, 32);
}

static void do_restore(struct program *program, char *const *words, int count)
{
	struct stick_network network = { 0 };
	struct stick_link_key keys[KEYS_MAX];
	size_t key_count = 0;
	char line[LINE_MAX_BYTES];
	FILE *file = count > 1 ? fopen(words[1], "r") : NULL;

	if (!file) {
		say("restore", -ENOENT);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		(void)read_network(&network, line);
		if (key_count < KEYS_MAX && read_key(&keys[key_count], line) == 0)
			key_count++;
	}
	fclose(file);
	say("restore", program->ops->restore(program->stick, &network, keys, key_count));
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
	program->stick = NULL;
	uv_close((uv_handle_t *)&program->input, NULL);
}

static void obey(struct program *program, char *line)
{
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

static void obey_lines(struct program *program)
{
	char *end;

	while (program->stick && (end = memchr(program->line, '\n', program->line_size)) != NULL) {
		size_t size = (size_t)(end - program->line) + 1;
		*end = '\0';
		obey(program, program->line);
		program->line_size -= size;
		memmove(program->line, program->line + size, program->line_size);
	}
}

static void on_input(uv_poll_t *poll, int status, int events)
{
	struct program *program = poll->data;
	size_t room = sizeof(program->line) - program->line_size;
	ssize_t size = room > 0 ? read(STDIN_FILENO, program->line + program->line_size, room) : 0;

	if (size <= 0) {
		stop(program);
		return;
	}
	program->line_size += (size_t)size;
	obey_lines(program);
}

static int open_stick(struct program *program, int count, char **words)
{
	const struct stick_host host = { program, on_state, on_received, on_sent, on_joined, on_left, on_routed,
		on_scanned, on_key, on_event };
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
		fprintf(stderr, "usage: wakegate-stick-host znp|ezsp PATH [--concurrent N] [--rtscts] [--xonxoff]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	uv_loop_init(&program.loop);
	if (open_stick(&program, count, words) < 0)
		return 1;
	uv_poll_init(&program.loop, &program.input, STDIN_FILENO);
	program.input.data = &program;
	uv_poll_start(&program.input, UV_READABLE, on_input);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&program.loop) == 0 ? 0 : 1;
}
