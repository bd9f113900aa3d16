/*
 * zone_dump: says how a time zone file is understood, a line of JSON for each line of its standard input.
 *
 *     zone FILE FROM UNTIL          [[from, offset], …]: the offsets between two times, in seconds
 *     window FILE FROM UNTIL TEXT   [[from, is open], …]: the pieces of an update window
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/update_window.h"
#include "protocols/tzif.h"

#define LINE_BYTES 4096

static uint8_t file_bytes[TZIF_SIZE_MAX];

static void fail(const char *what)
{
	fprintf(stderr, "zone_dump: %s\n", what);
	exit(EXIT_FAILURE);
}

static struct tzif load(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct tzif zone;

	if (!file)
		fail(path);
	size_t size = fread(file_bytes, 1, sizeof(file_bytes), file);
	(void)fclose(file);
	if (tzif_parse(&zone, file_bytes, size) < 0)
		fail(path);
	return zone;
}

static void print_offsets(const struct tzif *zone, int64_t from_s, int64_t until_s)
{
	for (int64_t at_s = from_s; at_s < until_s;) {
		struct utc_offset offset = tzif_at(zone, at_s);
		printf("%s[%" PRId64 ",%" PRId32 "]", at_s > from_s ? "," : "", at_s, offset.seconds);
		at_s = offset.until_s;
	}
}

static void print_pieces(const struct tzif *zone, int64_t from_s, int64_t until_s, const char *text)
{
	struct update_window window;
	char why[160];

	if (update_window_parse(&window, text, why, sizeof(why)) < 0)
		fail(why);
	struct window_set set = { .list = { { &window, zone } }, .count = 1 };
	for (int64_t at_s = from_s; at_s < until_s;) {
		struct window_piece piece = window_set_at(&set, at_s);
		printf("%s[%" PRId64 ",%s]", at_s > from_s ? "," : "", at_s, piece.is_open ? "true" : "false");
		at_s = piece.until_s;
	}
}

int main(void)
{
	char line[LINE_BYTES], path[1024], word[16];

	while (fgets(line, sizeof(line), stdin)) {
		int64_t from_s, until_s;
		int used = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%15s %1023s %" SCNd64 " %" SCNd64 "%n", word, path, &from_s, &until_s, &used) != 4)
			fail(line);
		struct tzif zone = load(path);
		printf("[");
		if (strcmp(word, "zone") == 0)
			print_offsets(&zone, from_s, until_s);
		else
			print_pieces(&zone, from_s, until_s, line + used);
		printf("]\n");
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
