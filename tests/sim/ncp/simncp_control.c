#include "tests/sim/ncp/simncp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/hex.h"

#define WORDS_MAX 6

/* A command's words, numbers among them in any base. */
struct words {
	char *word[WORDS_MAX];
	size_t count;
};

static uint64_t number_at(const struct words *words, size_t at)
{
	return at < words->count ? (uint64_t)strtoll(words->word[at], NULL, 0) : 0;
}

static void split(struct words *words, char *line)
{
	char *rest = NULL;

	*words = (struct words){ 0 };
	for (char *word = strtok_r(line, " ", &rest); word && words->count < WORDS_MAX;
		word = strtok_r(NULL, " ", &rest))
		words->word[words->count++] = word;
}

static json_t *ota_truth(const struct node_ota *ota)
{
	char sha256[65] = "";
	const struct node_ota_counts *counts = &ota->counts;

	if (ota->has_sha256)
		hex_print(sha256, ota->sha256, sizeof(ota->sha256));
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "state",
		node_ota_state_name(ota->state), "sha256", sha256, "version", (json_int_t)ota->version, "size",
		(json_int_t)ota->size, "offset", (json_int_t)ota->offset, "began_s", (double)ota->began_us / AIR_S,
		"ended_s", (double)ota->ended_us / AIR_S, "queries", (json_int_t)counts->queries, "requests",
		(json_int_t)counts->requests, "pages", (json_int_t)counts->pages, "repeats",
		(json_int_t)counts->repeats, "blocks", (json_int_t)counts->blocks, "waits", (json_int_t)counts->waits,
		"given_up", (json_int_t)counts->given_up, "ends", (json_int_t)counts->ends);
}

static json_t *node_truth(const struct node *node)
{
	char eui64[19];

	snprintf(eui64, sizeof(eui64), "0x%016llx", (unsigned long long)node->plan.eui64);
	return json_pack("{s:i, s:s, s:i, s:b, s:b, s:I, s:I, s:I, s:I, s:o}", "number", (int)node->number, "eui64",
		eui64, "nwk", (int)node->nwk, "on", node->is_on, "member", node->is_member, "received",
		(json_int_t)node->received, "sent", (json_int_t)node->sent, "reports_sent",
		(json_int_t)node->reports_sent, "reports_delivered", (json_int_t)node->reports_delivered, "ota",
		ota_truth(&node->ota));
}

static void say_truth(struct simncp *sim)
{
	const struct air_counts *counts = &sim->mesh.air.counts;
	json_t *nodes = json_array();

	for (unsigned i = 0; i < sim->scenario.count; i++)
		json_array_append_new(nodes, node_truth(&sim->nodes[i]));
	line_host_say(json_pack("{s:s, s:f, s:b, s:b, s:i, s:i, s:I, s:I, s:I, s:f, s:I, s:I, s:o}", "what", "truth",
		"now_s", (double)sim->clock.now_us / AIR_S, "up", sim->coordinator.is_up, "permits",
		coordinator_permits(&sim->coordinator), "pan", (int)sim->coordinator.network.pan, "channel",
		(int)sim->coordinator.network.channel, "frames", (json_int_t)counts->frames, "lost",
		(json_int_t)counts->lost, "refused", (json_int_t)counts->refused, "airtime_s",
		(double)counts->airtime_us / AIR_S, "stick_full", (json_int_t)sim->coordinator.refused,
		"not_understood", (json_int_t)sim->coordinator.not_understood, "nodes", nodes));
}

static void say_error(const char *why)
{
	line_host_say(json_pack("{s:s, s:s}", "what", "error", "why", why));
}

static void say_done(void)
{
	line_host_say(json_pack("{s:s}", "what", "done"));
}

static bool change_attribute(struct node *node, const struct words *words, bool report)
{
	struct node_attribute *attribute =
		node_attribute_find(node, (uint16_t)number_at(words, 3), (uint16_t)number_at(words, 4), false);

	if (!attribute)
		return false;
	if (words->count > 5 && report)
		attribute->bits = number_at(words, 5);
	else if (words->count > 5)
		node_attribute_set(node, attribute, number_at(words, 5));
	if (report)
		node_attribute_report(node, attribute);
	return true;
}

static bool command_node(struct simncp *sim, const struct words *words)
{
	uint64_t number = number_at(words, 1);
	const char *what = words->count > 2 ? words->word[2] : "truth";

	if (words->count < 2 || number >= sim->scenario.count)
		return false;
	struct node *node = &sim->nodes[number];
	if (strcmp(what, "truth") == 0) {
		json_t *truth = node_truth(node);
		json_object_set_new(truth, "what", json_string("node"));
		line_host_say(truth);
		return true;
	}
	if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0)
		node_switch(node, what[1] == 'n');
	else if (strcmp(what, "seek") == 0)
		node_seek(node);
	else if (strcmp(what, "leave") == 0)
		node_expel(node);
	else if (strcmp(what, "query") == 0)
		node_ota_query(node);
	else if (strcmp(what, "loss") == 0)
		node->plan.loss_permille = (uint32_t)number_at(words, 3);
	else if (strcmp(what, "report") != 0 && strcmp(what, "set") != 0)
		return false;
	else if (!change_attribute(node, words, what[0] == 'r'))
		return false;
	say_done();
	return true;
}

static bool command_fault(struct simncp *sim, const struct words *words)
{
	struct port_faults *faults = &sim->port.faults;
	const struct {
		const char *name;
		uint32_t *value;
	} rows[] = {
		{ "garble", &faults->garble },
		{ "lose", &faults->lose },
		{ "duplicate", &faults->duplicate },
		{ "lose_in", &faults->lose_in },
		{ "piece", &faults->piece },
		{ "air", &sim->mesh.air.loss_permille },
		{ "acks", &sim->mesh.acks_lost_permille },
	};

	for (size_t i = 0; words->count == 3 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, words->word[1]) == 0) {
			*rows[i].value = (uint32_t)number_at(words, 2);
			say_done();
			return true;
		}
	}
	return false;
}

static void say_ready(struct simncp *sim)
{
	line_host_say(
		json_pack("{s:s, s:s, s:i}", "what", "ready", "path", sim->port.path, "port", (int)sim->port.tcp_port));
}

static bool command_port(struct simncp *sim, const struct words *words)
{
	if (strcmp(words->word[0], "unplug") == 0) {
		port_unplug(&sim->port);
		coordinator_stop(&sim->coordinator);
		say_done();
		return true;
	}
	if (strcmp(words->word[0], "plug") != 0)
		return false;
	if (port_plug(&sim->port) < 0)
		return false;
	sim->options.front->power(sim->front);
	say_ready(sim);
	return true;
}

static bool command_misbehave(struct simncp *sim, const struct words *words)
{
	if (words->count < 2 ||
		!sim->options.front->misbehave(sim->front, words->word[1], (uint32_t)number_at(words, 2)))
		return false;
	say_done();
	return true;
}

static bool command_help(void)
{
	line_host_say(json_pack("{s:s, s:[s, s, s, s, s, s, s, s]}", "what", "help", "commands", "truth",
		"node N [truth|on|off|seek|leave|query|loss PERMILLE]", "node N report|set CLUSTER ATTRIBUTE [VALUE]",
		"fault garble|lose|duplicate|lose_in|air|acks PERMILLE", "fault piece BYTES",
		"misbehave WHAT TIMES (znp: overflow, busy, no_resources, mute, reset, restless; ezsp: error, busy, "
		"reset, "
		"restless)",
		"unplug", "plug"));
	return true;
}

static bool run(struct simncp *sim, const struct words *words)
{
	const char *verb = words->word[0];

	if (strcmp(verb, "truth") == 0) {
		say_truth(sim);
		return true;
	}
	if (strcmp(verb, "node") == 0)
		return command_node(sim, words);
	if (strcmp(verb, "fault") == 0)
		return command_fault(sim, words);
	if (strcmp(verb, "misbehave") == 0)
		return command_misbehave(sim, words);
	if (strcmp(verb, "ready") == 0) {
		say_ready(sim);
		return true;
	}
	return strcmp(verb, "help") == 0 ? command_help() : command_port(sim, words);
}

void simncp_control(void *context, char *line)
{
	struct simncp *sim = context;
	struct words words;

	split(&words, line);
	if (words.count == 0)
		return;
	if (strcmp(words.word[0], "quit") == 0) {
		uv_stop(&sim->loop);
		return;
	}
	air_clock_run(&sim->clock);
	if (!run(sim, &words))
		say_error("no such command, node or attribute");
	air_clock_run(&sim->clock);
}
