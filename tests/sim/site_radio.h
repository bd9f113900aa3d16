/*
 * site_radio: the network of a simulated site as a driver: what nodes say is carried to the gateway, and answers back,
 * late or not at all.
 *
 * It behaves as the CoAP driver does: an answer bears the node's next slot and the offer that stands for it, a report
 * is answered when it is durable, blocks of an image are given by name to whoever asks.
 */
#ifndef WAKEGATE_TESTS_SITE_RADIO_H
#define WAKEGATE_TESTS_SITE_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"

struct site_images;
struct site_links;
struct site_radio;
struct site_world;

/* What the gateway answers to a message of a node. */
struct site_answer {
	int result;       /* 0: well; else as reading_report.done() has it */
	uint32_t next_s;  /* its next slot */
	uint32_t retry_s; /* where it was refused */
	int image;        /* number of the image that it is offered; -1: none */
	uint32_t apply_s; /* it may start the image after so long; 0: at once */
	uint32_t until_s; /* and until then without asking anew; 0: for ever */
};

/* Who hears of what goes over the air. */
struct site_listener {
	/* The answer to the message with that token reaches the node. */
	void (*answered)(void *node_context, uint32_t node, uint32_t token, const struct site_answer *answer);
	void *node_context;
	/* The gateway gives the answer, whether it arrives or not. */
	void (*answering)(void *context, uint32_t node, const struct site_answer *answer);
	/* The gateway has heard a word of the node that is not answered. */
	void (*heard)(void *context, uint32_t node);
	/* The gateway hears the node: at a contact, or NULL by another word. */
	void (*met)(void *met_context, uint32_t node, const struct node_contact *contact);
	void *met_context;
	/* The gateway makes an offer to its driver. */
	void (*offered)(void *context, uint32_t node, int image);
	/* The gateway lets the node have so many bytes of the image. */
	void (*served)(void *context, uint32_t node, int image, uint32_t bytes);
	void *context;
};

/* What stands for a node. */
struct site_offer {
	struct image_source *image; /* NULL: nothing */
	struct offer_times times;
};

struct site_radio {
	struct site_world *world;
	const struct site_images *images;
	struct site_listener listener;
	struct site_links *links;
	bool (*is_powered)(void *context); /* the gateway, at this very moment */
	void *power_context;
	const struct driver_host *host; /* NULL: the gateway is not there */
	struct site_offer *offers;      /* by node */
	struct site_answer *answers;    /* under way, by node */
	size_t nodes;
	unsigned cuts; /* of the gateway's power */
	uint64_t contacts, reports, unanswered;
};

void site_radio_open(
	struct site_radio *radio, struct site_world *world, const struct site_images *images, struct site_links *links);
void site_radio_close(struct site_radio *radio);

/* The name of a node; lives until the next call. */
const char *site_radio_node_id(uint32_t node, char out[16]);

/* A node's message, which may be lost; `token` comes back with the answer. */
void site_radio_check_in(struct site_radio *radio, uint32_t node, uint32_t token, const struct node_contact *contact);
struct site_batch {
	uint32_t node, token;
	const struct reading *readings;
	size_t count;
	uint64_t exchange;
	bool urgent;
};
void site_radio_report(struct site_radio *radio, const struct site_batch *batch);
void site_radio_status(struct site_radio *radio, uint32_t node, enum delivery_state state, int code);

/* Asks for a block: bytes, 0 if nothing came back for now, -ENOENT: the gateway has no such image, or -EAGAIN: it is
 * not the node's time, or the link is full; it is to ask again after `*wait_ms`. */
struct site_request {
	uint32_t node;
	int image;
	uint32_t offset, size;
};
int site_radio_block(struct site_radio *radio, const struct site_request *request, uint8_t *buffer, int64_t *wait_ms);

/* The driver; its settings point to a pointer to the radio. */
extern const struct driver_ops site_radio_driver;

#endif
