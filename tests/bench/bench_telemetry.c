/*
 * bench_telemetry: what it costs to acknowledge readings when they are durable, and to bring them upstream.
 *
 * Real store on the disk of the working folder, real intake and publish; the nodes are a loop in this process and the
 * broker acknowledges at once. A report is one message of a node with four readings (temperature, humidity, battery,
 * signal), parsed from SenML CBOR as the CoAP driver does. `disk` is write_bytes of /proc/self/io, from an open store
 * to a closed one, so that what waits in the WAL is paid for.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/uplink.h"
#include "gateway/gaps.h"
#include "gateway/log.h"
#include "gateway/publish.h"
#include "gateway/random.h"
#include "gateway/segment_exchanges.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "protocols/fingerprint.h"
#include "protocols/number.h"
#include "protocols/senml.h"
#include "store/segment_store.h"
#include "tests/bench/figure.h"

#define NODES 1000
#define READINGS 4 /* of a report */
#define FLIGHTS 1024
#define COMMITS 400 /* enough for several checkpoints of the store */

struct bench {
	char folder[32], memory[48];
	int wake;
	struct telemetry_settings settings;
	struct store *store;
	struct gaps *gaps;
	struct publish *publish;
	struct telemetry *telemetry;
	struct random random;
	struct moment now;
	int64_t ahead_ms;               /* of the machine's clock */
	uint64_t acknowledged, refused; /* reports */
	bool connected;
	uint64_t flights[FLIGHTS];
	size_t flight_count;
	uint64_t values[NODES][READINGS];
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_telemetry: %s\n", what);
	exit(1);
}

/* A figure of this process: a line of a file below /proc/self that begins with `key`. */
static uint64_t process_figure(const char *file, const char *key)
{
	char path[64], line[256];
	uint64_t value = 0;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	FILE *stream = fopen(path, "r");
	while (stream && fgets(line, sizeof(line), stream))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, 10);
	if (stream)
		fclose(stream);
	return value;
}

static uint64_t written(void)
{
	return process_figure("io", "write_bytes: ");
}

static double resident_mb(void)
{
	return (double)process_figure("status", "VmRSS:") / 1024;
}

static struct moment bench_now(const struct bench *bench)
{
	struct moment now = clock_moment(&machine_clock);

	now.monotonic_ms += bench->ahead_ms;
	now.wall_ms += bench->ahead_ms;
	return now;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_wake(void *context)
{
	uint64_t one = 1;

	if (write(*(int *)context, &one, sizeof(one)) < 0)
		fail("eventfd");
}

static int send_batch(void *context, const struct uplink_message *message, uint64_t ticket)
{
	struct bench *bench = context;

	bench->flights[bench->flight_count++] = ticket;
	return 0;
}

static void open_bench(struct bench *bench)
{
	struct store_options options = { .directory = bench->folder,
		.wake = on_wake,
		.wake_context = &bench->wake,
		.tell_exchanges = segment_exchanges_told };
	struct store_findings findings;
	char why[256] = "";

	bench->now = bench_now(bench);
	if (store_open(&bench->store, &options, &findings, why, sizeof(why)) < 0)
		fail(why);
	struct publish_parts publish = { .store = bench->store,
		.settings = &bench->settings,
		.gateway = "bench",
		.topic = "telemetry/bench",
		.send = send_batch,
		.context = bench };
	struct telemetry_parts telemetry = { .store = bench->store,
		.settings = &bench->settings,
		.boot = 1,
		.journal_name = 1,
		.runtime_directory = bench->memory };
	if (gaps_open(&bench->gaps, bench->store) < 0)
		fail("gaps_open");
	publish.gaps = telemetry.gaps = bench->gaps;
	if (publish_open(&bench->publish, &publish) < 0)
		fail("publish_open");
	telemetry.publish = bench->publish;
	if (telemetry_open(&bench->telemetry, &telemetry, bench->now) < 0)
		fail("telemetry_open");
}

static void close_bench(struct bench *bench)
{
	telemetry_flush(bench->telemetry, bench->now);
	publish_flush(bench->publish, bench->now);
	store_close(bench->store);
	telemetry_close(bench->telemetry);
	publish_close(bench->publish);
	gaps_close(bench->gaps);
	bench->connected = false;
}

/* One round of the loop: waits at most `wait_ms` for the store. */
static void turn(struct bench *bench, int wait_ms)
{
	struct pollfd poll_wake = { .fd = bench->wake, .events = POLLIN };
	uint64_t count;

	if (poll(&poll_wake, 1, wait_ms) > 0 && read(bench->wake, &count, sizeof(count)) < 0)
		fail("eventfd");
	bench->now = bench_now(bench);
	store_dispatch(bench->store);
	(void)telemetry_tick(bench->telemetry, bench->now);
	(void)publish_tick(bench->publish, bench->now);
	while (bench->connected && bench->flight_count > 0)
		publish_on_delivered(bench->publish, bench->flights[--bench->flight_count], 0, bench->now);
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct bench *bench = context;

	/* Now and then a node says the same of the same millisecond again. */
	if (result == 0 || result == -EALREADY)
		bench->acknowledged++;
	else
		bench->refused++;
}

/* What a node sends: values that walk, as those of sensors do. */
static size_t write_pack(struct bench *bench, unsigned node, uint8_t *buffer, size_t room)
{
	static const char *const names[READINGS] = { "temperature", "humidity", "battery", "rssi" };
	static const char *const units[READINGS] = { "Cel", "%RH", "V", "dBm" };
	static const int8_t exponents[READINGS] = { -2, -1, -3, 0 };
	struct reading readings[READINGS];
	struct writer out;

	for (size_t i = 0; i < READINGS; i++) {
		bench->values[node][i] += random_below(&bench->random, 7) - 3;
		readings[i] = (struct reading){ .name = { names[i], strlen(names[i]) },
			.unit = { units[i], strlen(units[i]) },
			.kind = READING_NUMBER,
			.number = { .mantissa = (int64_t)bench->values[node][i] % 10000, .exponent = exponents[i] },
			.has_time = true,
			.time_us = bench->now.wall_ms * 1000 - (int64_t)random_below(&bench->random, 50) * 1000 };
		readings[i].time_us = i > 0 ? readings[0].time_us : readings[i].time_us;
	}
	writer_init(&out, buffer, room);
	return (size_t)senml_write(FORMAT_CBOR, &out, (struct span){ 0 }, readings, READINGS);
}

static void take_report(struct bench *bench)
{
	static struct reading readings[READINGS_MAX];
	static char scratch[4096];
	uint8_t pack_bytes[512];
	unsigned node = (unsigned)random_below(&bench->random, NODES);
	size_t size = write_pack(bench, node, pack_bytes, sizeof(pack_bytes));
	struct senml_pack pack = { readings, READINGS_MAX, scratch, sizeof(scratch), 0, 0 };
	struct senml_source source = { FORMAT_CBOR, { (char *)pack_bytes, size }, bench->now.wall_ms * 1000 };
	char name[16];

	if (senml_parse(&pack, &source) < 0)
		fail("senml_parse");
	snprintf(name, sizeof(name), "node-%03u", node);
	struct reading_report report = {
		.node = name,
		.readings = readings,
		.count = pack.count,
		.told = true,
		.exchange = fingerprint_of_report((struct span){ name, strlen(name) }, readings, pack.count),
		.done = on_done,
		.context = bench,
	};
	telemetry_take(bench->telemetry, &report, bench->now);
}

/* What one measure has cost so far, in acknowledged reports and written bytes. */
struct disk_measure {
	uint64_t reports, bytes;
	bool connected;
};

static void go_up(struct bench *bench);

static void begin_disk_measure(struct bench *bench, struct disk_measure *measure)
{
	measure->connected = bench->connected;
	close_bench(bench);
	open_bench(bench);
	if (measure->connected)
		go_up(bench);
	measure->reports = bench->acknowledged;
	measure->bytes = written();
}

static void end_disk_measure(struct bench *bench, const struct disk_measure *measure, const char *name, double goal)
{
	double reports = (double)(bench->acknowledged - measure->reports);

	close_bench(bench);
	figure(name, (double)(written() - measure->bytes) / reports, "B", goal, false);
	open_bench(bench);
	if (measure->connected)
		go_up(bench);
}

/* Every node sends its next report when the last one is acknowledged. */
static void measure_saturated(struct bench *bench, double duration_s)
{
	uint64_t sent = bench->acknowledged;
	struct disk_measure measure;

	begin_disk_measure(bench, &measure);
	double start = seconds_now();
	bench->settings.commit_delay_ms = 5;
	while (seconds_now() - start < duration_s) {
		for (; sent - bench->acknowledged < NODES; sent++)
			take_report(bench);
		turn(bench, 1);
	}
	while (bench->acknowledged < sent)
		turn(bench, 5);
	double seconds = seconds_now() - start;
	double reports = (double)(bench->acknowledged - measure.reports);
	figure("telemetry.durable_readings", reports * READINGS / seconds, "1/s", 0, true);
	figure("telemetry.durable_reports", reports / seconds, "1/s", 0, true);
	end_disk_measure(bench, &measure, "telemetry.disk_per_report_saturated", 25);
}

/*
 * So many commits of so many reports each, on a clock that only this function moves: what reaches the disk does not
 * depend on how long the wait was.
 */
static void pace(struct bench *bench, unsigned per_second, int64_t delay_ms)
{
	unsigned reports = (unsigned)(per_second * delay_ms / 1000);

	bench->settings.commit_delay_ms = delay_ms;
	for (int commit = 0; commit < COMMITS; commit++) {
		uint64_t wanted = bench->acknowledged + reports;

		for (unsigned i = 0; i < reports; i++) {
			take_report(bench);
			bench->ahead_ms += i % (per_second / 100) == 0 ? 10 : 0;
			bench->now = bench_now(bench);
		}
		bench->ahead_ms += delay_ms;
		while (bench->acknowledged < wanted)
			turn(bench, 5);
	}
}

static void measure_paced(struct bench *bench, unsigned per_second, int64_t delay_ms, double goal)
{
	struct disk_measure measure;
	char name[64];

	begin_disk_measure(bench, &measure);
	pace(bench, per_second, delay_ms);
	snprintf(name, sizeof(name), "telemetry.disk_per_report_%u_per_s_%" PRId64 "ms%s", per_second, delay_ms,
		bench->connected ? "_up" : "");
	end_disk_measure(bench, &measure, name, goal);
}

/* Lets the store finish what earlier measurements left it to do. */
static void settle(struct bench *bench)
{
	struct store_figures before, now;
	unsigned quiet = 0;

	store_figures(bench->store, &now);
	while (quiet < 150) {
		before = now;
		turn(bench, 20);
		store_figures(bench->store, &now);
		quiet = now.written_bytes == before.written_bytes ? quiet + 1 : 0;
	}
}

/* The broker acknowledges, and what it has the disk need not have. */
static void measure_healthy(struct bench *bench)
{
	struct store_figures start, end;
	struct telemetry_figures figures;

	settle(bench);
	uint64_t before = bench->acknowledged, bytes = written();
	telemetry_figures(bench->telemetry, &figures);
	uint64_t never_stored = figures.never_stored;
	store_figures(bench->store, &start);
	pace(bench, 1000, 250);
	store_figures(bench->store, &end);
	telemetry_figures(bench->telemetry, &figures);
	double reports = (double)(bench->acknowledged - before);
	figure("telemetry.written_healthy", (double)(written() - bytes) / reports, "B", 2, false);
	/* The store's figures are as of its last commit, so what came before may be in it. */
	figure("telemetry.written_healthy_as_counted", (double)(end.written_bytes - start.written_bytes) / reports, "B",
		0, false);
	figure("telemetry.never_stored", (double)(figures.never_stored - never_stored) / reports / READINGS, "ratio", 0,
		true);
}

/* What the store counts, which the wear budget rests on, against what the kernel counts for this process. */
static void measure_counting(struct bench *bench)
{
	struct store_figures before, after;
	uint64_t bytes = written();

	store_figures(bench->store, &before);
	for (int i = 0; i < 400 * NODES; i++) {
		take_report(bench);
		turn(bench, i % NODES == 0 ? 5 : 0);
	}
	store_figures(bench->store, &after);
	double counted = (double)(after.written_bytes - before.written_bytes), real = (double)(written() - bytes);
	figure("telemetry.written_by_the_kernels_count", real, "B", 0, false);
	figure("telemetry.written_count_off_by_factor", counted > real ? counted / real : real / counted, "", 1.1,
		false);
}

/* A backlog of a million readings, a start on top of it, and the way upstream. */
static void measure_backlog(struct bench *bench)
{
	struct segment_summary summary = { 0 };

	bench->settings.commit_delay_ms = 100;
	do {
		for (int i = 0; i < 500; i++)
			take_report(bench);
		turn(bench, 20);
		if (store_segment_summary(bench->store, &summary) < 0)
			fail("store_segment_summary");
	} while (summary.readings < 1000000);
	close_bench(bench);
	double start = seconds_now();
	open_bench(bench);
	turn(bench, 0);
	figure("telemetry.start_with_1000000_readings", seconds_now() - start, "s", 1, false);
	figure("telemetry.rss_after_start", resident_mb(), "MB", 0, false);
}

static void go_up(struct bench *bench)
{
	bench->settings.backlog_rate = 0;
	bench->connected = true;
	publish_on_connected(bench->publish, FLIGHTS, bench->now);
}

/* A part of the backlog under a cap of bytes, on the machine's clock. */
static void measure_capped_drain(struct bench *bench)
{
	const double rate = 400 * 1000, seconds = 5;
	struct publish_figures figures;

	go_up(bench);
	bench->settings.backlog_bytes = (int64_t)rate;
	double start = seconds_now();
	do {
		turn(bench, 1);
		publish_figures(bench->publish, &figures);
	} while (seconds_now() - start < seconds);
	double share = (double)figures.payload_bytes / rate / (seconds_now() - start);
	figure("telemetry.drained_of_its_cap_least", share, "ratio", 0.95, true);
	figure("telemetry.drained_of_its_cap_most", share, "ratio", 1.05, false);
	bench->settings.backlog_bytes = 0;
}

static void measure_drain(struct bench *bench)
{
	struct publish_figures figures;

	publish_figures(bench->publish, &figures);
	double waiting = (double)figures.waiting;
	double start = seconds_now();
	go_up(bench);
	while (figures.waiting > 0) {
		turn(bench, 1);
		publish_figures(bench->publish, &figures);
	}
	figure("telemetry.drained_readings", waiting / (seconds_now() - start), "1/s", 100000, true);
	figure("telemetry.payload_per_reading", (double)figures.payload_bytes / (double)figures.delivered, "B", 0,
		false);
	figure("telemetry.rss_while_draining", resident_mb(), "MB", 20, false);
}

int main(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	char command[128];

	if (!bench)
		fail("no memory");
	log_set_level(LOG_LEVEL_ERROR);
	bench->settings = (struct telemetry_settings){ .retry_after_ms = 1000,
		.batch_count = 1000,
		.batch_bytes = 128 * 1024,
		.batch_age_ms = 1000,
		.window = 20,
		.format = BATCH_JSON,
		.compression = BATCH_ZSTD };
	snprintf(bench->folder, sizeof(bench->folder), "bench-telemetry-XXXXXX");
	bench->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(bench->memory, sizeof(bench->memory), "/dev/shm/bench-telemetry-XXXXXX");
	if (!mkdtemp(bench->folder) || !mkdtemp(bench->memory) || bench->wake < 0)
		fail("no folder");
	random_init(&bench->random, 1);
	open_bench(bench);
	measure_saturated(bench, 5);
	measure_paced(bench, 1000, 250, 0);
	measure_counting(bench);
	measure_paced(bench, 1000, 1000, 45);
	measure_paced(bench, 100, 1000, 160);
	measure_backlog(bench);
	measure_capped_drain(bench);
	measure_drain(bench);
	measure_healthy(bench);
	close_bench(bench);
	snprintf(command, sizeof(command), "rm -r %s %s", bench->folder, bench->memory);
	return system(command) == 0 && bench->refused == 0 ? 0 : 1;
}
