/*
 * simnodes_options: the command line of wakegate-simnodes.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODES_OPTIONS_H
#define WAKEGATE_TESTS_SIM_SIMNODES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/simnode.h"

struct simnodes_options {
	struct simnode_settings node;
	const char *server;
	const char *folder;
	const char *prefix;
	const char *factory; /* image that a new node runs, NULL: one is made */
	const char *ledger;
	const char *status;
	const char *result;
	const char *until;  /* SHA-256 in hex, NULL: no image is waited for */
	uint8_t target[32]; /* the same as bytes */
	int64_t count;
	int64_t loss_percent;
	int64_t speed_percent;
	int64_t seed;
	int64_t run_ms;     /* measure at least so long */
	int64_t timeout_ms; /* 0: none */
	int64_t reverting;
	int64_t bricking;
	int64_t corrupting;
};

/* 0; 1: help was asked for and printed; -EINVAL: a sentence went to standard error. Texts are borrowed from `argv`. */
int simnodes_options_parse(struct simnodes_options *options, int argc, char **argv);

#endif
