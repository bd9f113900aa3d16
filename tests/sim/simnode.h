/*
 * simnode: one simulated sleeping node that speaks the node profile: a function of (state, event, now, seeded random).
 *
 * It sleeps until its slot, measures, reports, checks in, fetches what it is offered, verifies it, restarts into it and
 * says so. It loses everything but its flash when it restarts, which it also does when nobody expects it. It knows
 * neither sockets nor clocks: datagrams and times come in, datagrams go out through the port.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODE_H
#define WAKEGATE_TESTS_SIM_SIMNODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/random.h"
#include "protocols/node_profile.h"
#include "tests/sim/simnode_download.h"
#include "tests/sim/simnode_exchange.h"
#include "tests/sim/simnode_flash.h"
#include "tests/sim/simnode_readings.h"

struct simnode;

/* What goes wrong with a node, apart from losses and restarts. */
enum simnode_fault {
	SIMNODE_SOUND,
	SIMNODE_REVERTS,  /* the new image fails its own test, the boot loader goes back */
	SIMNODE_BRICKS,   /* the new image never comes up */
	SIMNODE_CORRUPTS, /* the first download has a wrong byte in flash */
};

/* One for all nodes. */
struct simnode_settings {
	const char *hardware;
	int64_t interval_ms;    /* between wakes, until the gateway says otherwise */
	int64_t ack_timeout_ms; /* RFC 7252 section 4.8: 2 s */
	int64_t boot_ms;
	int64_t restart_per_mille; /* chance of a restart after each answer */
	int64_t readings_per_wake;
	bool raw;    /* images are not MCUboot's */
	bool finish; /* measure no more, just get rid of what there is */
};

struct simnode_port {
	void *context;
	void (*send)(void *context, struct simnode *node, const void *data, size_t size);
	void (*made)(void *context, struct simnode *node, const struct sim_reading *reading);
	void (*acknowledged)(void *context, struct simnode *node, const struct sim_reading *readings, size_t count);
};

enum simnode_phase { SIMNODE_OFF, SIMNODE_ASLEEP, SIMNODE_AWAKE, SIMNODE_BRICKED };

enum simnode_task { SIMNODE_STATUS, SIMNODE_TELEMETRY, SIMNODE_CHECKIN, SIMNODE_BLOCK };

struct simnode_counts {
	uint64_t wakes, restarts, blocks, resumes, failed_exchanges, refusals, odd_answers, etag_changes, timeouts;
};

struct simnode {
	char name[32];
	size_t index;
	int szx;
	enum token_format format;
	enum simnode_fault fault;
	const struct simnode_settings *settings;
	const struct simnode_port *port;
	struct random random;
	struct simnode_flash flash;

	enum simnode_phase phase;
	int64_t wake_at_ms; /* or boots, if off */
	enum simnode_task task;
	struct simnode_exchange exchange;
	struct simnode_readings readings;
	struct simnode_download download;
	bool checkin_due;
	bool known;    /* the gateway was told what it runs, since it booted */
	bool reverted; /* the gateway was told of an image that it went back from */
	bool status_due;
	bool restart_due; /* into the new image, once that is told */
	struct profile_status status;

	uint8_t image[32]; /* SHA-256 of what it runs */
	char version[33];
	struct simnode_counts counts;
};

/* The node is switched on and boots at `boot_at_ms`; the caller has set name to settings, port and random. */
void simnode_start(struct simnode *node, const char *folder, int64_t boot_at_ms);

/* When it wants simnode_on_time(); INT64_MAX: never. */
int64_t simnode_due_ms(const struct simnode *node);

void simnode_on_time(struct simnode *node, struct moment now);

/* A datagram reaches the node, which hears it only if it is awake. */
void simnode_on_datagram(struct simnode *node, const void *data, size_t size, struct moment now);

#endif
