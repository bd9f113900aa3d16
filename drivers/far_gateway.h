/*
 * far_gateway: the gateway as a driver in another process sees it: a driver_host whose calls go over libzmq, and the
 * messages of the gateway as calls of the driver's.
 *
 * What the driver asks and must know at once (contact, fetch, image) is asked and waited for, FAR_PATIENCE_MS at most;
 * what comes meanwhile is kept for later, but for offers, which a contact may bring. Ends by itself where the gateway
 * says so or is not heard of any more.
 */
#ifndef WAKEGATE_DRIVERS_FAR_GATEWAY_H
#define WAKEGATE_DRIVERS_FAR_GATEWAY_H

#include <stddef.h>

#define FAR_PATIENCE_MS 2000
#define FAR_BUSY_S 30 /* when a node shall come again where the gateway did not answer in time */

struct driver_ops;
struct far_gateway;
struct message_keys;
struct uv_loop_s;

/* How the gateway is reached. */
struct far_way {
	const char *endpoint;
	const struct message_keys *keys; /* NULL: plain */
};

/* Connects and says hello; the driver is opened when the gateway has said with which settings. Both outlive it.
 * `ended` is called once, when all is over: 0, or an exit code of sysexits.h. -ENOENT, -ECONNREFUSED, … with a
 * sentence. */
int far_gateway_open(struct far_gateway **out, struct uv_loop_s *loop, const struct driver_ops *ops,
	const struct far_way *way, char *why, size_t why_size);

void far_gateway_on_end(struct far_gateway *gateway, void (*ended)(void *context, int status), void *context);

/* Closes the driver, says good-bye; `ended` follows before it returns. */
void far_gateway_stop(struct far_gateway *gateway, int status);

/* By the loop's next turns. NULL is fine. */
void far_gateway_close(struct far_gateway *gateway);

#endif
