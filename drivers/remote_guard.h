/*
 * remote_guard: what a driver in another process may ask of the gateway, and how it is seen to be well.
 *
 * The gateway sends a beat with a number now and then; the driver sends each back, in its turn among what else it
 * sends, so that a beat that comes back says that all before it was read. A plain value; time is an argument.
 */
#ifndef WAKEGATE_DRIVERS_REMOTE_GUARD_H
#define WAKEGATE_DRIVERS_REMOTE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTE_UNREAD_MAX (16 * 1024 * 1024) /* bytes sent after the last beat that came back */
#define REMOTE_BEAT_BYTES (1024 * 1024)      /* so many bytes are followed by a beat, whatever the time */

struct remote_limits {
	int64_t silence_ms;     /* not heard of for so long, it is given up */
	int64_t messages_per_s; /* of the driver */
	int64_t bytes_per_s;
};

struct remote_guard {
	struct remote_limits limits;
	int64_t second_ms; /* when the second that is counted began */
	int64_t messages, bytes;
	int64_t heard_ms;       /* when anything came last */
	int64_t looked_ms;      /* the last look */
	uint32_t beat, came;    /* the last beat sent, and the last that came back */
	uint32_t came_before;   /* the same at the last look */
	int64_t unanswered_ms;  /* since when a beat is out; 0: none is */
	uint64_t unread, since; /* bytes sent after the last beat that came back, and after the last beat sent */
};

void remote_guard_init(struct remote_guard *guard, const struct remote_limits *limits, int64_t now_ms);

/* A message came. 0, or -EDQUOT with a sentence: it is more than the limits allow. */
int remote_guard_take(struct remote_guard *guard, size_t bytes, int64_t now_ms, char *why, size_t why_size);

/* So many bytes were sent. Whether a beat is due on their account. */
bool remote_guard_sent(struct remote_guard *guard, size_t bytes);

/* The number of a beat that is sent now. */
uint32_t remote_guard_beat(struct remote_guard *guard, int64_t now_ms);

/* A beat came back. -EBADMSG: it was never sent. */
int remote_guard_came(struct remote_guard *guard, uint32_t beat, int64_t now_ms);

/* 0 if all is well, -ETIMEDOUT with a sentence: silent, or it does not read what it is sent. To be called several times
 * in `silence_ms`: where that did not happen it was the gateway that stood still, and nobody is blamed. */
int remote_guard_look(struct remote_guard *guard, int64_t now_ms, char *why, size_t why_size);

#endif
