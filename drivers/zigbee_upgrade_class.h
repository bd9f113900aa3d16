/*
 * zigbee_upgrade_class: what upgrade clients of a kind need: how large a block, how long they take, what they do not
 * understand.
 *
 * The standard leaves these open and clients differ; docs/zigbee-updates.md has the table.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADE_CLASS_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#define ZIGBEE_BLOCK_MOST 65     /* bytes of data that fit a frame without a source route */
#define ZIGBEE_BLOCK_FALLBACK 40 /* fits with any route that is met */

struct zigbee_upgrade_class {
	const char *name;
	uint8_t block_most;
	uint8_t multiple;    /* a block is as many times so many bytes, but for the last one; 1: any size */
	bool exact;          /* it gets as many bytes as it asked for, or it loops */
	bool refuses_wait;   /* 0x97 ends its transfer */
	bool counts_seconds; /* MinimumBlockPeriod in seconds, as Smart Energy clients do */
	uint16_t silence_s;  /* without a request amid a transfer, before it is asked where it stands */
	uint16_t check_s;    /* after the last block until it says whether the image is good */
	uint16_t restart_s;  /* after it was told to upgrade until it is asked what it runs */
};

/* The class of a manufacturer's clients; never NULL. Sleepers have more time. */
const struct zigbee_upgrade_class *zigbee_upgrade_class_of(uint16_t manufacturer, bool sleeps);

/* What decides about a block's size. */
struct zigbee_block_terms {
	uint8_t asked;  /* by the client, at most */
	uint8_t most;   /* by the settings */
	uint8_t relays; /* of the source route: 2 bytes and 2 for each */
	uint8_t cap;    /* frames of more were lost before; 0: none */
};

/* Bytes of data for a block; at least 1, at most what was asked. */
uint8_t zigbee_block_size(const struct zigbee_upgrade_class *kind, const struct zigbee_block_terms *terms);

#endif
