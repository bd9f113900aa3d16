/*
 * stick_requests: the commands that wait for a stick, which takes one at a time and answers each.
 *
 * First come, first served. Knows no port and no clock: `transmit` sends, and time is what `now_ms` points to.
 */
#ifndef WAKEGATE_DRIVERS_STICK_REQUESTS_H
#define WAKEGATE_DRIVERS_STICK_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define STICK_REQUEST_MAX 250 /* bytes of a command's parameters */
#define STICK_REQUESTS_MAX 40

struct stick_request {
	uint16_t command;
	uint16_t size;
	bool unanswered; /* it is done as soon as it was sent */
	uint32_t timeout_ms;
	/* Exactly once; `answer` is NULL where none came, or the stick refused the command. May add requests. */
	void (*answered)(void *context, uint32_t argument, struct reader *answer);
	void *context;
	uint32_t argument;
	uint8_t data[STICK_REQUEST_MAX];
};

struct stick_requests {
	void *owner;
	void (*transmit)(void *owner, const struct stick_request *request);
	const int64_t *now_ms;
	bool under_way; /* the first one was sent */
	int64_t deadline_ms;
	size_t first, count;
	struct stick_request queue[STICK_REQUESTS_MAX];
};

/* `now_ms` is borrowed for the life of the queue. */
void stick_requests_init(struct stick_requests *requests, void *owner,
	void (*transmit)(void *owner, const struct stick_request *request), const int64_t *now_ms);

/* Copies it, and sends it if nothing is under way. -ENOBUFS. */
int stick_requests_add(struct stick_requests *requests, const struct stick_request *request);

/* The command under way, or NULL. */
const struct stick_request *stick_requests_current(const struct stick_requests *requests);

/* The command under way was answered, or refused (NULL); sends the next one. */
void stick_requests_answer(struct stick_requests *requests, struct reader *answer);

/* Whether the command under way is late, and is now taken as not answered. */
bool stick_requests_expire(struct stick_requests *requests);

/* When to call stick_requests_expire(); INT64_MAX: never. */
int64_t stick_requests_deadline(const struct stick_requests *requests);

/* None will be answered. What is added meanwhile is dropped too. */
void stick_requests_clear(struct stick_requests *requests);

#endif
