/*
 * zigbee_driver: what the files of the driver for a Zigbee network share.
 *
 * For zigbee.c and the zigbee_*.c that include it only; the contract is driver.h, the stick's zigbee_stick.h. What
 * happens is told by the stick's callbacks; what is due is done by zigbee_turn(), which is called after everything.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_DRIVER_H
#define WAKEGATE_DRIVERS_ZIGBEE_DRIVER_H

#include <uv.h>

#include "drivers/driver.h"
#include "drivers/zigbee_interview.h"
#include "drivers/zigbee_network.h"
#include "drivers/zigbee_nodes.h"
#include "drivers/zigbee_outbox.h"
#include "drivers/zigbee_presence.h"
#include "drivers/zigbee_readings.h"
#include "drivers/zigbee_settings.h"
#include "drivers/zigbee_stick.h"
#include "drivers/zigbee_upgrades.h"
#include "protocols/zcl.h"

#define ZIGBEE_OWN_ENDPOINT 1
#define ZIGBEE_COUNTERS_MAX 32
#define ZIGBEE_STRANGERS 8 /* addresses that were asked whose they are */
#define ZIGBEE_LINK_KEYS_MAX ZIGBEE_NODES_MAX
#define ZIGBEE_UNKEPT_MAX 500 /* reports that wait until the gateway has room */

struct zigbee_counters {
	uint64_t nodes_now, nodes_up_now, network_up_now;
	uint64_t messages, messages_malformed, repeated, strangers;
	uint64_t nodes_refused, joins, leaves, interviews, pings, lost;
	uint64_t reports, readings;       /* durable */
	uint64_t unkept_now, unkept_lost; /* the gateway had no room for them: they wait; they are gone */
	uint64_t sent, unsent;
};

/* Where time comes from: the loop's monotonic clock and the wall's, in ms. */
struct zigbee_clock {
	int64_t (*monotonic_ms)(void *context);
	int64_t (*wall_ms)(void *context);
	void *context;
};

/* An operator's question that waits for the stick. */
struct zigbee_wait {
	bool waits;
	int64_t until_ms;
	void (*done)(void *context, int result, struct span answer);
	void *context;
};

struct zigbee_stranger {
	uint16_t nwk;
	int64_t asked_ms;
};

/* Reports that wait until the gateway has room, in the order in which they are tried again. */
struct zigbee_unkept {
	struct zigbee_held *first, *last;
};

struct driver {
	uv_loop_t *loop;
	uv_timer_t *timer; /* NULL: a test turns it */
	const struct driver_host *host;
	const struct zigbee_settings *settings;
	struct zigbee_clock clock;
	const struct stick_ops *const *sticks; /* that are tried, ended by NULL */
	size_t stick_index;
	const struct stick_ops *ops;
	struct stick *stick;
	bool stick_known; /* it answered in this protocol before */
	int64_t stick_opened_ms;
	struct zigbee_network network;
	bool must_form, scanning;
	int64_t permit_until_ms, refresh_ms;
	struct zigbee_nodes nodes;
	struct zigbee_outbox outbox;
	struct zigbee_upgrades *upgrades;
	struct zigbee_upgrades_settings upgrade_settings;
	struct zigbee_upgrades_port upgrade_port;
	uint64_t chance;
	struct zigbee_interview_rules interview_rules;
	struct zigbee_presence_rules presence_rules;
	uint8_t sequence;
	struct zigbee_stranger strangers[ZIGBEE_STRANGERS];
	uint8_t stranger_next;
	struct zigbee_wait scan_question, backup_question, network_question;
	struct stick_link_key *keys; /* of the backup that is being made */
	size_t key_count, key_room;
	struct zigbee_counters counters;
	struct driver_counter counter_list[ZIGBEE_COUNTERS_MAX];
	size_t counter_count;
	bool closing;
	struct zigbee_readings readings; /* of the frame that is read */
	struct zigbee_unkept unkept;
};

/* A message as it is handled: who sent it. */
struct zigbee_heard {
	struct zigbee_node *node;
	const struct zigbee_message *message;
};

/* ---- zigbee.c ---- */

/* What a test puts in the place of the machine; `loop` may be NULL then. */
struct zigbee_stage {
	uv_loop_t *loop;
	const struct stick_ops *const *sticks;
	struct zigbee_clock clock;
};

int zigbee_open_on(struct driver **out, const struct zigbee_stage *stage, const struct zigbee_settings *settings,
	const struct driver_host *host, char *why, size_t why_size);

int64_t zigbee_now(const struct driver *driver);

/* Does what is due. */
void zigbee_turn(struct driver *driver);

/* After something happened: zigbee_turn() follows at once. */
void zigbee_wake(struct driver *driver);

/* A line for the log. */
void zigbee_tell(const struct driver *driver, enum driver_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- zigbee_coordinator.c: the stick and its network ---- */

int zigbee_open_stick(struct driver *driver, char *why, size_t why_size);
void zigbee_close_stick(struct driver *driver);
/* Tries the other kind of stick, forms a network, notes counters. When it wants to be turned next. */
int64_t zigbee_coordinator_turn(struct driver *driver);
void zigbee_keep_network(struct driver *driver);
/* Starts a new network, by a scan if the channel is to be found. */
void zigbee_form(struct driver *driver);
/* As stick_host.state. */
void zigbee_network_take(struct driver *driver, const struct stick_report *report);

/* ---- zigbee_fleet.c: the nodes as they come, go and are kept ---- */

/* Nodes and network as they were kept. */
void zigbee_recall(struct driver *driver);
/* The gateway is told of the node. False: it does not accept it. */
bool zigbee_greet(struct driver *driver, struct zigbee_node *node, size_t bytes);
/* Likewise, with what it runs; `image`: it is the one that it was offered, or NULL. */
bool zigbee_greet_running(struct driver *driver, struct zigbee_node *node, const struct image_source *image);
void zigbee_on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent);
void zigbee_on_left(void *context, uint64_t eui64, uint16_t nwk);
void zigbee_on_routed(void *context, uint16_t nwk, uint8_t relays);
/* Asks whose address it is. */
void zigbee_ask_stranger(struct driver *driver, uint16_t nwk);
/* Its record goes too, and the pointer. */
void zigbee_forget(struct driver *driver, struct zigbee_node *node);
/* Tells it to leave the network. */
void zigbee_send_away(struct driver *driver, const struct zigbee_node *node);
/* Interviews, pings, records. When it wants to be turned next. */
int64_t zigbee_fleet_turn(struct driver *driver);

/* ---- zigbee_firmware.c ---- */

int zigbee_firmware_open(struct driver *driver);
/* The node is where its record says; it sent something just now. */
void zigbee_firmware_meet(struct driver *driver, const struct zigbee_node *node, bool heard);
/* Likewise; it announced itself. */
void zigbee_firmware_joined(struct driver *driver, const struct zigbee_node *node);
void zigbee_firmware_network_up(struct driver *driver);
void zigbee_firmware_forget(struct driver *driver, const struct zigbee_node *node);
void zigbee_firmware_on_frame(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* False: it was no frame of the firmware's. */
bool zigbee_firmware_on_sent(struct driver *driver, uint32_t tag, enum stick_sent outcome);
int64_t zigbee_firmware_turn(struct driver *driver);
/* As driver_ops. */
int zigbee_offer(struct driver *driver, const struct driver_offer *offer);
int zigbee_withdraw(struct driver *driver, const char *node);
void zigbee_images_ready(struct driver *driver);

/* ---- zigbee_inbox.c: what nodes send ---- */

void zigbee_on_received(void *context, const struct zigbee_message *message);

/* ---- zigbee_reports.c: readings ---- */

void zigbee_on_report(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* Tries again what the gateway could not keep. When it wants to be turned next. */
int64_t zigbee_reports_turn(struct driver *driver);
void zigbee_reports_finish(struct driver *driver);

/* ---- zigbee_replies.c: what nodes ask, and default responses ---- */

void zigbee_reply_to_read(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* Says what became of the frame, if its sender wants to know. */
void zigbee_reply_status(
	struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame, uint8_t status);
/* Sends to a node; urgent: before what others wait for. */
int zigbee_send(struct driver *driver, const struct zigbee_message *message, bool urgent,
	const struct zigbee_delivery *delivery);

/* ---- zigbee_questions.c, zigbee_replacement.c ---- */

void zigbee_ask(struct driver *driver, const struct driver_question *question);
/* The stick told something that a question waits for. */
void zigbee_on_scanned(void *context, uint8_t channel, uint8_t energy);
void zigbee_on_key(void *context, const struct stick_link_key *key);
void zigbee_questions_on_network(struct driver *driver);
int64_t zigbee_questions_turn(struct driver *driver);

#endif
