/*
 * segment_samples: segments for decoders that nobody here wrote: rows made columns, and random readings as both.
 *
 *     segment_samples convert < ROWS > COLUMNS
 *     segment_samples random SEED COUNT FOLDER     FOLDER/N.rows and FOLDER/N.columns, which say the same
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_columns.h"
#include "protocols/columns.h"
#include "tests/unit/sample_readings.h"

#define REPORTS_MAX 60
#define READINGS_EACH 8
#define ROWS_MAX (1 << 20)

static size_t count_rows(const uint8_t *rows, size_t size)
{
	static struct segment_walk walk;
	struct segment_entry entry;
	size_t count = 0;

	segment_walk_init(&walk, rows, size);
	while (segment_walk_next(&walk, &entry) == 1)
		count++;
	return count;
}

static int write_columns(const uint8_t *rows, size_t size, FILE *out)
{
	struct columns_room room = { .walk = NULL };
	const struct bytes from = { rows, size };
	struct bytes columns;
	int result = segment_to_columns(&room, &from, count_rows(rows, size), &columns);

	if (result == 0 && fwrite(columns.data, 1, columns.size, out) != columns.size)
		result = -1;
	columns_room_clear(&room);
	return result;
}

static void add_report(struct random *random, struct segment_writer *writer)
{
	static struct sample samples[READINGS_EACH];
	struct reading readings[READINGS_EACH];
	char node[32];
	struct segment_report report = { .readings = readings, .count = 1 + random_below(random, READINGS_EACH) };
	unsigned number = (unsigned)random_below(random, 9);

	report.node =
		(struct span){ node, (size_t)snprintf(node, sizeof(node), "site-%u/node-%u", number % 2, number) };
	report.received_ms = INT64_C(1700000000000) + (int64_t)random_below(random, 100000);
	for (size_t i = 0; i < report.count; i++) {
		sample_fill(random, &samples[i]);
		readings[i] = samples[i].reading;
	}
	(void)segment_write_report(writer, &report);
}

static int write_pair(struct random *random, const char *folder, unsigned long number)
{
	static struct segment_writer writer;
	static uint8_t rows[ROWS_MAX];
	char path[4096];

	segment_writer_init(&writer, rows, sizeof(rows));
	for (size_t i = random_below(random, REPORTS_MAX); i > 0; i--)
		add_report(random, &writer);
	(void)snprintf(path, sizeof(path), "%s/%lu.rows", folder, number);
	FILE *file = fopen(path, "wb");
	if (!file)
		return -1;
	(void)fwrite(rows, 1, segment_writer_size(&writer), file);
	if (fclose(file) != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/%lu.columns", folder, number);
	file = fopen(path, "wb");
	if (!file)
		return -1;
	int result = write_columns(rows, segment_writer_size(&writer), file);
	return fclose(file) != 0 ? -1 : result;
}

static int convert(void)
{
	static uint8_t rows[ROWS_MAX];

	return write_columns(rows, fread(rows, 1, sizeof(rows), stdin), stdout);
}

static int write_pairs(const char *seed, const char *count, const char *folder)
{
	unsigned long end = strtoul(count, NULL, 10);
	struct random random;
	int result = 0;

	random_init(&random, strtoull(seed, NULL, 10));
	for (unsigned long number = 0; number < end && result == 0; number++)
		result = write_pair(&random, folder, number);
	return result;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "convert") == 0)
		return convert() < 0;
	if (argc == 5 && strcmp(argv[1], "random") == 0)
		return write_pairs(argv[2], argv[3], argv[4]) < 0;
	fputs("usage: segment_samples convert | segment_samples random SEED COUNT FOLDER\n", stderr);
	return 2;
}
