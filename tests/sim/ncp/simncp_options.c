#include "tests/sim/ncp/simncp.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { NAME, NUMBER, FACTOR, FLAG, FRONT };

struct option_row {
	const char *name, *value;
	enum kind kind;
	size_t offset;
	const char *help;
};

#define ROW(name, value, kind, member, help)                                     \
	{                                                                        \
		name, value, kind, offsetof(struct simncp_options, member), help \
	}

static const struct option_row rows[] = {
	ROW("front", "znp|ezsp|ideal", FRONT, front, "what the host speaks (znp); ideal: it serves --image"),
	ROW("listen", "WHERE", NAME, listen, "pty:PATH of a link to make, or tcp:PORT, 0: any (tcp:0)"),
	ROW("scenario", "FILE", NAME, scenario, "the nodes, as JSON"),
	ROW("memory", "FILE", NAME, memory, "what the stick keeps when it is switched off"),
	ROW("image", "FILE", NAME, image, "an upgrade file that the stick itself serves, without delay"),
	ROW("pcap", "FILE", NAME, pcap, "all that is on the air, for tshark"),
	ROW("seed", "N", NUMBER, seed, "the same seed, the same choices (1)"),
	ROW("eui64", "N", NUMBER, eui64, "of the stick"),
	ROW("speed", "FACTOR", FACTOR, speed, "the air's time runs so much faster (1)"),
	ROW("protocol", "N", NUMBER, version, "version of EZSP (13)"),
	ROW("loss", "N", NUMBER, loss_permille, "of 1000 frames on the air (0)"),
	ROW("duty", "N", NUMBER, duty_permille, "of 1000 ms the stick may send (0: all)"),
	ROW("hop", "MS", NUMBER, hop_ms, "what a relay takes (3)"),
	ROW("full", "MS", NUMBER, full_ms, "a frame does not wait longer for the channel (500)"),
	ROW("under-way", "N", NUMBER, under_way, "messages with the stick at a time (32)"),
	ROW("source-routes", NULL, FLAG, source_routes, "messages carry their relays, which costs room"),
	ROW("bootloader", NULL, FLAG, in_bootloader, "starts in its bootloader"),
	ROW("stays-in-bootloader", NULL, FLAG, stays_in_bootloader, "and does not leave it"),
	ROW("old", NULL, FLAG, is_old, "firmware that is too old"),
	ROW("no-tables", NULL, FLAG, has_no_tables, "Z-Stack 3.0.x: keys of nodes are items of its memory"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define HELP_CODE ((int)ROWS + 1)

static void print_usage(void)
{
	char left[40];

	fputs("Usage: simncp [OPTION…]\n\n"
	      "A Zigbee stick with its nodes, without hardware. It reads commands as lines from standard\n"
	      "input and answers with lines of JSON; \"help\" lists them.\n\n",
		stdout);
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(left, sizeof(left), "--%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
		printf("  %-24s %s\n", left, rows[i].help);
	}
}

static int take_front(const struct front_ops **out, const char *name)
{
	static const struct front_ops *const fronts[] = { &front_ezsp, &front_ideal, &front_znp };

	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		if (strcmp(fronts[i]->name, name) == 0) {
			*out = fronts[i];
			return 0;
		}
	}
	return -EINVAL;
}

/* Numbers are of 32 bits, but for two of 64. */
static int take_number(const struct option_row *row, char *target, const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 0);

	if (*end || end == text)
		return -EINVAL;
	if (row->offset == offsetof(struct simncp_options, seed) ||
		row->offset == offsetof(struct simncp_options, eui64))
		*(uint64_t *)target = value;
	else
		*(uint32_t *)target = (uint32_t)value;
	return 0;
}

static int take_option(struct simncp_options *options, const struct option_row *row, const char *text)
{
	char *target = (char *)options + row->offset;
	char *end;

	switch (row->kind) {
	case NAME:
		*(const char **)target = text;
		return 0;
	case NUMBER:
		return take_number(row, target, text);
	case FACTOR:
		*(double *)target = strtod(text, &end);
		return *end || !(*(double *)target > 0) ? -EINVAL : 0;
	case FRONT:
		return take_front((const struct front_ops **)target, text);
	default:
		*(bool *)target = true;
		return 0;
	}
}

int simncp_options_parse(struct simncp_options *out, int argc, char **argv)
{
	struct option long_options[ROWS + 2] = { 0 };
	int code;

	*out = (struct simncp_options){ .front = &front_znp,
		.listen = "tcp:0",
		.seed = 1,
		.eui64 = UINT64_C(0x00124b0011000001),
		.speed = 1,
		.hop_ms = 3,
		.full_ms = 500,
		.under_way = 32 };
	for (size_t i = 0; i < ROWS; i++)
		long_options[i] = (struct option){ rows[i].name, rows[i].value != NULL, NULL, (int)i + 1 };
	long_options[ROWS] = (struct option){ "help", no_argument, NULL, HELP_CODE };
	while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (code == HELP_CODE) {
			print_usage();
			return 1;
		}
		if (code == '?')
			return -EINVAL;
		if (take_option(out, &rows[code - 1], optarg) < 0) {
			fprintf(stderr, "simncp: --%s: \"%s\" is no %s\n", rows[code - 1].name, optarg,
				rows[code - 1].value);
			return -EINVAL;
		}
	}
	return 0;
}
