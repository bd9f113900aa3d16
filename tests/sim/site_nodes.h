/*
 * site_nodes: the nodes of a simulated site: they sleep, wake late or early by their clocks, measure, report until they
 * are acknowledged, fetch what they are offered, and start it, whatever comes of that.
 *
 * What a node knows after a restart is what a node's flash would hold: its images, how far a transfer is, and readings
 * that are not acknowledged. What it runs is the truth that the gateway's registry is compared with.
 */
#ifndef WAKEGATE_TESTS_SITE_NODES_H
#define WAKEGATE_TESTS_SITE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/site_radio.h"

struct site_images;
struct site_ledger;
struct site_world;

enum site_phase {
	SITE_ASLEEP,
	SITE_CHECKING_IN, /* awaits an answer */
	SITE_REPORTING,   /* likewise */
	SITE_FETCHING,
	SITE_RESTARTING,
	SITE_DEAD, /* for ever */
};

struct site_node {
	uint8_t hardware;
	uint8_t phase;   /* enum site_phase */
	int8_t runs;     /* number of an image */
	int8_t fallback; /* the one before */
	int8_t told;     /* what it last said it runs, and was answered; -1: nothing */
	int8_t wanted;   /* what it fetches; -1: nothing */
	uint8_t attempts;
	bool must_check_in;
	bool ready;     /* `wanted` is there as a whole, and is to be started when it may be */
	bool fell_back; /* has to say so */
	int16_t drift_ppm;
	int32_t battery_milli;   /* thousandths of a percent */
	uint32_t token;          /* of the message under way */
	uint32_t wake;           /* which of its alarms is meant */
	uint32_t batch_last;     /* the last reading of the batch under way; 0: none is */
	unsigned batch_cuts;     /* of the gateway's power, until then */
	int64_t batch_sent_ms;   /* when it was first sent */
	uint32_t offset;         /* of the transfer */
	int64_t next_ms;         /* its slot, as last told; 0: it knows of none. Of the site's time, like these: */
	int64_t go_on_ms;        /* when it may go on with its update; 0: now */
	int64_t apply_ms;        /* when it may start the image */
	int64_t until_ms;        /* when it must ask anew before it starts the image; 0: never */
	uint32_t wakes, updates; /* since the beginning */
};

struct site_nodes {
	struct site_world *world;
	struct site_radio *radio;
	const struct site_images *images;
	struct site_ledger *ledger;
	struct site_node *list;
	size_t count;
	/* A node begins to fetch what it was offered; may be NULL. */
	void (*begins)(void *context, uint32_t node, int image);
	void *context;
};

void site_nodes_open(struct site_nodes *nodes, struct site_world *world, struct site_radio *radio,
	const struct site_images *images, struct site_ledger *ledger);
void site_nodes_close(struct site_nodes *nodes);

/* As site_listener.answered. */
void site_nodes_on_answer(void *context, uint32_t node, uint32_t token, const struct site_answer *answer);

/* The gateway refuses what the node sends. Where the broker may acknowledge, it may have it in spite of that. */
void site_nodes_on_refusal(struct site_nodes *nodes, uint32_t node);

/* The power of the whole site is gone for so long: every node starts anew then, within seconds of the others. */
void site_nodes_restart_all(struct site_nodes *nodes, int64_t after_ms);

#endif
