/*
 * simncp: a Zigbee stick with its nodes, without hardware: all its parts together.
 */
#ifndef WAKEGATE_TESTS_NCP_SIMNCP_H
#define WAKEGATE_TESTS_NCP_SIMNCP_H

#include "gateway/random.h"
#include "tests/sim/line_host.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/air_pcap.h"
#include "tests/sim/ncp/coordinator.h"
#include "tests/sim/ncp/front.h"
#include "tests/sim/ncp/mesh.h"
#include "tests/sim/ncp/node.h"
#include "tests/sim/ncp/port.h"
#include "tests/sim/ncp/scenario.h"

struct simncp_options {
	const struct front_ops *front;
	const char *listen, *scenario, *memory, *pcap, *image;
	uint64_t seed, eui64;
	double speed;
	uint32_t version;
	uint32_t loss_permille, duty_permille, hop_ms, full_ms, under_way;
	bool source_routes, in_bootloader, stays_in_bootloader, is_old, has_no_tables;
};

struct simncp {
	struct simncp_options options;
	uv_loop_t loop;
	struct random random;
	struct air_clock clock;
	struct mesh mesh;
	struct scenario scenario;
	struct node *nodes;
	struct coordinator coordinator;
	struct port port;
	void *front;
	struct line_host control;
};

/* 0; 1: help was asked for and printed; -EINVAL, after saying what is wrong on standard error. */
int simncp_options_parse(struct simncp_options *out, int argc, char **argv);

/* Opens all that the options name. -errno, after saying why on standard error. */
int simncp_open(struct simncp *sim, const struct simncp_options *options);

void simncp_close(struct simncp *sim);

/* A line of the control channel: does it and answers with a line of JSON. "quit" ends the loop. */
void simncp_control(void *context, char *line);

#endif
