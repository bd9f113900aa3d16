/*
 * wakegate-simnodes: simulated nodes in real time against a real gateway.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/simnode.h"
#include "tests/sim/simnodes_link.h"
#include "tests/sim/simnodes_options.h"
#include "tests/sim/simnodes_report.h"

#define STATUS_EVERY_MS 200
#define LONGEST_WAIT_MS 50

struct simulation {
	struct simnodes_options options;
	struct simnodes_link link;
	struct simnode_port port;
	struct simnode *nodes;
	FILE *ledger;
	int64_t started_ms; /* real monotonic clock, as the following */
	int64_t status_at_ms;
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
	(void)number;
	asked_to_end = 1;
}

/* The nodes' clock runs faster than the real one; what they measure bears the real time. */
static struct moment simulated_now(const struct simulation *simulation)
{
	struct moment now = clock_moment(&machine_clock);
	double passed =
		(double)(now.monotonic_ms - simulation->started_ms) * (double)simulation->options.speed_percent / 100;

	return (struct moment){ .monotonic_ms = (int64_t)passed, .wall_ms = now.wall_ms };
}

static void on_send(void *context, struct simnode *node, const void *data, size_t size)
{
	struct simulation *simulation = context;

	link_send(&simulation->link, node->index, data, size);
}

static void on_made(void *context, struct simnode *node, const struct sim_reading *reading)
{
	struct simulation *simulation = context;

	report_made(simulation->ledger, node, reading);
}

static void on_kept(void *context, struct simnode *node, const struct sim_reading *readings, size_t count)
{
	struct simulation *simulation = context;

	report_kept(simulation->ledger, node, readings, count);
}

static void on_arrived(void *context, size_t index, const void *data, size_t size)
{
	struct simulation *simulation = context;

	simnode_on_datagram(&simulation->nodes[index], data, size, simulated_now(simulation));
}

/* A small MCUboot image of version 1.0.0, the same for all nodes. */
static void write_factory_image(const struct simnode_flash *flash)
{
	uint8_t image[1024] = { 0x3d, 0xb8, 0xf3, 0x96, [8] = 32, [13] = 3, [20] = 1 };
	struct random random;

	random_init(&random, 1);
	for (size_t i = 32; i < sizeof(image); i++)
		image[i] = (uint8_t)random_next(&random);
	flash_append(flash, FLASH_RUNNING, image, sizeof(image));
}

static int copy_factory_image(const struct simnode_flash *flash, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t buffer[4096];
	size_t size;

	if (!file)
		return -errno;
	while ((size = fread(buffer, 1, sizeof(buffer), file)) > 0)
		flash_append(flash, FLASH_RUNNING, buffer, size);
	fclose(file);
	return 0;
}

static enum simnode_fault fault_of(const struct simnodes_options *options, int64_t index)
{
	if (index < options->reverting)
		return SIMNODE_REVERTS;
	if (index < options->reverting + options->bricking)
		return SIMNODE_BRICKS;
	if (index < options->reverting + options->bricking + options->corrupting)
		return SIMNODE_CORRUPTS;
	return SIMNODE_SOUND;
}

/* Blocks of 64 to 1024 bytes, some nodes leave the choice to the server; every other one speaks CBOR. */
static int start_node(struct simulation *simulation, size_t index)
{
	const struct simnodes_options *options = &simulation->options;
	struct simnode *node = &simulation->nodes[index];

	node->index = index;
	node->szx = index % 6 == 5 ? SIM_SZX_BY_SERVER : (int)(2 + index % 6);
	node->format = index % 2 ? FORMAT_CBOR : FORMAT_JSON;
	node->fault = fault_of(options, (int64_t)index);
	node->settings = &options->node;
	node->port = &simulation->port;
	random_init(&node->random, (uint64_t)options->seed * 1000003 + index);
	snprintf(node->name, sizeof(node->name), "%s%03zu", options->prefix, index + 1);
	simnode_start(node, options->folder, (int64_t)random_below(&node->random, (uint64_t)options->node.interval_ms));
	if (flash_size(&node->flash, FLASH_RUNNING) >= 0)
		return 0;
	if (options->factory)
		return copy_factory_image(&node->flash, options->factory);
	write_factory_image(&node->flash);
	return 0;
}

static int start(struct simulation *simulation)
{
	const struct simnodes_options *options = &simulation->options;
	int result = link_open(&simulation->link, (size_t)options->count, options->server);

	if (result < 0)
		return result;
	simulation->link.loss_percent = options->loss_percent;
	random_init(&simulation->link.random, (uint64_t)options->seed);
	simulation->port = (struct simnode_port){ simulation, on_send, on_made, on_kept };
	simulation->nodes = calloc((size_t)options->count, sizeof(*simulation->nodes));
	simulation->ledger = options->ledger ? fopen(options->ledger, "a") : NULL;
	if (!simulation->nodes || (options->ledger && !simulation->ledger))
		return -errno;
	simulation->started_ms = clock_moment(&machine_clock).monotonic_ms;
	for (size_t i = 0; i < (size_t)options->count && result == 0; i++)
		result = start_node(simulation, i);
	return result;
}

static void finish(struct simulation *simulation)
{
	if (simulation->ledger)
		fclose(simulation->ledger);
	free(simulation->nodes);
	link_close(&simulation->link);
}

/* Lets every node do what is due; returns the real milliseconds until the next is. */
static int run_due(struct simulation *simulation)
{
	int64_t now_ms = simulated_now(simulation).monotonic_ms;
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < (size_t)simulation->options.count; i++) {
		struct simnode *node = &simulation->nodes[i];
		while (simnode_due_ms(node) <= now_ms)
			simnode_on_time(node, simulated_now(simulation));
		if (simnode_due_ms(node) < next_ms)
			next_ms = simnode_due_ms(node);
	}
	double wait_ms = (double)(next_ms - now_ms) * 100 / (double)simulation->options.speed_percent;
	return wait_ms < LONGEST_WAIT_MS ? (int)wait_ms + 1 : LONGEST_WAIT_MS;
}

static struct simnodes_outcome look(const struct simulation *simulation)
{
	const struct simnodes_options *options = &simulation->options;
	struct simnodes_outcome outcome = {
		.nodes = simulation->nodes,
		.count = (size_t)options->count,
		.link = &simulation->link,
		.seed = (uint64_t)options->seed,
		.seconds = (double)(clock_moment(&machine_clock).monotonic_ms - simulation->started_ms) / 1000,
	};

	report_count(simulation->nodes, outcome.count, options->until ? options->target : NULL, &outcome.totals);
	return outcome;
}

static bool updates_done(const struct simulation *simulation, const struct simnodes_totals *totals)
{
	const struct simnodes_options *options = &simulation->options;

	return !options->until || (int64_t)(totals->on_target + totals->reverted + totals->bricked) >= options->count;
}

/* Whether all is done; tells the nodes to measure no more once what they were started for has happened. */
static bool judge(struct simulation *simulation, const struct simnodes_outcome *outcome)
{
	struct simnodes_options *options = &simulation->options;
	bool forever = !options->until && !options->run_ms;
	bool enough = !forever && outcome->seconds * 1000 >= (double)options->run_ms &&
		      updates_done(simulation, &outcome->totals);

	if (asked_to_end || enough)
		options->node.finish = true;
	return options->node.finish && outcome->totals.pending == 0;
}

static bool run(struct simulation *simulation)
{
	const struct simnodes_options *options = &simulation->options;
	bool timed_out = false;
	bool done = false;

	while (!done && !timed_out) {
		link_poll(&simulation->link, run_due(simulation), on_arrived, simulation);
		int64_t now_ms = clock_moment(&machine_clock).monotonic_ms;
		if (now_ms < simulation->status_at_ms)
			continue;
		simulation->status_at_ms = now_ms + STATUS_EVERY_MS;
		struct simnodes_outcome outcome = look(simulation);
		done = judge(simulation, &outcome);
		timed_out = options->timeout_ms && outcome.seconds * 1000 > (double)options->timeout_ms;
		if (options->status)
			(void)report_write(options->status, &outcome, false);
		if (simulation->ledger)
			fflush(simulation->ledger);
	}
	struct simnodes_outcome outcome = look(simulation);
	outcome.complete = done && updates_done(simulation, &outcome.totals);
	if (options->result && report_write(options->result, &outcome, true) < 0)
		return false;
	return outcome.complete;
}

int main(int argc, char **argv)
{
	static struct simulation simulation;
	int result = simnodes_options_parse(&simulation.options, argc, argv);

	if (result)
		return result < 0 ? 2 : 0;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	result = start(&simulation);
	if (result < 0)
		fprintf(stderr, "wakegate-simnodes: %s: %s\n", simulation.options.folder, strerror(-result));
	bool complete = result == 0 && run(&simulation);
	finish(&simulation);
	return complete ? 0 : 1;
}
