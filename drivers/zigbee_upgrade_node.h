/*
 * zigbee_upgrade_node: what the OTA Upgrade server knows of one node: where it stands, what it wants, what it bears.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADE_NODE_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADE_NODE_H

#include "drivers/offers.h"
#include "drivers/zigbee_upgrade_class.h"
#include "drivers/zigbee_upgrades.h"
#include "protocols/zigbee_fit.h"

enum upgrade_phase {
	PHASE_NEW,      /* where it stands is not known: it is asked */
	PHASE_IDLE,     /* it does not fetch: it is told that there is an image */
	PHASE_LOADING,  /* it fetches */
	PHASE_CHECKING, /* it has all bytes and has not said yet whether they are good */
	PHASE_STAGED,   /* it waits for the word to upgrade */
	PHASE_RELEASED, /* it has it, and is to prove what it runs */
	PHASE_DONE,     /* it runs the image */
};

/* The upgrade file in the image: what precedes and follows it is the vendor's wrapper. */
struct upgrade_file {
	uint32_t offset, size; /* size 0: not known yet */
	struct zigbee_upgrade_file id;
	bool has_hardware_range;
	uint16_t hardware_least, hardware_most;
};

/* What a node asked for and has not got yet. */
struct upgrade_want {
	bool active, is_page;
	bool proving; /* a block of the page that the node itself acknowledges has no outcome yet */
	bool queued;  /* its turn comes as soon as the air bears it */
	bool starved; /* its bytes are being fetched */
	bool paid;    /* the host counted them */
	uint8_t sequence, most;
	struct zigbee_upgrade_file file; /* as the node calls it */
	uint32_t offset, end;            /* of the upgrade file */
	uint16_t spacing_ms;
	int64_t since_ms, next_ms;  /* asked; not before */
	unsigned resends, unproven; /* unproven: blocks of a page since such a one, with it */
	unsigned missed;            /* blocks in a row that did not arrive, and nothing was heard of the node since */
};

/* MinimumBlockPeriod of a node. */
struct upgrade_period {
	bool honoured; /* the node says so */
	uint16_t told; /* by the node */
	uint16_t set;  /* by us; 0: not, or no longer */
	enum { UNIT_UNKNOWN, UNIT_PROBED, UNIT_MS, UNIT_SECONDS } unit;
	int64_t throttled_ms, served_ms;
};

/* Its blocks on the air. */
struct upgrade_air {
	unsigned flying;
	unsigned losses; /* in a row that did not arrive, as far as is known */
	uint8_t cap;     /* of a block's size since; 0: none */
};

/* One of the places for transfers. */
struct upgrade_place {
	int64_t from_ms, until_ms; /* it is held; 0: not */
	int64_t waiting_ms;        /* for one, since; 0: not */
};

enum flight_kind { FLIGHT_BLOCK, FLIGHT_ANSWER, FLIGHT_NOTIFY, FLIGHT_READ, FLIGHT_RELEASE };

/* A frame other than a block that the stick has not taken yet. */
struct upgrade_unsent {
	uint8_t data[48];
	size_t size; /* 0: none */
	enum flight_kind kind;
};

struct upgrade_node {
	struct offer offer; /* image NULL: none stands */
	struct zigbee_upgrade_peer peer;
	char model[ZIGBEE_FIT_NAME_SIZE], maker[ZIGBEE_FIT_NAME_SIZE];
	bool met; /* `peer` is known */
	const struct zigbee_upgrade_class *kind;
	struct upgrade_file file;
	enum upgrade_phase phase;
	int64_t heard_ms, withdrawn_ms, released_ms, release_at_ms; /* 0: never */
	int64_t nudge_ms;                                           /* it is not spoken to before */
	unsigned nudges;                                            /* since it last went on */
	bool refuses_wait, told_to_wait;
	struct upgrade_period period;
	struct upgrade_want want;
	struct upgrade_node *next_ready;
	struct upgrade_air air;
	struct upgrade_place place;
	int64_t began_ms; /* the transfer, with `began_offset` */
	uint32_t began_offset;
	struct upgrade_unsent unsent;
};

#endif
