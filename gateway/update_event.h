/*
 * update_event: what happens to an update (update.h), and what a step asks of whoever applied it.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_EVENT_H
#define WAKEGATE_GATEWAY_UPDATE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum update_event_kind {
	UPDATE_EVENT_CHECK_IN, /* the node says what it runs: digest, digest_size */
	UPDATE_EVENT_PROGRESS, /* the node has all bytes before offset */
	UPDATE_EVENT_DOWNLOADED,
	UPDATE_EVENT_APPLYING,
	UPDATE_EVENT_REVERTED, /* it says that it fell back */
	UPDATE_EVENT_FAILED,   /* it says so; code is the result of LwM2M object 5, resource 5 */
	UPDATE_EVENT_UNFIT,    /* its network found that the image is not for it */
	UPDATE_EVENT_CONTACT,  /* the node was in contact while it could go on */
	UPDATE_EVENT_TICK,     /* time passes */
	UPDATE_EVENT_CANCEL,   /* an operator wants it no longer: it has failed */
	UPDATE_EVENT_WITHDRAW, /* whoever ordered it stops, and may order it again */
};

struct update_event {
	enum update_event_kind kind;
	uint32_t offset;
	int code;
	const uint8_t *digest;
	uint8_t digest_size;
};

/* What a step asks of the caller. */
struct update_step {
	bool changed;     /* another state, or an attempt ended: save and journal it */
	bool moved;       /* the offset grew */
	char detail[193]; /* for the journal and the log where `changed` */
};

#endif
