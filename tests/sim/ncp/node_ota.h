/*
 * node_ota: the OTA Upgrade client of a simulated node (ZCL revision 8, section 11.13), from Query Next to restart.
 *
 * It repeats what is not answered, as real ones do, and gives up and starts anew where they do. Written apart from the
 * codec of the gateway, so that no misreading of the standard is shared.
 */
#ifndef WAKEGATE_TESTS_NCP_NODE_OTA_H
#define WAKEGATE_TESTS_NCP_NODE_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODE_OTA_IMAGE_MAX (4u << 20)

struct node;
struct zcl_frame;

enum node_ota_state {
	OTA_IDLE,
	OTA_QUERYING,
	OTA_DOWNLOADING,
	OTA_WAITING, /* it was told to ask later */
	OTA_VERIFYING,
	OTA_ENDING,    /* has all and asks whether it may apply */
	OTA_HOLDING,   /* was told to wait for the word */
	OTA_COUNTDOWN, /* was told when */
	OTA_RESTARTING,
};

struct node_ota_counts {
	uint64_t queries, requests, pages, repeats, blocks, bytes, waits, given_up, ends, aborted;
};

struct node_ota {
	enum node_ota_state state;
	uint32_t version;   /* it runs */
	uint8_t sha256[32]; /* of the image it runs */
	bool has_sha256;    /* it was updated */
	/* What it downloads. */
	uint32_t new_version, size;
	uint32_t offset; /* it has all before it */
	uint8_t *image;
	bool *has;         /* a byte each: by pages, blocks come with gaps */
	uint32_t page_end; /* the page that is being received ends there; 0: none is */
	bool fills_gaps;   /* what it missed of the page comes by blocks */
	bool loops;        /* see ota_plan.own_block */
	bool is_odd;       /* see ota_plan.needs_sixteenths */
	bool is_complete;
	bool was_cut; /* see ota_plan.cut_at_bytes */
	uint16_t period_ms;
	unsigned tries;
	uint64_t step; /* counts requests: a timer of an earlier one means nothing */
	int64_t asked_us, began_us, ended_us;
	struct node_ota_counts counts;
};

/* The state's name, for the control channel. */
const char *node_ota_state_name(enum node_ota_state state);

/* Its values as attributes of the cluster. */
void node_ota_refresh(struct node *node);

/* A frame of the server. False: it is none for the client itself (a global command, an unknown one). */
bool node_ota_receive(struct node *node, const struct zcl_frame *frame);

/* Asks for an image now. */
void node_ota_query(struct node *node);

/* The node was switched on, or restarted. */
void node_ota_boot(struct node *node);

/* Frees what it holds. */
void node_ota_finish(struct node *node);

#endif
