/*
 * stick_dummy: a stick without a radio, for tests: it keeps what it is given and says what a test tells it to say.
 */
#ifndef WAKEGATE_DRIVERS_STICK_DUMMY_H
#define WAKEGATE_DRIVERS_STICK_DUMMY_H

#include "drivers/zigbee_stick.h"

#define STICK_DUMMY_ROOM 64 /* messages that it keeps; further ones are -EAGAIN */

extern const struct stick_ops stick_dummy;

/* A message that was sent; `data` is what its payload borrowed. */
struct stick_dummy_sent {
	struct zigbee_message message;
	uint8_t data[ZIGBEE_ASDU_MAX];
	uint32_t tag;
};

/* What a test looks at and changes. */
struct stick {
	struct stick_host host;
	struct stick_network network; /* formed or restored */
	struct stick_link_key keys[4];
	size_t key_count;
	bool has_network, is_up;
	struct stick_dummy_sent sent[STICK_DUMMY_ROOM];
	size_t sent_count;
	unsigned forms, restores, backups, scans, opens;
	uint8_t permit_s;
	bool permit_asked; /* until stick_dummy_permitted() */
	int refuses;       /* a negative errno that every order gets; 0: none */
};

/* Tells the host the state, with the network if it is STICK_UP. */
void stick_dummy_state(struct stick *stick, enum stick_state state, const char *why);

/* A node's message. */
void stick_dummy_receive(struct stick *stick, const struct zigbee_message *message);

/* Answers permit(). False: nobody asked. */
bool stick_dummy_permitted(struct stick *stick, const char *failed);

/* Takes the oldest message off and tells its outcome. False: there is none. */
bool stick_dummy_deliver(struct stick *stick, enum stick_sent outcome, struct stick_dummy_sent *out);

#endif
