#include "tests/sim/simnodes_options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
	const char *name;
	const char *value; /* what it takes, NULL: nothing, it is a flag */
	size_t offset;
	int scale; /* of a number: stored per one given; 0: it is a text */
	int64_t least, most;
	const char *help;
};

#define TEXT(name, value, member, help)                                               \
	{                                                                             \
		name, value, offsetof(struct simnodes_options, member), 0, 0, 0, help \
	}
#define NUMBER(name, value, member, scale, least, most, help)                                    \
	{                                                                                        \
		name, value, offsetof(struct simnodes_options, member), scale, least, most, help \
	}

static const struct option_row rows[] = {
	TEXT("folder", "DIR", folder, "the nodes' flash, a folder a node; they go on from what is there"),
	TEXT("server", "ADDR:PORT", server, "the gateway (127.0.0.1:5683)"),
	NUMBER("nodes", "N", count, 1, 1, 20000, "how many (20)"),
	TEXT("prefix", "TEXT", prefix, "their names are TEXT001, TEXT002 … (node-)"),
	TEXT("hardware", "TEXT", node.hardware, "what they say they are (sim-m4)"),
	TEXT("factory", "FILE", factory, "the image that a new node runs (one is made)"),
	TEXT("raw", NULL, node.raw, "images are not MCUboot's, any bytes will do"),
	NUMBER("seed", "N", seed, 1, 0, INT32_MAX, "the same seed, the same choices (1)"),
	TEXT("until", "SHA256", until, "go on until all nodes run this image, then end"),
	NUMBER("run-for", "SECONDS", run_ms, 1000, 0, INT32_MAX, "measure at least so long; SIGTERM ends it sooner"),
	NUMBER("timeout", "SECONDS", timeout_ms, 1000, 0, INT32_MAX, "give up and end with 1 (never)"),
	NUMBER("interval", "SECONDS", node.interval_ms, 1000, 1, INT32_MAX,
		"from wake to wake, until told otherwise (10)"),
	NUMBER("boot", "MS", node.boot_ms, 1, 2, INT32_MAX, "how long a restart takes (500)"),
	NUMBER("ack-timeout", "MS", node.ack_timeout_ms, 1, 1, INT32_MAX, "RFC 7252 ACK_TIMEOUT (2000)"),
	NUMBER("speed", "FACTOR", speed_percent, 100, 1, INT32_MAX, "the nodes' time runs so much faster (1)"),
	NUMBER("readings", "N", node.readings_per_wake, 1, 0, 100, "measured at each wake (3)"),
	NUMBER("loss", "PERCENT", loss_percent, 1, 0, 100, "of datagrams, each way (0)"),
	NUMBER("restarts", "N", node.restart_per_mille, 1, 0, 1000, "unexpected ones in 1000 answers (0)"),
	NUMBER("revert", "N", reverting, 1, 0, INT32_MAX, "so many nodes find the new image bad and go back"),
	NUMBER("brick", "N", bricking, 1, 0, INT32_MAX, "so many never come up with it"),
	NUMBER("corrupt", "N", corrupting, 1, 0, INT32_MAX, "so many have a wrong byte in their first download"),
	TEXT("ledger", "FILE", ledger, "a line for every reading made and every one acknowledged"),
	TEXT("status", "FILE", status, "JSON, replaced five times a second"),
	TEXT("result", "FILE", result, "JSON, at the end"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define HELP_CODE ((int)ROWS + 1)

static void print_usage(FILE *out)
{
	char left[40];

	fputs("Usage: wakegate-simnodes --folder DIR [OPTION…]\n\n"
	      "Simulated nodes that sleep, measure, lose packets, restart, and fetch, verify and run\n"
	      "the firmware that a gateway offers them over CoAP. Ends with 0 when every node runs the\n"
	      "wanted image and every reading was acknowledged.\n\n",
		out);
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(left, sizeof(left), "--%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
		fprintf(out, "  %-22s %s\n", left, rows[i].help);
	}
}

static int take_number(const struct option_row *row, const char *text, int64_t *out)
{
	char *end;
	double value = strtod(text, &end);
	double stored = value * row->scale;

	if (end == text || *end || !(stored >= (double)row->least && value <= (double)row->most)) {
		fprintf(stderr, "wakegate-simnodes: --%s: \"%s\" is not a number from %g to %lld\n", row->name, text,
			(double)row->least / row->scale, (long long)row->most);
		return -EINVAL;
	}
	*out = (int64_t)stored;
	return 0;
}

static int take_option(struct simnodes_options *options, const struct option_row *row, const char *text)
{
	char *target = (char *)options + row->offset;

	if (row->scale)
		return take_number(row, text, (int64_t *)target);
	if (row->value)
		*(const char **)target = text;
	else
		*(bool *)target = true;
	return 0;
}

static int parse_digest(const char *text, uint8_t sha256[32])
{
	unsigned byte;

	for (size_t i = 0; i < 32; i++) {
		if (strlen(text) != 64 || sscanf(text + 2 * i, "%2x", &byte) != 1) {
			fprintf(stderr, "wakegate-simnodes: --until: \"%s\" is not a SHA-256 in hex\n", text);
			return -EINVAL;
		}
		sha256[i] = (uint8_t)byte;
	}
	return 0;
}

static void fill_long_options(struct option *options)
{
	for (size_t i = 0; i < ROWS; i++)
		options[i] = (struct option){ rows[i].name, rows[i].value != NULL, NULL, (int)i + 1 };
	options[ROWS] = (struct option){ "help", no_argument, NULL, HELP_CODE };
}

int simnodes_options_parse(struct simnodes_options *options, int argc, char **argv)
{
	struct option long_options[ROWS + 2] = { 0 };
	int code;

	*options = (struct simnodes_options){
		.node = { .hardware = "sim-m4",
			.interval_ms = 10000,
			.ack_timeout_ms = 2000,
			.boot_ms = 500,
			.readings_per_wake = 3 },
		.server = "127.0.0.1:5683",
		.prefix = "node-",
		.count = 20,
		.speed_percent = 100,
		.seed = 1,
	};
	fill_long_options(long_options);
	while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (code == HELP_CODE) {
			print_usage(stdout);
			return 1;
		}
		if (code == '?' || take_option(options, &rows[code - 1], optarg) < 0)
			return -EINVAL;
	}
	if (optind == argc && options->folder)
		return options->until ? parse_digest(options->until, options->target) : 0;
	print_usage(stderr);
	return -EINVAL;
}
