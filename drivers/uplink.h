/*
 * uplink: the contract between the gateway and the way upstream (an MQTT broker, or none).
 *
 * All calls, both ways, are made on the loop thread and none may block. The uplink connects, reconnects (with jittered
 * backoff, over its list of brokers) and tells; it keeps no message: what is not delivered when a connection ends is
 * told as -ENOTCONN and it is the gateway's to publish it again.
 */
#ifndef WAKEGATE_DRIVERS_UPLINK_H
#define WAKEGATE_DRIVERS_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"

struct settings_table;
struct uplink;
struct uv_loop_s;

#define UPLINK_TOPIC_MAX 256
#define UPLINK_MESSAGE_MAX (1024 * 1024) /* bytes of one payload, either way */
#define UPLINK_WINDOW_MAX 1024           /* publishes not yet told as delivered */

struct uplink_message {
	const char *topic;
	const void *payload;
	size_t size;
	const char *content_type;   /* MQTT 5 property; NULL: none */
	const char *response_topic; /* MQTT 5 property, incoming commands; NULL: none */
	const void *correlation;    /* MQTT 5 property; NULL: none */
	size_t correlation_size;
	bool retain;
	int quality; /* MQTT QoS 0 or 1 */
};

/* What identifies this gateway to the broker (unless its settings say otherwise), and its last will. Outlives the
 * uplink. */
struct uplink_identity {
	const char *client_id;
	struct uplink_message will;
	const char *const *subscriptions; /* topic filters, subscribed at QoS 1 on every connect */
	size_t subscription_count;
};

struct uplink_host {
	void *context;
	/* A session with a broker began or ended; `detail` names the broker or the reason. `window` is how many QoS 1
	 * publishes the broker takes at once (MQTT 5 Receive Maximum), at most UPLINK_WINDOW_MAX. Publishes not
	 * delivered have been told as such before disconnected(). */
	void (*connected)(void *context, const char *detail, unsigned window);
	void (*disconnected)(void *context, const char *detail);
	/* A message on a subscribed topic, borrowed for the call. */
	void (*message)(void *context, const struct uplink_message *message);
	/* The broker has (0) or does not have (-ENOTCONN, -EACCES, -EMSGSIZE, -EIO) the publish with this ticket. */
	void (*delivered)(void *context, uint64_t ticket, int result);
	/* A session is about to be asked for: may put another last will in place of the identity's, borrowed until the
	 * next call. Optional. */
	void (*connecting)(void *context, struct uplink_message *will);
	/* A stable event word followed by facts, for the log: an attempt that failed, a subscription refused. */
	void (*event)(void *context, enum driver_level level, const char *line);
};

struct uplink_ops {
	const char *name;
	const struct settings_table *settings;
	int (*open)(struct uplink **out, struct uv_loop_s *loop, const void *settings,
		const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size);
	/* The settings were read anew; they hold from the next connect on, which is made at once. Files of keys and
	 * secrets are read at every connect. Optional. */
	int (*reload)(struct uplink *uplink, const void *settings);
	/* Copies the message. 0: delivered() follows once with this ticket; -ENOTCONN: no session, nothing follows;
	 * -ENOBUFS: the window is full; -EMSGSIZE: over the broker's Maximum Packet Size or UPLINK_MESSAGE_MAX. */
	int (*publish)(struct uplink *uplink, const struct uplink_message *message, uint64_t ticket);
	/* Bytes sent and received since open, payloads and topics counted. */
	void (*traffic)(const struct uplink *uplink, uint64_t *bytes_sent, uint64_t *bytes_received);
	/* Ends the session politely, blocking at most a second for it; NULL is fine. Nothing is called any more; the
	 * memory is given back when the loop has closed its handles. */
	void (*close)(struct uplink *uplink);
};

extern const struct uplink_ops uplink_mqtt;
extern const struct uplink_ops uplink_dummy; /* takes everything while told that it is connected; for tests */

#endif
