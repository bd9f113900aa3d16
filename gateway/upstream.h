/*
 * upstream: the gateway as the fleet server sees it: birth and last will, commands in, answers out.
 *
 * It owns the uplink and shares it with clients (gateway/publish, gateway/ota): one bit of a ticket says whose
 * it is, and each hears of its own deliveries. What upstream says itself goes first and is kept, at most
 * UPSTREAM_QUEUE_MAX messages, until the broker has it. Loop thread only; nothing blocks but upstream_close().
 */
#ifndef WAKEGATE_GATEWAY_UPSTREAM_H
#define WAKEGATE_GATEWAY_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "gateway/moment.h"

#define UPSTREAM_QUEUE_MAX 64
#define UPSTREAM_CLIENTS_MAX 8
#define UPSTREAM_FILTERS_MAX 8                   /* topic filters beside those of upstream's own */
#define UPSTREAM_TICKETS (UINT64_C(1) << 62)     /* set in every ticket of upstream's own; gateway/publish has bit 63 */
#define UPSTREAM_OTA_TICKETS (UINT64_C(1) << 61) /* those of gateway/ota */

struct control;
struct topics;
struct uplink_message;
struct uplink_ops;
struct upstream;
struct uv_loop_s;

/* The settings group "upstream". */
struct upstream_settings {
	struct setting_list remote_commands; /* names, "image.*" or "*": what may be asked from upstream */
};
extern const struct settings_table upstream_settings_table;

/* Shares the uplink. Functions may be NULL. */
struct upstream_client {
	uint64_t tickets; /* the bit that is set in every ticket of its own, and in nobody else's */
	void *context;
	/* `window`: how many of its QoS 1 publishes may be outstanding. */
	void (*connected)(void *context, unsigned window, struct moment now);
	/* After every ticket outstanding was told as -ENOTCONN. */
	void (*disconnected)(void *context, struct moment now);
	/* As uplink_host.delivered. */
	void (*delivered)(void *context, uint64_t ticket, int result, struct moment now);
	/* A message on a topic that begins with `prefix`, borrowed; NULL prefix: none. */
	const char *prefix;
	void (*message)(void *context, const struct uplink_message *message, struct moment now);
	/* As uplink_host.connecting. */
	void (*connecting)(void *context, struct uplink_message *will);
	/* The session is about to end politely: the last moment to publish, at QoS 0. */
	void (*closing)(void *context);
};

/* All outlive the upstream. */
struct upstream_parts {
	struct uv_loop_s *loop;
	const struct uplink_ops *ops;
	const void *uplink_settings;
	const struct upstream_settings *settings;
	const struct topics *topics;
	const struct clock *clock;
	const char *gateway; /* its id */
	struct control *control;
	const char *const *filters; /* more to subscribe to */
	size_t filter_count;        /* at most UPSTREAM_FILTERS_MAX */
};

/* Connects from now on. `why` has a sentence on failure, as uplink_ops.open. */
int upstream_open(struct upstream **out, const struct upstream_parts *parts, char *why, size_t why_size);

/* Adds a client, borrowed until close; told at once of a session that stands. -ENOBUFS. */
int upstream_attach(struct upstream *upstream, const struct upstream_client *client);
/* Publishes for a client, as uplink_ops.publish. */
int upstream_publish(struct upstream *upstream, const struct uplink_message *message, uint64_t ticket);

/* Publishes at QoS 1 as soon as there is a session; copies. -ENOBUFS: too much waits; -ENOMEM. */
int upstream_send(struct upstream *upstream, const struct uplink_message *message);

bool upstream_is_connected(const struct upstream *upstream);

struct upstream_figures {
	bool connected;
	char broker[256];  /* and protocol of the session, or why there is none */
	int64_t since_ms;  /* wall clock: of the session's begin or end; 0: never */
	uint64_t sessions; /* begun since open */
	uint64_t bytes_sent;
	uint64_t bytes_received;
	size_t waiting; /* messages of upstream's own */
};
void upstream_figures(const struct upstream *upstream, struct upstream_figures *out);

/* The settings changed: reconnects with them. -ENOTSUP if the uplink cannot. */
int upstream_reload(struct upstream *upstream);

/* Says goodbye: the retained status becomes "offline". Blocks a second at most; clients are told nothing more. NULL is
 * fine. The memory of the uplink goes when the loop has run on. */
void upstream_close(struct upstream *upstream);

#endif
