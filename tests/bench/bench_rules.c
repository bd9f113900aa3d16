/*
 * bench_rules: what 20 rules cost for each value.
 *
 * 1,000 nodes with four readings each (temperature, humidity, battery, power), as one report after the other. The rules
 * are 20, of which each reading passes several: conversions, dead-bands, alarms, names, windows that take a quarter of
 * all values. The windows are told within the time measured. `per value` is wall time by the number of readings that
 * went in, the least of five rounds, because others use the machine too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "gateway/labels.h"
#include "gateway/random.h"
#include "gateway/rule_settings.h"
#include "gateway/rules.h"
#include "gateway/window_tag.h"
#include "gateway/windows.h"
#include "protocols/number.h"

#define NODES 1000
#define READINGS 4
#define ROUND 1000000 /* values */
#define ROUNDS 5
#define START_MS INT64_C(1700000000000)

static const char text[] =
	"labels: { nodes = ( { match = [ \"node-1*\", \"node-2*\" ]; labels = [ \"cold\" ]; },"
	"                    { match = [ \"*\" ]; labels = [ \"all\" ]; } ); };"
	"rules: { list = ("
	" { name = \"kelvin\"; nodes = [ \"node-99?\" ]; names = [ \"temperature\" ]; offset = -273.15; unit = "
	"\"Cel\"; },"
	" { name = \"deci\"; names = [ \"humidity\" ]; scale = 0.1; unit = \"%RH\"; },"
	" { name = \"unused1\"; names = [ \"*/pressure\" ]; scale = 100; },"
	" { name = \"unused2\"; nodes = [ \"meter-*\" ]; drop = true; },"
	" { name = \"cold\"; labels = [ \"cold\" ]; names = [ \"temperature\" ];"
	"   alarms = ( { name = \"warm\"; above = 8; hysteresis = 1; hold = \"5 min\"; }, { name = \"ice\"; below = 0; "
	"} ); },"
	" { name = \"hot\"; names = [ \"temperature\" ]; alarms = ( { name = \"hot\"; above = 60; hysteresis = 5; } ); "
	"},"
	" { name = \"empty\"; names = [ \"battery\" ]; alarms = ( { name = \"battery\"; below = 10; hysteresis = 5; } "
	"); },"
	" { name = \"unused3\"; names = [ \"co2\" ]; deadband = 20; },"
	" { name = \"noise\"; labels = [ \"all\" ]; names = [ \"temp*\" ]; deadband = 0.2; heartbeat = \"1 h\"; },"
	" { name = \"damp\"; names = [ \"hum*\" ]; deadband_percent = 2; },"
	" { name = \"charge\"; names = [ \"battery\" ]; interval = \"1 h\"; },"
	" { name = \"energy\"; names = [ \"power\" ]; window = \"15 min\"; drop = true; outputs = ("
	"   { value = \"mean\"; }, { value = \"max\"; }, { value = \"percentile\"; percentile = 95; } ); },"
	" { name = \"unused4\"; names = [ \"flow\" ]; window = \"1 h\"; outputs = ( { value = \"sum\"; } ); },"
	" { name = \"unused5\"; names = [ \"level\" ]; scale = 0.01; },"
	" { name = \"unused6\"; names = [ \"?\" ]; drop = true; },"
	" { name = \"minutes\"; names = [ \"temperature\" ]; window = \"1 min\"; outputs = ( { value = \"mean\"; } ); "
	"},"
	" { name = \"rooms\"; names = [ \"temperature\" ]; rename = \"room/{name}\"; },"
	" { name = \"unused7\"; names = [ \"temperature\" ]; drop = true; },"
	" { name = \"unused8\"; labels = [ \"cold\" ]; names = [ \"door*\" ]; interval = \"1 s\"; },"
	" { name = \"rest\"; unit = \"1\"; nodes = [ \"nobody\" ]; }"
	" ); };";

struct bench {
	struct rules *rules;
	struct windows *windows;
	struct random random;
	char nodes[NODES][16];
	uint64_t labels[NODES];
	double values[NODES][READINGS];
	size_t at; /* node */
	struct rules_source source;
	uint64_t passed, alarms, gathered, told;
};

static struct bench bench;

static void fail(const char *what)
{
	fprintf(stderr, "bench_rules: %s\n", what);
	exit(1);
}

static int on_pass(void *context, const struct reading *reading)
{
	bench.passed++;
	return 0;
}

static int on_alarm(void *context, const struct rules_alarm *alarm)
{
	bench.alarms++;
	return 0;
}

static bool on_told(void *context, const struct window_told *told)
{
	bench.told += told->count;
	return true;
}

static int on_gather(void *context, const struct rules_gathered *gathered)
{
	const struct window_entry entry = {
		.plan = gathered->plan,
		.node = bench.source.node,
		.name = gathered->reading->name,
		.unit = gathered->reading->unit,
		.value = gathered->reading->number,
		.time_us = gathered->reading->time_us,
		.received_ms = bench.source.received_ms,
		.origin = 1,
	};

	bench.gathered++;
	return windows_add(bench.windows, &entry);
}

static void open_rules(void)
{
	static const struct settings_table *const tables[] = { &labels_settings_table, &rules_settings_table };
	char path[] = "bench-rules-XXXXXX";
	struct config *config = NULL;
	struct config_faults faults;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("no file");
	close(fd);
	if (config_load(&config, path, tables, 2, &faults) < 0)
		fail(faults.faults[0].text);
	unlink(path);
	const struct labels_settings *labels = config_values(config, &labels_settings_table);
	const struct rules_settings *rules = config_values(config, &rules_settings_table);
	if (rules->list.count != 20)
		fail("not 20 rules");
	if (rules_open(&bench.rules, rules, labels, 1) < 0 || windows_open(&bench.windows, 20000, 1) < 0)
		fail("no memory");
	for (size_t i = 0; i < NODES; i++) {
		int size = snprintf(bench.nodes[i], sizeof(bench.nodes[i]), "node-%zu", i);
		bench.labels[i] =
			labels_of_node(labels, (struct span){ bench.nodes[i], (size_t)size }, (struct span){ "", 0 });
	}
}

static struct reading next_reading(size_t node, size_t which)
{
	static const char *const names[] = { "temperature", "humidity", "battery", "power" };
	struct reading reading = { .name = { names[which], strlen(names[which]) }, .kind = READING_NUMBER };

	bench.values[node][which] += (double)random_below(&bench.random, 200) - 99.5;
	reading.number = (struct number){ .mantissa = 2000 + (int64_t)bench.values[node][which], .exponent = -2 };
	return reading;
}

static void run_round(void)
{
	const struct rules_sink sink = { NULL, on_pass, on_alarm, on_gather, NULL };

	for (size_t i = 0; i < ROUND; i++) {
		if (i % READINGS == 0) {
			bench.at = (bench.at + 1) % NODES;
			bench.source.node = (struct span){ bench.nodes[bench.at], strlen(bench.nodes[bench.at]) };
			bench.source.labels = bench.labels[bench.at];
			bench.source.received_ms++;
			(void)windows_tick(bench.windows, bench.source.received_ms, on_told, NULL);
		}
		struct reading reading = next_reading(bench.at, i % READINGS);
		if (rules_apply(bench.rules, &bench.source, &reading, &sink) < 0)
			fail("no memory");
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
	double least = 1e9;

	random_init(&bench.random, 1);
	open_rules();
	bench.source.received_ms = START_MS;
	for (int i = 0; i < ROUNDS; i++) {
		double start = seconds();
		run_round();
		double each = (seconds() - start) / ROUND * 1e9;
		least = each < least ? each : least;
	}
	printf("%-44s %12.6g %-12s %8s %s\n", "rules.20_rules_per_value", least, "ns", "<=1000",
		least <= 1000 ? "met" : "short");
	printf("%-44s %12.6g %-12s %8s %s\n", "rules.passed_per_value", (double)bench.passed / ROUND / ROUNDS, "ratio",
		"-", "-");
	printf("%-44s %12.6g %-12s %8s %s\n", "rules.gathered_per_value", (double)bench.gathered / ROUND / ROUNDS,
		"ratio", "-", "-");
	printf("%-44s %12.6g %-12s %8s %s\n", "rules.told_per_value",
		(double)(bench.told + bench.alarms) / ROUND / ROUNDS, "ratio", "-", "-");
	return 0;
}
