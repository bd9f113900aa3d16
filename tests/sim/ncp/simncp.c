#include "tests/sim/ncp/simncp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAN_UNKNOWN 0xffff

static void on_port_received(void *context, struct bytes in)
{
	struct simncp *sim = context;

	air_clock_run(&sim->clock);
	sim->options.front->take(sim->front, in);
	air_clock_run(&sim->clock);
}

static int open_nodes(struct simncp *sim)
{
	char why[200];

	if (sim->options.scenario && scenario_read(&sim->scenario, sim->options.scenario, why, sizeof(why)) < 0) {
		fprintf(stderr, "simncp: %s\n", why);
		return -EINVAL;
	}
	sim->nodes = calloc(sim->scenario.count + 1, sizeof(*sim->nodes));
	if (!sim->nodes)
		return -ENOMEM;
	sim->coordinator.nodes = sim->nodes;
	sim->coordinator.node_count = (unsigned)sim->scenario.count;
	for (unsigned i = 0; i < sim->scenario.count; i++) {
		struct node *node = &sim->nodes[i];
		*node = (struct node){ .plan = sim->scenario.plans[i],
			.number = i,
			.clock = &sim->clock,
			.random = &sim->random,
			.mesh = &sim->mesh,
			.coordinator = &sim->coordinator,
			.parent = sim->scenario.plans[i].parent >= 0 ? &sim->nodes[sim->scenario.plans[i].parent]
								     : NULL };
		int result = node_start(node);
		if (result < 0)
			return result;
	}
	return 0;
}

static void open_air(struct simncp *sim)
{
	const struct simncp_options *options = &sim->options;

	sim->mesh = (struct mesh){
		.air = { .clock = &sim->clock,
			.random = &sim->random,
			.loss_permille = options->loss_permille,
			.duty_permille = options->duty_permille,
			.full_us = options->full_ms * AIR_MS },
		.hop_us = options->hop_ms * AIR_MS,
		.source_routes = options->source_routes,
		.context = &sim->coordinator,
		.to_stick = coordinator_receive,
		.to_node = node_receive,
	};
	sim->coordinator = (struct coordinator){ .clock = &sim->clock,
		.random = &sim->random,
		.mesh = &sim->mesh,
		.manufacturer = 0x0007,
		.under_way_max = options->under_way };
}

static int open_front(struct simncp *sim)
{
	const struct simncp_options *options = &sim->options;
	struct front_site site = { .clock = &sim->clock,
		.random = &sim->random,
		.coordinator = &sim->coordinator,
		.port = &sim->port,
		.eui64 = options->eui64,
		.image = options->image,
		.memory = options->memory,
		.version = options->version,
		.in_bootloader = options->in_bootloader || options->stays_in_bootloader,
		.stays_in_bootloader = options->stays_in_bootloader,
		.is_old = options->is_old,
		.has_tables = !options->has_no_tables };

	sim->port = (struct port){
		.loop = &sim->loop, .random = &sim->random, .context = sim, .received = on_port_received
	};
	int result = port_open(&sim->port, options->listen);
	if (result == 0)
		result = options->front->open(&sim->front, &site);
	if (result < 0)
		fprintf(stderr, "simncp: %s: %s\n", options->listen, strerror(-result));
	return result;
}

int simncp_open(struct simncp *sim, const struct simncp_options *options)
{
	*sim = (struct simncp){ .options = *options };
	uv_loop_init(&sim->loop);
	random_init(&sim->random, options->seed);
	air_clock_open(&sim->clock, &sim->loop, options->speed);
	open_air(sim);
	if (options->pcap && air_pcap_open(&sim->mesh.pcap, options->pcap, PAN_UNKNOWN) < 0) {
		fprintf(stderr, "simncp: %s: %s\n", options->pcap, strerror(errno));
		return -EINVAL;
	}
	int result = open_nodes(sim);
	if (result < 0)
		return result;
	result = open_front(sim);
	if (result < 0)
		return result;
	line_host_open(&sim->control, &sim->loop, simncp_control, sim);
	air_clock_run(&sim->clock);
	return 0;
}

void simncp_close(struct simncp *sim)
{
	line_host_close(&sim->control);
	port_close(&sim->port);
	sim->options.front->close(sim->front);
	air_clock_close(&sim->clock);
	uv_run(&sim->loop, UV_RUN_DEFAULT);
	uv_loop_close(&sim->loop);
	mesh_finish(&sim->mesh);
	for (unsigned i = 0; i < sim->scenario.count; i++)
		node_finish(&sim->nodes[i]);
	air_pcap_close(sim->mesh.pcap);
	free(sim->nodes);
	scenario_finish(&sim->scenario);
}
