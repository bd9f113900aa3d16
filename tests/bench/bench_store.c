/*
 * bench_store: what a durable reading costs: rate and bytes written, beside a bare append with fdatasync in the same
 * run, and how long the store takes to open with a backlog.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/segment_store.h"

#define SECONDS 3.0 /* each measure */
#define QUEUED_MOST 64

struct bench {
	struct store *store;
	char directory[64];
	uint64_t next;      /* sequence number */
	uint64_t completed; /* segments */
	bool failed;
};

struct cost {
	double readings_per_s, bytes_per_reading;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_store: %s\n", what);
	exit(2);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What this process caused to be written to disks. */
static uint64_t bytes_written(void)
{
	unsigned long long bytes = 0;
	char line[128];
	FILE *file = fopen("/proc/self/io", "r");

	while (file && fgets(line, sizeof(line), file))
		(void)sscanf(line, "write_bytes: %llu", &bytes);
	if (file)
		(void)fclose(file);
	return bytes;
}

static void make_directory(struct bench *bench)
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(
		bench->directory, sizeof(bench->directory), "%s/wakegate-bench-XXXXXX", parent ? parent : "/var/tmp");
	if (!mkdtemp(bench->directory))
		die("no temporary folder");
}

static void remove_directory(const struct bench *bench)
{
	char path[512];
	struct dirent *entry;
	DIR *directory = opendir(bench->directory);

	while (directory && (entry = readdir(directory))) {
		(void)snprintf(path, sizeof(path), "%s/%s", bench->directory, entry->d_name);
		(void)unlink(path);
	}
	(void)closedir(directory);
	(void)rmdir(bench->directory);
}

static void ignore_wake(void *context)
{
}

static double open_store(struct bench *bench, bool threadless)
{
	struct store_options options = { .directory = bench->directory, .wake = ignore_wake, .threadless = threadless };
	struct store_findings findings;
	char why[256];
	double start = seconds();

	if (store_open(&bench->store, &options, &findings, why, sizeof(why)) < 0)
		die(why);
	return seconds() - start;
}

static void count_completed(void *context, int result)
{
	struct bench *bench = context;

	bench->completed++;
	bench->failed = bench->failed || result < 0;
}

static void append(struct bench *bench, const void *data, uint32_t readings, size_t size)
{
	struct stored_segment segment = {
		.first = bench->next, .count = readings, .data = data, .size = size, .kept_at_ms = (int64_t)bench->next
	};

	if (store_segment_append(bench->store, &segment, (struct store_reply){ count_completed, bench }) < 0)
		die("an append was refused");
	bench->next += readings;
}

/* Segments of that many readings and bytes, `queued` of them in the hands of the store at a time. */
static struct cost measure_store(uint32_t readings, size_t reading_bytes, unsigned queued)
{
	struct bench bench = { .next = 1 };
	uint8_t *data = calloc(readings, reading_bytes);

	if (!data)
		die("out of memory");
	make_directory(&bench);
	(void)open_store(&bench, true);
	uint64_t written = bytes_written();
	double start = seconds();
	while (seconds() - start < SECONDS) {
		for (unsigned i = 0; i < queued; i++)
			append(&bench, data, readings, readings * reading_bytes);
		store_dispatch(bench.store);
	}
	double took = seconds() - start;
	double count = (double)(bench.next - 1);
	if (bench.failed)
		die("a commit failed");
	store_close(bench.store);
	struct cost cost = { count / took, (double)(bytes_written() - written) / count };
	remove_directory(&bench);
	free(data);
	return cost;
}

/* The same bytes appended to a file that owns its space already, with a sync after each. */
static struct cost measure_file(uint32_t readings, size_t reading_bytes)
{
	size_t size = readings * reading_bytes, space = 256 * 1024 * 1024;
	struct bench bench = { .next = 1 };
	uint8_t *data = calloc(1, size);
	char path[80];

	make_directory(&bench);
	(void)snprintf(path, sizeof(path), "%s/file", bench.directory);
	int file = open(path, O_RDWR | O_CREAT, 0600);
	if (!data || file < 0 || posix_fallocate(file, 0, (off_t)space) != 0 || fsync(file) != 0)
		die("no file");
	uint64_t written = bytes_written();
	double start = seconds();
	off_t at = 0;
	while (seconds() - start < SECONDS) {
		if (pwrite(file, data, size, at) != (ssize_t)size || fdatasync(file) != 0)
			die("cannot write");
		at = (size_t)at + 2 * size > space ? 0 : at + (off_t)size;
		bench.next += readings;
	}
	double took = seconds() - start;
	double count = (double)(bench.next - 1);
	struct cost cost = { count / took, (double)(bytes_written() - written) / count };
	(void)close(file);
	remove_directory(&bench);
	free(data);
	return cost;
}

/* Seconds to open with that many readings waiting, a hundred of 12 bytes in a segment; the best of three. */
static double measure_start(uint64_t readings)
{
	static const uint8_t data[1200];
	struct bench bench = { .next = 1 };
	struct segment_summary summary;
	double best = 1e9;

	make_directory(&bench);
	(void)open_store(&bench, true);
	while (bench.next <= readings) {
		for (int i = 0; i < 500; i++)
			append(&bench, data, 100, sizeof(data));
		store_dispatch(bench.store);
	}
	store_close(bench.store);
	for (int turn = 0; turn < 3; turn++) {
		double start = seconds();
		(void)open_store(&bench, false);
		if (store_segment_summary(bench.store, &summary) < 0 || summary.readings != bench.next - 1)
			die("the backlog is not whole");
		double took = seconds() - start;
		best = took < best ? took : best;
		store_close(bench.store);
	}
	remove_directory(&bench);
	return best;
}

/* As tests/harness/figure.py prints it; without a goal if `relation` is NULL. */
static bool figure(const char *name, double value, const char *unit, const char *relation, double goal)
{
	char sought[24] = "-";
	bool met = !relation || (relation[0] == '<' ? value <= goal : value >= goal);

	if (relation)
		(void)snprintf(sought, sizeof(sought), "%s%g", relation, goal);
	(void)printf("%-44s %12.6g %-12s %8s %s\n", name, value, unit, sought, !relation ? "-" : met ? "met" : "short");
	(void)fflush(stdout);
	return met;
}

int main(void)
{
	struct cost file = measure_file(100, 100);
	struct cost each = measure_store(100, 100, 1);
	struct cost grouped = measure_store(100, 100, QUEUED_MOST);
	struct cost packed = measure_store(1000, 12, 1);
	bool met = true;

	(void)figure("store.file_append_fdatasync", file.readings_per_s, "readings/s", NULL, 0);
	(void)figure("store.file_written", file.bytes_per_reading, "B/reading", NULL, 0);
	(void)figure("store.commit_each", each.readings_per_s, "readings/s", NULL, 0);
	(void)figure("store.commit_grouped", grouped.readings_per_s, "readings/s", NULL, 0);
	met &= figure("store.each_over_file", each.readings_per_s / file.readings_per_s, "ratio", ">=", 0.25);
	met &= figure("store.grouped_over_file", grouped.readings_per_s / file.readings_per_s, "ratio", ">=", 1);
	met &= figure("store.written_each", each.bytes_per_reading, "B/reading", "<=", 400);
	met &= figure("store.written_grouped", grouped.bytes_per_reading, "B/reading", "<=", 250);
	met &= figure("store.written_packed", packed.bytes_per_reading, "B/reading", "<=", 45);
	met &= figure("store.start_1e6", measure_start(1000000), "s", "<=", 1);
	met &= figure("store.start_1e7", measure_start(10000000), "s", "<=", 1);
	return met ? 0 : 1;
}
