/*
 * coap_turn: what the files of the node profile share: the nodes' state and one request being answered.
 *
 * For coap_nodes*.c only; the contract is coap_nodes.h.
 */
#ifndef WAKEGATE_DRIVERS_COAP_TURN_H
#define WAKEGATE_DRIVERS_COAP_TURN_H

#include "drivers/coap_commands.h"
#include "drivers/coap_nodes.h"
#include "drivers/coap_peers.h"
#include "drivers/coap_strangers.h"
#include "drivers/offers.h"
#include "drivers/slab.h"
#include "protocols/senml_shapes.h"
#include "protocols/tokens.h"

#define COAP_SCRATCH_SIZE 65536 /* for the texts of one report */
#define COAP_LINKS_MAX 512

struct coap_nodes {
	struct coap_nodes_config config;
	struct coap_resources resources;
	struct coap_nodes_counters counters;
	struct coap_peers *peers;
	struct offers offers;
	struct coap_commands commands;
	struct slab pending; /* reports that are not durable yet */
	struct coap_strangers strangers;
	char links[COAP_LINKS_MAX];
	size_t links_size;
	struct reading readings[READINGS_MAX];
	uint8_t scratch[COAP_SCRATCH_SIZE];
	struct senml_shapes shapes; /* of reports */
};

/* One request being answered. `node` is set by greet(). */
struct coap_turn {
	struct coap_nodes *nodes;
	const struct coap_request *request;
	struct coap_response *response;
	struct coap_ticket *ticket;
	char node[NODE_ID_MAX + 1];
	uint32_t next_s;
	enum token_format answer_format;
};

/* A part of a body. */
struct coap_slice {
	uint32_t offset;
	uint32_t size;
};

/* Answers with nothing but a code, counted. Returns 0. */
int coap_turn_refuse(struct coap_turn *turn, uint8_t code, uint64_t *counter);

/*
 * The part of a body of `total` bytes that is asked for, and the Block2 and Size2 that go with it, from the request
 * alone (RFC 7959 section 2.4). False: past the end, which is a bad request (the RFC leaves the code open; 4.00 is what
 * it gives other faults of a block).
 */
bool coap_turn_slice(struct coap_turn *turn, uint32_t total, struct coap_slice *out);

/* True if so large an answer must not go to an address that did not prove to be the asker's; it was told when. */
bool coap_turn_is_too_much(struct coap_turn *turn, size_t answer);

/* Before the first report. */
void coap_turn_init_reports(struct coap_nodes *nodes);

/* The resources. Each answers as coap_resources.handle. */
int coap_turn_checkin(struct coap_turn *turn);
int coap_turn_telemetry(struct coap_turn *turn);
int coap_turn_status(struct coap_turn *turn);
int coap_turn_reply(struct coap_turn *turn);
int coap_turn_firmware(struct coap_turn *turn);
int coap_turn_links(struct coap_turn *turn);

#endif
