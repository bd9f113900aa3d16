/*
 * simnode_readings: what a simulated node has measured and nobody has acknowledged yet; kept in flash over reboots.
 *
 * A reading's identity is (node, name, time); its value follows from its number, so that whoever finds it at the far
 * end can tell that it is the same. Readings go out in batches that stay as they are, byte for byte, until
 * acknowledged: a gateway can then tell a repeated batch from a new one.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODE_READINGS_H
#define WAKEGATE_TESTS_SIM_SIMNODE_READINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"
#include "tests/sim/simnode_flash.h"

#define SIMNODE_PENDING_MAX 512 /* a node whose memory is full measures no more */
#define SIMNODE_BATCH_MAX 10    /* readings of a batch, so that its JSON fits one datagram */

#define SIM_TEXT_SIZE 32

struct sim_reading {
	uint64_t number; /* counts all readings of the node, from 0 */
	int64_t time_ms; /* since 1970-01-01 UTC; rises with every reading */
};

struct simnode_readings {
	struct sim_reading pending[SIMNODE_PENDING_MAX];
	size_t count;
	size_t batch;     /* the first so many are the batch being sent; 0: none */
	uint64_t batches; /* number of the batch being sent, or the next */
	uint64_t made;
	uint64_t acknowledged;
	int64_t last_time_ms;
};

/* The reading as SenML can say it; texts are put into `text`, which outlives `out`. */
void sim_reading_express(const struct sim_reading *reading, char text[SIM_TEXT_SIZE], struct reading *out);

/* Its name and value as the ledger has them: "temperature 21.37", "door true". */
void sim_reading_describe(const struct sim_reading *reading, char *text, size_t size);

/* Takes from flash what an earlier life left there. */
void readings_load(struct simnode_readings *readings, const struct simnode_flash *flash);

/* Measures once; NULL if the memory is full. The reading is in flash when this returns and stays until acknowledged. */
const struct sim_reading *readings_make(
	struct simnode_readings *readings, const struct simnode_flash *flash, int64_t wall_ms);

/* The batch to send; begins one if none is under way. Its size, 0: nothing is pending. */
size_t readings_batch(struct simnode_readings *readings, const struct simnode_flash *flash);

/* The batch is acknowledged: forgets it. */
void readings_acknowledge(struct simnode_readings *readings, const struct simnode_flash *flash);

#endif
