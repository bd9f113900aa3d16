/*
 * remote_session: whether somebody is there: the driver's process, its coming and going, and messages to it and from
 * it.
 *
 * For drivers/remote.c (tells) and drivers/remote_take.c (is told); the rest of `struct driver` is theirs.
 */
#ifndef WAKEGATE_DRIVERS_REMOTE_SESSION_H
#define WAKEGATE_DRIVERS_REMOTE_SESSION_H

#include <stddef.h>

#include "drivers/driver.h"

struct driver_message;

/* Listens, and starts the process where it is ours, with settings, loop and host that are there already. To be closed
 * after a failure too. Blocks for milliseconds. `why` gets a sentence. */
int remote_session_open(struct driver *driver, char *why, size_t why_size);

/* Tells it to stop and waits up to three seconds for its good-bye. Once the loop has closed its handles it frees the
 * driver itself. */
void remote_session_close(struct driver *driver);

/* To the driver, with data beside (size 0: none). Gives it up if it cannot be sent. */
void remote_send(struct driver *driver, const struct driver_message *message, struct span data);

/* The session ends: what was asked is answered, a process of ours killed, the reason remembered and told. */
__attribute__((format(printf, 2, 3))) void remote_give_up(struct driver *driver, const char *format, ...);

/* Logs in the gateway's name. */
__attribute__((format(printf, 3, 4))) void remote_log(
	struct driver *driver, enum driver_level level, const char *format, ...);

#endif
