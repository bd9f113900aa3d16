/*
 * ezsp_stick: the parts of the simulated Silicon Labs stick, which share its state; see front.h for its outside.
 *
 * EmberZNet serial protocol (UG100), versions 8 to 16. A part answers the commands it knows: it reads the parameters
 * and writes those of the response.
 */
#ifndef WAKEGATE_TESTS_NCP_EZSP_STICK_H
#define WAKEGATE_TESTS_NCP_EZSP_STICK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "tests/sim/ncp/ash_link.h"
#include "tests/sim/ncp/coordinator.h"
#include "tests/sim/ncp/front.h"
#include "tests/sim/ncp/stick_memory.h"

#define EZSP_WIDE 14 /* from this version on a status has 32 bits and a tag 16 */
#define EZSP_PARAMETERS_MAX 200
#define EZSP_CONFIGURATIONS 64
#define EZSP_NODE_KEYS 12 /* of nodes, that it has room for */

enum ezsp_item {
	EZSP_ITEM_NETWORK = 1,
	EZSP_ITEM_KEYS = 2,
	EZSP_ITEM_EUI64 = 3, /* another one than it was made with */
	EZSP_ITEM_MULTICAST = 0x100,
	EZSP_ITEM_NODE_KEY = 0x200
};

struct ezsp_stick {
	struct front_site site;
	struct stick_memory *memory;
	struct ash_link link;
	uint8_t version;
	bool is_negotiated; /* commands have the long header from now on */
	uint8_t sequence;   /* of the command that is answered, and of callbacks */
	bool is_joined;
	uint64_t life; /* counts resets */
	uint16_t configuration[EZSP_CONFIGURATIONS];
	uint8_t security[43];      /* as the host set it before it forms a network */
	uint32_t busies, restless; /* so many times still, see front_ops.misbehave */
	uint64_t tags[256];        /* of the messages under way, by their APS counter */
};

/* What a status means, whatever its number is in this version. */
enum ezsp_status {
	EZSP_OK,
	EZSP_INVALID,
	EZSP_NOT_JOINED,
	EZSP_FULL,
	EZSP_TOO_LONG,
	EZSP_FAILED,
	EZSP_NOT_FOUND,
	EZSP_UP,
	EZSP_DOWN
};

void ezsp_write_status(const struct ezsp_stick *stick, enum ezsp_status status, struct writer *out);

/* Takes the address that a host gave it, from the next reset on. */
void ezsp_load_address(struct ezsp_stick *stick);

/* Says something unasked. */
void ezsp_say(struct ezsp_stick *stick, uint16_t id, struct bytes parameters);

/* Whether a command of this version has parameters of that length; false for one that it does not have. */
bool ezsp_length_fits(const struct ezsp_stick *stick, uint16_t id, struct bytes parameters);

/* Each: false if it knows no such command. */
bool ezsp_answer_setup(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out);
bool ezsp_answer_network(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out);
bool ezsp_answer_keys(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out);
bool ezsp_answer_message(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out);

/* The coordinator's host. */
void ezsp_on_received(void *context, const struct node *from, const struct mesh_message *message);
void ezsp_on_sent(void *context, uint64_t tag, enum mesh_outcome outcome);
void ezsp_on_joined(void *context, const struct node *node);
void ezsp_on_left(void *context, const struct node *node);

#endif
