/*
 * site_thinned: what a simulated site whose readings find no room loses, and what stands for it: each loss is told, and
 * each reading that was thinned is in a window that came.
 *
 * Numbers of a node rise by one, so a window of the numbers 5 to 9 has the min 5, the max 9 and at most five of them.
 */
#ifndef WAKEGATE_TESTS_SITE_THINNED_H
#define WAKEGATE_TESTS_SITE_THINNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_ledger;
struct site_world;

/* Of one node, as far as it has come: min, mean, max and count, with numbers in a row. */
struct site_thin_window {
	uint64_t first;              /* the number of its min */
	uint32_t least, most, count; /* 0: has not come */
	double mean;
	int64_t start_us;
	uint8_t parts; /* that came, a bit each */
};

struct site_thin_list {
	struct site_thin_window *windows;
	size_t count, room;
};

/* What a gap tells. */
struct site_loss {
	uint64_t first, last, lost, became;
	bool thinned, unused;
};

struct site_thinned {
	struct site_world *world;
	struct site_ledger *ledger;
	struct site_thin_list *nodes; /* NULL: nothing is thinned here */
	struct site_loss *losses;
	size_t loss_count, loss_room;
	uint8_t *came; /* by sequence number */
	uint64_t came_room, newest;
};

/* Judges where the plan has a quota. */
void site_thinned_open(struct site_thinned *thinned, struct site_world *world, struct site_ledger *ledger);
void site_thinned_close(struct site_thinned *thinned);

/* Whether a reading of that number is an alarm. */
bool site_thinned_is_alarm(const struct site_world *world, uint32_t number);

/* The broker has a reading with that number, whatever it is; false: it came before. */
bool site_thinned_come(struct site_thinned *thinned, uint64_t sequence);

/* It is one of a window. */
struct site_thin_part {
	uint64_t sequence;
	uint32_t node;
	const char *name; /* "min", "mean", "max" or "count" */
	double value;
	int64_t time_us;
};
void site_thinned_receive(struct site_thinned *thinned, const struct site_thin_part *part);

/* The broker has a gap, as docs/telemetry.md writes it. */
void site_thinned_lose(struct site_thinned *thinned, const char *text);

/* The end. */
void site_thinned_judge(struct site_thinned *thinned);

#endif
