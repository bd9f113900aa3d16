/*
 * site_plan: what a seed makes of a site: how many nodes, how often they come, what they lose, what goes wrong and
 * when.
 */
#ifndef WAKEGATE_TESTS_SITE_PLAN_H
#define WAKEGATE_TESTS_SITE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITE_HARDWARE_MAX 2
#define SITE_IMAGES (4 * SITE_HARDWARE_MAX) /* of each hardware as many as enum site_level has */
#define SITE_IMAGE_MOST 12000               /* bytes */
#define SITE_SOAKS_MOST 3

/* What an image is to its hardware. The stone's version is between those of the release and the next one. */
enum site_level { SITE_FIRST, SITE_RELEASE, SITE_NEXT, SITE_STONE };

#define SITE_QUIET_NODES 20

struct site_hours;

/* What an image does to the nodes that start it, in parts of a thousand; the others keep it. */
struct site_release {
	unsigned reverts, reverts_late, bricks, damaged;
};

struct site_plan {
	uint64_t seed;
	size_t nodes;
	unsigned hardware_types;
	int64_t days_ms;   /* how long it is simulated */
	int64_t settle_ms; /* the last part of it, in which nothing goes wrong any more */
	int64_t interval_ms;
	unsigned readings;           /* made per wake */
	unsigned check_in;           /* every so many wakes it says what it runs */
	unsigned loss;               /* of messages, in parts of a thousand */
	unsigned reboots;            /* per wake */
	int drift_ppm;               /* of the nodes' clocks, at most */
	int64_t commit_ms, flush_ms; /* telemetry.commit_delay, nodes.flush_interval */
	int64_t disk_ms;             /* the slowest answer of the disk */
	int32_t battery_least;       /* of a new node, in thousandths of a percent */
	bool rollouts;
	bool faults;    /* of disk, power, process and uplink */
	bool remembers; /* what a kill must not forget lies in memory, so that the broker acknowledges too */
	bool tracked;   /* the disk loses what is not synced; false: it is only fast */
	struct site_release releases[SITE_IMAGES];
	const char *waves;
	int64_t soak_ms[SITE_SOAKS_MOST]; /* see site_plan_soak_ms() */
	unsigned soaks;                   /* that the operator lists; 1: one for all waves */
	bool rolls_back;
	bool forecast;       /* the operator asks for one before it orders the first release */
	int64_t deadline_ms; /* update.deadline */
	const struct site_hours *window, *apply_window; /* of the rollouts; NULL: any time */
	const struct site_hours *quiet; /* when the first SITE_QUIET_NODES are updated; NULL: any time */
	bool stones;                    /* the next image requires the stone, and that the release */
	int64_t stone_late_ms;          /* the stone comes so much later than the order that needs it */
	int64_t stone_cut_ms;           /* so long after it the gateway is without power for a while; 0: it is not */
	unsigned absent;                /* of the nodes, in parts of a thousand, that are off for most of the time */
	unsigned transfers, per_parent, rate_bytes; /* links, 0: no such limit */
	int64_t quota_bytes; /* telemetry.quota; above a third of it readings are thinned; 0: refused when it is full */
	int64_t thin_ms;     /* telemetry.thin_window */
	bool clock_jumps;    /* the gateway's wall clock is set wrong, and right again */
	bool clock_resets;   /* a power cut makes it begin in 1970, until it is set */
};

/* How long a wave, from 0, is watched before the next. */
int64_t site_plan_soak_ms(const struct site_plan *plan, unsigned wave);

/* A week of 10,000 nodes, a contact each in 15 minutes, in which little goes wrong: for a bench. */
void site_plan_week(struct site_plan *plan, uint64_t seed);

/* A site whose broker is away for most of the time, and whose readings have little room. */
void site_plan_narrow(struct site_plan *plan, uint64_t seed);

/* A site of 50 to 500 nodes and three days with all that can go wrong. */
void site_plan_small(struct site_plan *plan, uint64_t seed);

#endif
