/*
 * site_broker: the way upstream of a simulated site and the broker at its end, which enters what it is sent into the
 * ledger.
 *
 * A message is under way for a while. Before a session ends nothing comes through for up to a minute: messages are
 * lost, and what came is not always acknowledged.
 */
#ifndef WAKEGATE_TESTS_SITE_BROKER_H
#define WAKEGATE_TESTS_SITE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/uplink.h"

struct site_alerts;
struct site_ledger;
struct site_thinned;
struct site_world;

#define SITE_BROKER_WINDOW 64

enum site_topic { SITE_TELEMETRY, SITE_ALERT, SITE_OTHER };

struct site_letter {
	uint64_t ticket;
	uint8_t *payload; /* until it has come */
	size_t size;
	enum site_topic topic;
	int alert; /* which one it tells of, once it has come */
	bool used;
};

struct site_broker {
	struct site_world *world;
	struct site_ledger *ledger;
	struct site_alerts *alerts; /* to be set before the site runs, and this: */
	struct site_thinned *thinned;
	const struct uplink_host *host; /* NULL: the gateway is not there */
	bool reachable;                 /* as far as the network goes */
	bool connected;
	bool stalled; /* the session stands, as far as anybody knows, and nothing comes through */
	uint32_t session;
	int64_t since_ms; /* it stands */
	int64_t delay_ms; /* one way */
	struct site_letter letters[SITE_BROKER_WINDOW];
	unsigned in_flight;
	uint64_t messages, bytes;
};

void site_broker_open(struct site_broker *broker, struct site_world *world, struct site_ledger *ledger);
void site_broker_close(struct site_broker *broker);

/* The network to it comes and goes. */
void site_broker_set_reachable(struct site_broker *broker, bool reachable);

/* As an uplink; its settings are the broker. */
extern const struct uplink_ops site_broker_uplink;

#endif
