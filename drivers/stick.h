/*
 * stick: what the protocols of all sticks share: who is told, the state, the commands and messages under way.
 *
 * A protocol embeds `struct stick` as the first member of its own. Calls from outside go through stick_enter() and
 * stick_leave(), between which the time stands.
 */
#ifndef WAKEGATE_DRIVERS_STICK_H
#define WAKEGATE_DRIVERS_STICK_H

#include <stdarg.h>

#include "drivers/driver.h"
#include "drivers/stick_flights.h"
#include "drivers/stick_line.h"
#include "drivers/stick_protocol.h"
#include "drivers/stick_requests.h"
#include "drivers/stick_script.h"
#include "drivers/zigbee_stick.h"

#define STICK_KEYS_MAX 256 /* of nodes, to restore */

struct stick {
	const struct stick_protocol *protocol;
	struct stick_host host;
	struct stick_line *line;
	int64_t now_ms;
	enum stick_state state;
	bool has_line;
	unsigned silences;
	unsigned restarts;  /* at once, since the line came up or it settled */
	unsigned falls;     /* after it had settled, without lasting; none after it has lasted */
	int64_t settled_ms; /* when it was up, empty or refused */
	bool permit_asked;  /* and not answered */
	char firmware[64];
	char why[256];
	struct stick_network network;
	struct stick_requests requests;
	struct script script;
	struct stick_flights flights;
	unsigned concurrent;                                 /* messages at a time, as set; 0: what suits the stick */
	enum { STICK_NO_JOB, STICK_BACKUP, STICK_SCAN } job; /* of the script, whose end is told */
	bool was_up;                                         /* before it was told to have another network */
	struct stick_network wanted;                         /* to form or restore */
	struct stick_link_key *keys;                         /* to restore; owned */
	size_t key_count;
};

/* `stick` is zeroed memory of the caller, who sets `line` before anything else happens; `concurrent` as in stick_port.
 */
void stick_init(
	struct stick *stick, const struct stick_protocol *protocol, const struct stick_host *host, int concurrent);

/* As stick_ops.open; takes `made`, a stick without a line or NULL. */
int stick_open_line(struct stick **out, struct stick *made, struct uv_loop_s *loop, const struct stick_port *port,
	char *why, size_t why_size);

/* What the line of a stick tells: `context` is the struct stick. */
void stick_on_up(void *stick);
void stick_on_down(void *stick, const char *why);
void stick_on_bytes(void *stick, const void *data, size_t size);
void stick_on_alarm(void *stick);

void stick_enter(struct stick *stick);
void stick_leave(struct stick *stick);

/* A backup or a scan is over: says so, if one ran. */
void stick_end_job(struct stick *stick);

/* STICK_UP: it takes messages, `suits` at a time unless it was set otherwise. */
void stick_come_up(struct stick *stick, unsigned suits);

/* Tells the state with a sentence, which may be "". Whoever leaves STICK_UP loses what is under way. */
void stick_set_state(struct stick *stick, enum stick_state state, const char *why);

/* Down, and from the start again after a pause. */
void stick_start_over(struct stick *stick, const char *why);

/* It reset itself, or lost its network: from the start again at once; after a pause, where that did not last. */
void stick_begin_again(struct stick *stick, const char *why);

/* The stick was asked to let nodes join, and did so (NULL) or did not; the first word counts. */
void stick_end_permit(struct stick *stick, const char *failed);

__attribute__((format(printf, 3, 4))) void stick_event(
	struct stick *stick, enum driver_level level, const char *format, ...);

/* The command `command` with what is written at `data`; -ENOBUFS. `answered` may be NULL. */
int stick_ask(struct stick *stick, uint16_t command, const struct writer *data,
	void (*answered)(void *stick, uint32_t argument, struct reader *answer), uint32_t argument);

/* The operations of zigbee_stick.h. */
int stick_form(struct stick *stick, const struct stick_network *network);
int stick_restore(
	struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys, size_t key_count);
int stick_backup(struct stick *stick);
int stick_scan(struct stick *stick);
int stick_permit(struct stick *stick, uint8_t seconds);
int stick_send(struct stick *stick, const struct zigbee_message *message, uint32_t tag);
void stick_close(struct stick *stick);

/* What became of a message: told; or, where the stick was full, tried again in a moment. */
void stick_landed(struct stick *stick, struct flight *flight, enum stick_sent outcome);

/* A message came; a device announcement tells that a node joined, too. */
void stick_received(struct stick *stick, const struct zigbee_message *message);

#endif
