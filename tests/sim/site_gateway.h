/*
 * site_gateway: the gateway of a simulated site: the real daemon on a stage, its files, and how it is started, stopped,
 * killed and left without power.
 */
#ifndef WAKEGATE_TESTS_SITE_GATEWAY_H
#define WAKEGATE_TESTS_SITE_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/daemon.h"
#include "gateway/tables.h"
#include "tests/sim/fault_vfs.h"

struct config;
struct site_broker;
struct site_clock;
struct site_radio;
struct site_world;

struct site_gateway {
	struct site_world *world;
	struct site_radio *radio;
	struct site_broker *broker;
	struct site_clock *clock; /* to be set before the site runs */
	char directory[64];
	char memory[80]; /* a folder that a power cut empties */
	char kept[80];   /* what was in it when the gateway was killed: what it does from then on was never done */
	char vfs[32];
	char config_path[96];
	struct tables tables;
	struct config *config;
	struct fault_vfs *fault;
	struct daemon_stage stage;
	struct daemon *daemon; /* NULL: it does not run */
	int64_t turn_at_ms, disk_at_ms;
	int64_t disk_most_ms;
	struct fault_plan disk_plan;
	int64_t unsaved_until_ms; /* what was to be saved may wait for the disk until then */
	unsigned unsaved_ends;    /* it ended while that was so: even what it does again and again was lost */
	unsigned starts, cuts, kills, stops, failed_starts;
	int64_t started_ms; /* the last time */
	uint64_t turns;
};

/* Makes its folder and its config; it does not run yet. */
void site_gateway_open(
	struct site_gateway *gateway, struct site_world *world, struct site_radio *radio, struct site_broker *broker);
/* Ends it politely and removes its folder. */
void site_gateway_close(struct site_gateway *gateway);

/* Starts it; tries again later where it cannot. */
void site_gateway_start(struct site_gateway *gateway);

/* What is not synced is lost, or torn. It starts again after so long. */
void site_gateway_cut_power(struct site_gateway *gateway, int64_t for_ms);
/* As kill -9 does. */
void site_gateway_kill(struct site_gateway *gateway, int64_t for_ms);
/* As SIGTERM does. */
void site_gateway_stop(struct site_gateway *gateway, int64_t for_ms);

/* What the disk does wrong from now on. */
void site_gateway_plan_disk(struct site_gateway *gateway, const struct fault_plan *plan);
/* Whether the disk refuses what the gateway writes, or did within a minute. */
bool site_gateway_disk_fails(const struct site_gateway *gateway);

/* When it is to be called next, and the call. */
int64_t site_gateway_next_ms(const struct site_gateway *gateway);
void site_gateway_turn(struct site_gateway *gateway);

#endif
