/* What an operator asks of a Zigbee network: to show it, let nodes in, ask them anew, remove them, measure channels. */
#include "drivers/zigbee_questions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/token_writer.h"
#include "protocols/tokens.h"
#include "protocols/zdo.h"

#define ANSWER_HEAD 2048
#define ANSWER_NODE 1024 /* bytes of a node in JSON, at most */
#define SCAN_MS 60000
#define SCRATCH_SIZE 256

/* ---- answers ---- */

void zigbee_refuse(const struct driver_question *question, int error, const char *sentence)
{
	question->done(question->context, error, (struct span){ sentence, strlen(sentence) });
}

struct answer {
	char *text;
	struct writer out;
	struct token_writer json;
};

static int answer_begin(struct answer *answer, size_t size)
{
	answer->text = malloc(size);
	if (!answer->text)
		return -ENOMEM;
	writer_init(&answer->out, answer->text, size);
	token_writer_init(&answer->json, FORMAT_JSON, &answer->out);
	return 0;
}

static void answer_end(struct answer *answer, const struct driver_question *question)
{
	size_t size = writer_size(&answer->out);

	if (size > 0)
		question->done(question->context, 0, (struct span){ answer->text, size });
	else
		zigbee_refuse(question, -ENOBUFS, "the answer is too long");
	free(answer->text);
}

static void put_text(struct token_writer *json, const char *name, const char *text)
{
	token_string(json, name);
	token_string(json, text);
}

static void put_number(struct token_writer *json, const char *name, int64_t value)
{
	token_string(json, name);
	token_integer(json, value);
}

static void put_boolean(struct token_writer *json, const char *name, bool value)
{
	token_string(json, name);
	token_boolean(json, value);
}

static void put_hex(struct token_writer *json, const char *name, uint64_t value, int digits)
{
	char text[19];

	(void)snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)value);
	put_text(json, name, text);
}

void zigbee_answer_ok(const struct driver_question *question)
{
	question->done(question->context, 0, (struct span){ "{}", 2 });
}

/* ---- the network ---- */

static void put_network(struct token_writer *json, const struct stick_network *network)
{
	put_number(json, "channel", network->channel);
	put_hex(json, "pan", network->pan, 4);
	put_hex(json, "extended_pan", network->extended_pan, 16);
	put_hex(json, "coordinator", network->eui64, 16);
}

/* How often the network went down since the start, and what was said of the last time. */
static void put_falls(struct token_writer *json, const struct zigbee_trouble *trouble, int64_t now_ms)
{
	put_number(json, "falls", (int64_t)trouble->falls);
	if (trouble->falls == 0)
		return;
	int64_t fell_ms = trouble->fell_ms[(trouble->falls - 1) % ZIGBEE_FALLS];
	put_number(json, "fell_s", (now_ms - fell_ms) / 1000);
	put_text(json, "fall", trouble->why);
}

static int64_t permitted_s(const struct driver *driver)
{
	int64_t left_ms = driver->permit_until_ms - zigbee_now(driver);

	return left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

static int64_t count_leaving(const struct zigbee_nodes *nodes)
{
	int64_t count = 0;

	for (size_t i = 0; i < nodes->count; i++)
		count += nodes->list[i]->leaving;
	return count;
}

void zigbee_answer_status(struct driver *driver, const struct driver_question *question)
{
	const struct zigbee_network *network = &driver->network;
	struct answer answer;

	if (answer_begin(&answer, ANSWER_HEAD) < 0) {
		zigbee_refuse(question, -ENOMEM, "out of memory");
		return;
	}
	token_map(&answer.json, 12 + (network->remembers ? 4 : 0) + (driver->trouble.falls > 0 ? 2 : 0));
	put_text(&answer.json, "state", zigbee_network_state_name(network->state));
	put_number(&answer.json, "since_s", (zigbee_now(driver) - driver->state_since_ms) / 1000);
	put_text(&answer.json, "reason", network->why);
	put_text(&answer.json, "port", driver->settings->port);
	put_text(&answer.json, "stick", driver->ops->name);
	put_text(&answer.json, "firmware", network->firmware);
	put_number(&answer.json, "permit_s", permitted_s(driver));
	put_number(&answer.json, "nodes", (int64_t)driver->nodes.count);
	put_number(&answer.json, "nodes_up", (int64_t)driver->counters.nodes_up_now);
	put_number(&answer.json, "leaving", count_leaving(&driver->nodes));
	put_number(&answer.json, "waiting", (int64_t)driver->outbox.count);
	put_falls(&answer.json, &driver->trouble, zigbee_now(driver));
	if (network->remembers)
		put_network(&answer.json, &network->kept);
	token_close(&answer.json);
	answer_end(&answer, question);
}

static void ask_status(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	zigbee_answer_status(driver, question);
}

/* ---- nodes ---- */

static const char *kind_of(const struct zigbee_node *node)
{
	if (!node->described)
		return "unknown";
	if (node->kind == ZDO_END_DEVICE)
		return zigbee_node_sleeps(node) ? "sleeper" : "end device";
	return node->kind == ZDO_ROUTER ? "router" : "coordinator";
}

static void put_measures(struct token_writer *json, const struct zigbee_node *node)
{
	uint32_t measures = 0;

	for (size_t i = 0; i < node->endpoint_count; i++)
		measures |= node->endpoints[i].measures;
	token_string(json, "measures");
	token_array(json, (uint64_t)__builtin_popcount(measures));
	for (size_t i = 0; i < zigbee_measure_count; i++)
		if (measures & UINT32_C(1) << i)
			token_string(json, zigbee_measures[i].name);
	token_close(json);
}

static void put_firmware(struct token_writer *json, const struct zigbee_firmware *firmware)
{
	char hardware[NODE_TEXT_MAX + 1];

	(void)snprintf(hardware, sizeof(hardware), "%04x-%04x", firmware->manufacturer, firmware->image_type);
	put_text(json, "hardware", hardware);
	put_hex(json, "version", firmware->version, 8);
}

/* Without a network nobody knows whether a node is there. */
static const char *state_of(const struct driver *driver, const struct zigbee_node *node)
{
	if (node->left)
		return "left";
	if (node->leaving)
		return "leaving";
	if (node->presence.lost)
		return "lost";
	return driver->network.state == NETWORK_UP ? "up" : "unheard";
}

static void put_node(struct token_writer *json, const struct driver *driver, const struct zigbee_node *node)
{
	token_map(json, 13 + (node->firmware.known ? 2 : 0) + (node->battery_percent >= 0 ? 1 : 0));
	put_text(json, "node", node->id);
	put_hex(json, "nwk", node->nwk, 4);
	put_text(json, "kind", kind_of(node));
	put_text(json, "state", state_of(driver, node));
	put_text(json, "interview", zigbee_step_name(node->interview.step));
	put_text(json, "maker", node->maker);
	put_text(json, "model", node->model);
	put_text(json, "build", node->build);
	put_number(json, "endpoints", node->endpoint_count);
	put_number(json, "silent_s", (zigbee_now(driver) - node->presence.heard_ms) / 1000);
	put_number(json, "lqi", node->lqi);
	put_boolean(json, "mains", node->capabilities & ZDO_MAINS_POWERED);
	put_measures(json, node);
	if (node->battery_percent >= 0)
		put_number(json, "battery_percent", node->battery_percent);
	if (node->firmware.known)
		put_firmware(json, &node->firmware);
	token_close(json);
}

static void ask_nodes(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	const struct zigbee_nodes *nodes = &driver->nodes;
	struct answer answer;

	if (answer_begin(&answer, ANSWER_HEAD + nodes->count * ANSWER_NODE) < 0) {
		zigbee_refuse(question, -ENOMEM, "out of memory");
		return;
	}
	token_map(&answer.json, 1);
	token_string(&answer.json, "nodes");
	token_array(&answer.json, nodes->count);
	for (size_t i = 0; i < nodes->count; i++)
		put_node(&answer.json, driver, nodes->list[i]);
	token_close(&answer.json);
	token_close(&answer.json);
	answer_end(&answer, question);
}

struct zigbee_node *zigbee_node_asked(
	struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_node *node = zigbee_nodes_named(&driver->nodes, asked->node);
	char sentence[NODE_ID_MAX + 64];

	if (node)
		return node;
	(void)snprintf(sentence, sizeof(sentence), "there is no node \"%s\" in the Zigbee network", asked->node);
	zigbee_refuse(question, -ENOENT, sentence);
	return NULL;
}

static void ask_interview(
	struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_node *node = zigbee_node_asked(driver, question, asked);

	if (!node)
		return;
	zigbee_interview_begin(node, zigbee_now(driver));
	zigbee_keep_node(driver, node);
	zigbee_wake(driver);
	zigbee_answer_ok(question);
}

/* ---- energy scan ---- */

static void ask_scan(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	if (driver->scan_question.waits || driver->scanning) {
		zigbee_refuse(question, -EBUSY, "a scan is under way");
		return;
	}
	int error = driver->stick ? driver->ops->scan(driver->stick) : -ENETDOWN;
	if (error) {
		zigbee_refuse(question, error, "the stick cannot scan now: \"wakegate zigbee status\"");
		return;
	}
	driver->scanning = true;
	zigbee_wait(driver, &driver->scan_question, question, SCAN_MS);
}

static void answer_scan(struct driver *driver, const struct driver_question *question)
{
	struct answer answer;

	if (answer_begin(&answer, ANSWER_HEAD) < 0) {
		zigbee_refuse(question, -ENOMEM, "out of memory");
		return;
	}
	token_map(&answer.json, 2);
	put_number(&answer.json, "quietest", zigbee_network_quietest(driver->network.energies));
	token_string(&answer.json, "channels");
	token_array(&answer.json, ZIGBEE_CHANNELS);
	for (int i = 0; i < ZIGBEE_CHANNELS; i++) {
		token_map(&answer.json, 2);
		put_number(&answer.json, "channel", ZIGBEE_CHANNEL_FIRST + i);
		put_number(&answer.json, "energy", driver->network.energies[i]);
		token_close(&answer.json);
	}
	token_close(&answer.json);
	token_close(&answer.json);
	answer_end(&answer, question);
}

void zigbee_on_scanned(void *context, uint8_t channel, uint8_t energy)
{
	struct driver *driver = context;
	struct driver_question question = { 0 };

	if (channel >= ZIGBEE_CHANNEL_FIRST && channel <= ZIGBEE_CHANNEL_LAST)
		driver->network.energies[channel - ZIGBEE_CHANNEL_FIRST] = energy;
	if (channel != 0)
		return;
	driver->scanning = false;
	if (zigbee_wait_end(&driver->scan_question, &question))
		answer_scan(driver, &question);
	zigbee_wake(driver);
}

/* ---- waiting ---- */

void zigbee_wait(
	struct driver *driver, struct zigbee_wait *wait, const struct driver_question *question, int64_t patience_ms)
{
	*wait = (struct zigbee_wait){
		.waits = true,
		.until_ms = zigbee_now(driver) + patience_ms,
		.done = question->done,
		.context = question->context,
	};
	zigbee_wake(driver);
}

bool zigbee_wait_end(struct zigbee_wait *wait, struct driver_question *question)
{
	if (!wait->waits)
		return false;
	wait->waits = false;
	*question = (struct driver_question){ .done = wait->done, .context = wait->context };
	return true;
}

static int64_t give_up_late(struct driver *driver, struct zigbee_wait *wait)
{
	struct driver_question question = { 0 };

	if (!wait->waits)
		return INT64_MAX;
	if (!driver->closing && zigbee_now(driver) < wait->until_ms)
		return wait->until_ms;
	(void)zigbee_wait_end(wait, &question);
	zigbee_refuse(&question, -ETIMEDOUT, "the stick did not do it in time: \"wakegate zigbee status\"");
	return INT64_MAX;
}

int64_t zigbee_questions_turn(struct driver *driver)
{
	struct zigbee_wait *const waits[] = { &driver->scan_question, &driver->backup_question,
		&driver->network_question, &driver->permit_question };
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		int64_t wait_ms = give_up_late(driver, waits[i]);
		due_ms = wait_ms < due_ms ? wait_ms : due_ms;
	}
	return due_ms;
}

/* ---- questions ---- */

/* What is not known is passed over: a backup to be restored stands beside. -EBADMSG. */
static int parse_asked(struct zigbee_asked *out, struct span arguments)
{
	struct token_reader in;
	char scratch[SCRATCH_SIZE];
	struct token key;

	*out = (struct zigbee_asked){ .arguments = arguments };
	tokens_init(&in, FORMAT_JSON, arguments, scratch, sizeof(scratch));
	if (tokens_next(&in).kind != TOKEN_MAP)
		return -EBADMSG;
	while ((key = tokens_next(&in)).kind == TOKEN_TEXT) {
		struct token value = tokens_next(&in);
		bool is_node = key.text.size == 4 && memcmp(key.text.data, "node", 4) == 0;
		bool is_seconds = key.text.size == 7 && memcmp(key.text.data, "seconds", 7) == 0;
		bool is_forget = key.text.size == 6 && memcmp(key.text.data, "forget", 6) == 0;
		if (is_node && value.kind == TOKEN_TEXT && value.text.size < sizeof(out->node))
			memcpy(out->node, value.text.data, value.text.size);
		else if (is_seconds && value.kind == TOKEN_NUMBER)
			out->has_seconds = number_scale(&out->seconds, &value.number, 0) == 0;
		else if (is_forget)
			out->forget = value.kind == TOKEN_BOOLEAN && value.boolean;
		else if (key.text.size == 3 && memcmp(key.text.data, "yes", 3) == 0)
			out->yes = value.kind == TOKEN_BOOLEAN && value.boolean;
		else if (key.text.size == 8 && memcmp(key.text.data, "metadata", 8) == 0)
			out->has_backup = true;
		if (value.kind == TOKEN_MAP || value.kind == TOKEN_ARRAY)
			tokens_skip(&in, &value);
	}
	return tokens_next(&in).kind == TOKEN_FINISH ? 0 : -EBADMSG;
}

void zigbee_ask(struct driver *driver, const struct driver_question *question)
{
	static const struct {
		const char *verb;
		bool dangerous;
		void (*ask)(struct driver *driver, const struct driver_question *question,
			const struct zigbee_asked *asked);
	} verbs[] = {
		{ "status", false, ask_status },
		{ "permit", false, zigbee_ask_permit },
		{ "nodes", false, ask_nodes },
		{ "interview", false, ask_interview },
		{ "remove", false, zigbee_ask_remove },
		{ "keep", false, zigbee_ask_keep },
		{ "scan", false, ask_scan },
		{ "form", true, zigbee_ask_form },
		{ "adopt", true, zigbee_ask_adopt },
		{ "backup", false, zigbee_ask_backup },
		{ "restore", true, zigbee_ask_restore },
	};
	struct zigbee_asked asked;

	if (parse_asked(&asked, question->arguments) < 0) {
		zigbee_refuse(question, -EINVAL, "the arguments are not a JSON object");
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].verb, question->verb) != 0)
			continue;
		if (verbs[i].dangerous && !asked.yes)
			zigbee_refuse(
				question, -EPERM, "that changes the network of all nodes: it needs \"yes\": true");
		else
			verbs[i].ask(driver, question, &asked);
		return;
	}
	zigbee_refuse(question, -EINVAL,
		"a Zigbee network is asked status, permit, nodes, interview, remove, keep, scan, form, adopt, backup "
		"or restore");
}
