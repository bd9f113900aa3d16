/*
 * zigbee_upgrades_state: what the parts of the OTA Upgrade server know of each node, and what they do for each other.
 *
 * Within zigbee_upgrades: `_queries` hears what nodes say, `_blocks` serves bytes, `_nudges` speaks first, `_frames`
 * sends.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_STATE_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_STATE_H

#include "drivers/id_map.h"
#include "drivers/offers.h"
#include "drivers/zigbee_airtime.h"
#include "drivers/zigbee_upgrade_class.h"
#include "drivers/zigbee_upgrades.h"
#include "protocols/zigbee_fit.h"

#define UPGRADE_FLIGHTS_MAX 64 /* frames with the stick */
#define UPGRADE_ANSWER_MAX 48  /* bytes of a frame other than a block */
#define UPGRADE_PLACES_FIRST 4 /* that many nodes fill the channel if they answer at once */

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
	bool queued;  /* its turn comes as soon as the air bears it */
	bool starved; /* its bytes are being fetched */
	bool paid;    /* the host counted them */
	uint8_t sequence, most;
	struct zigbee_upgrade_file file; /* as the node calls it */
	uint32_t offset, end;            /* of the upgrade file */
	uint16_t spacing_ms;
	int64_t since_ms, next_ms; /* asked; not before */
	unsigned resends;
};

enum upgrade_unit { UNIT_UNKNOWN, UNIT_PROBED, UNIT_MS, UNIT_SECONDS };

/* MinimumBlockPeriod of a node. */
struct upgrade_period {
	bool honoured; /* the node says so */
	uint16_t told; /* by the node */
	uint16_t set;  /* by us; 0: not, or no longer */
	enum upgrade_unit unit;
	int64_t throttled_ms, served_ms;
};

enum flight_kind { FLIGHT_BLOCK, FLIGHT_ANSWER, FLIGHT_NOTIFY, FLIGHT_READ, FLIGHT_RELEASE };

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
	unsigned flying;                       /* blocks */
	unsigned losses;                       /* blocks in a row that did not arrive, as far as is known */
	uint8_t cap;                           /* of a block's size since; 0: none */
	int64_t place_from_ms, place_until_ms; /* it holds one of the places for transfers; 0: none */
	int64_t waiting_ms;                    /* for a place, since; 0: it does not */
	int64_t began_ms;                      /* the transfer, with `began_offset` */
	uint32_t began_offset;
	uint8_t answer[UPGRADE_ANSWER_MAX]; /* that the stick has not taken yet */
	size_t answer_size;
	enum flight_kind answer_kind;
};

struct upgrade_flight {
	uint32_t tag; /* 0: free */
	struct upgrade_node *node;
	enum flight_kind kind;
	int64_t sent_ms;
	uint32_t offset;
	bool counted; /* in the air's window */
};

struct zigbee_upgrades {
	const struct zigbee_upgrades_settings *settings;
	const struct zigbee_upgrades_port *port;
	struct upgrade_node **list;
	size_t count, room;
	struct id_map by_id;
	struct zigbee_airtime air;
	int64_t places; /* for nodes that are awake, as many as fill the air */
	struct upgrade_flight flights[UPGRADE_FLIGHTS_MAX];
	uint32_t last_tag;
	uint8_t sequence;
	struct upgrade_node *ready; /* whose turn is next; the others follow */
	int64_t opened_ms;
	int64_t stick_ms; /* the stick was full: not before */
	struct zigbee_upgrades_counters counters;
};

bool upgrade_is_offered(const struct upgrade_node *node);

/* Its file's header, if it was not read yet. 0, -EAGAIN: being fetched, -EBADMSG, -EIO. */
int upgrade_load_file(struct upgrade_node *node);

/* Tells the host; the offer may be another one, or gone, afterwards. */
void upgrade_tell(struct zigbee_upgrades *upgrades, struct upgrade_node *node, enum delivery_state state, int code);

/* ---- zigbee_upgrades_frames.c ---- */

/* Gives a frame to the stick. As stick_ops.send; -ENOBUFS: as many as are known are under way. */
struct upgrade_frame {
	const void *data;
	size_t size;
	enum flight_kind kind;
	uint32_t offset;
	int64_t cost_us; /* FLIGHT_BLOCK */
};
int upgrade_transmit(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct upgrade_frame *frame, int64_t now_ms);

/* Sends now, or as soon as the stick takes it, in place of another answer that it has not taken yet. */
void upgrade_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *message,
	uint8_t sequence, int64_t now_ms);
void upgrade_answer_default(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zcl_frame *request, uint8_t status, int64_t now_ms);
void upgrade_send_unasked(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zigbee_upgrade *message, enum flight_kind kind, int64_t now_ms);
void upgrade_send_read(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);
void upgrade_retry_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* ---- zigbee_upgrades_blocks.c ---- */

void upgrade_on_block(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms);
void upgrade_on_block_sent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, uint32_t offset,
	enum stick_sent outcome, int64_t now_ms);
void upgrade_drop_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node);
/* Bytes that were being fetched may be there. */
void upgrade_feed(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);
/* Those who waited too long are told so; returns when the next one will have. */
int64_t upgrade_run_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);
/* Serves whose turn it is, as far as the air bears; returns when it bears more. */
int64_t upgrade_pump(struct zigbee_upgrades *upgrades, int64_t now_ms);

/* ---- zigbee_upgrades_places.c ---- */

/* To be called now and then: more places while those who have one leave the air empty, as lamps do that take two
 * seconds to write a block; fewer while frames wait for the channel. */
void upgrade_fit_places(struct zigbee_upgrades *upgrades, int64_t now_ms);
/* Takes or keeps a place for a transfer. False: none is free. */
bool upgrade_take_place(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t for_ms, int64_t now_ms);
void upgrade_leave_place(struct zigbee_upgrades *upgrades, struct upgrade_node *node);
bool upgrade_place_is_free(struct zigbee_upgrades *upgrades, const struct upgrade_node *node, int64_t now_ms);
/* How long a node without a place had better wait. */
int64_t upgrade_place_wait_ms(const struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* ---- zigbee_upgrades_queries.c ---- */

void upgrade_on_query(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms);
void upgrade_on_end(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame,
	const struct zigbee_upgrade *request, int64_t now_ms);
void upgrade_on_read_response(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame, int64_t now_ms);

/* ---- zigbee_upgrades_nudges.c ---- */

/* Speaks to the node if it is time and it can hear; returns when it will be. */
int64_t upgrade_nudge(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);
/* Doubled with each word to the node that had no effect. */
int64_t upgrade_pause_ms(struct zigbee_upgrades *upgrades, const struct upgrade_node *node);
/* Another phase begins; it is spoken to after `after_ms`, unless something happens before. */
void upgrade_enter(struct upgrade_node *node, enum upgrade_phase phase, int64_t after_ms, int64_t now_ms);
/* It has the image and waits: when it is to be told. */
void upgrade_stage(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);
/* Whether it may upgrade now. */
bool upgrade_may_apply(const struct upgrade_node *node, int64_t now_ms);
void upgrade_on_nudge_sent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, enum flight_kind kind,
	enum stick_sent outcome, int64_t now_ms);
int64_t upgrade_silence_ms(const struct upgrade_node *node);
int64_t upgrade_check_ms(const struct upgrade_node *node);
int64_t upgrade_restart_ms(const struct upgrade_node *node);

#endif
