/*
 * znp_stick: the parts of the simulated Z-Stack stick, which share its state; see front.h for its outside.
 *
 * Texas Instruments, "Z-Stack Monitor and Test API" (SWRA198). A part answers the requests of its subsystem: it writes
 * the response's data, and may plan what comes after it.
 */
#ifndef WAKEGATE_TESTS_NCP_ZNP_STICK_H
#define WAKEGATE_TESTS_NCP_ZNP_STICK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/unpi.h"
#include "tests/sim/ncp/coordinator.h"
#include "tests/sim/ncp/front.h"
#include "tests/sim/ncp/stick_memory.h"
#include "tests/sim/ncp/znp_items.h"

#define ZNP_LATER_MAX 32
#define ZNP_LATER_BYTES 64

/* What is to be said; free where there is no stick. */
struct znp_later {
	struct znp_stick *stick;
	uint64_t life;
	uint16_t command;
	size_t size;
	uint8_t data[ZNP_LATER_BYTES];
};

struct znp_stick {
	struct front_site site;
	struct stick_memory *memory;
	struct unpi_parser parser;
	bool in_bootloader, is_starting;
	bool tells_all_zdo; /* the host registered for every ZDO message */
	uint8_t state;      /* as TI counts: 9 is a coordinator whose network runs */
	uint32_t channel_mask;
	uint64_t life; /* counts resets */
	uint8_t transactions;
	struct znp_later later[ZNP_LATER_MAX];
	uint32_t overflows, busies, no_resources, mute, restless; /* so many times still, see front_ops.misbehave */
};

enum znp_state { ZNP_HOLD = 0, ZNP_COORDINATOR = 9 };

#define ZNP_SUCCESS 0x00
#define ZNP_FAILURE 0x01
#define ZNP_INVALID_PARAMETER 0x02

/* Says something unasked. */
void znp_say(struct znp_stick *stick, uint16_t command, struct bytes data);

/* Says it after so long, unless it is reset before. At most 64 bytes. */
void znp_say_later(struct znp_stick *stick, int64_t delay_us, uint16_t command, struct bytes data);

/* Each: false if it knows no such request. */
bool znp_answer_memory(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out);
bool znp_answer_network(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out);
bool znp_answer_zdo(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out);
bool znp_answer_data(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out);

/* Clears what its start-up option says, as it does when it starts. */
void znp_network_clear(struct znp_stick *stick);

/* The coordinator's host. */
void znp_on_received(void *context, const struct node *from, const struct mesh_message *message);
void znp_on_sent(void *context, uint64_t tag, enum mesh_outcome outcome);
void znp_on_joined(void *context, const struct node *node);
void znp_on_left(void *context, const struct node *node);

/* What a message of ZDO becomes for the host. */
void znp_tell_zdo(struct znp_stick *stick, const struct mesh_message *message);

#endif
