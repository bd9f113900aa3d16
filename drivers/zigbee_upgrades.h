/*
 * zigbee_upgrades: the OTA Upgrade server (cluster 0x0019) of a Zigbee network: who is served which bytes, and when.
 *
 * A part of the Zigbee driver, without a clock, a socket or chance of its own. A block request is answered from the
 * request alone, at once, also right after a restart; nothing but the offer must stand. docs/zigbee-updates.md tells
 * the rules. `now_ms` is the loop's monotonic clock.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/zigbee_stick.h"
#include "protocols/zcl.h"
#include "protocols/zigbee_upgrade.h"

#define ZIGBEE_UPGRADES_TAG 0x80000000 /* set in all tags of its frames, so that the driver's own can be told apart */

struct zigbee_upgrades;

/* Fields of the driver's settings. */
struct zigbee_upgrades_settings {
	int64_t transfers;        /* of nodes that are awake, at a time at most; 1 or more */
	int64_t sleepy_transfers; /* of nodes that sleep; 1 or more */
	int64_t airtime_percent;  /* of the channel for firmware, as far as it can be computed; 100: no limit */
	int64_t block_most;       /* bytes of a block, where the node's class does not demand another size */
};

/* Where a node's upgrade client is, and what it is. Texts are copied. */
struct zigbee_upgrade_peer {
	const char *node;
	const char *model, *maker; /* of its Basic cluster; "" or NULL: not known yet */
	uint16_t nwk, profile;
	uint8_t endpoint, own_endpoint;
	bool sleeps;
	uint8_t relays; /* of the source route that frames to it carry; 0: none */
};

struct zigbee_upgrades_port {
	void *context;
	const struct driver_host *host; /* progress and fetch are called; contact is the driver's own to make */
	/* Sends; the outcome comes by zigbee_upgrades_on_sent(), never from within. As stick_ops.send. */
	int (*send)(void *context, const struct zigbee_message *message, uint32_t tag);
	/*
	 * The node proved what it runs: by Query Next (`has_hardware` perhaps) or by an attribute. `image`: it is the
	 * one that it was offered, else NULL. The driver makes a contact of it; it may be offered or withdrawn within.
	 */
	void (*runs)(void *context, const char *node, const struct zigbee_upgrade *said, struct image_source *image);
	/* Any 32 bits. */
	uint32_t (*chance)(void *context);
};

struct zigbee_upgrades_counters {
	uint64_t queries, notifies, reads, blocks, block_bytes, waits, aborts, releases, malformed, unsent;
	uint64_t transfers; /* that are served now; falls too */
};

/* `settings` and `port` outlive it. -ENOMEM. */
int zigbee_upgrades_open(struct zigbee_upgrades **out, const struct zigbee_upgrades_settings *settings,
	const struct zigbee_upgrades_port *port, int64_t now_ms);
/* NULL is fine. */
void zigbee_upgrades_close(struct zigbee_upgrades *upgrades);

/* As driver_ops; also for nodes that were not met yet. -ENOTSUP: the image is no Zigbee OTA upgrade file. */
int zigbee_upgrades_offer(struct zigbee_upgrades *upgrades, const struct driver_offer *offer, int64_t now_ms);
void zigbee_upgrades_withdraw(struct zigbee_upgrades *upgrades, const char *node, int64_t now_ms);
void zigbee_upgrades_images_ready(struct zigbee_upgrades *upgrades, int64_t now_ms);

/* Where the node is: at the start, after it moved, when its route changed. `heard`: it sent something just now. */
void zigbee_upgrades_meet(
	struct zigbee_upgrades *upgrades, const struct zigbee_upgrade_peer *peer, bool heard, int64_t now_ms);

/* The node, which was met, came back: it is asked where it stands if it does not say so by itself. */
void zigbee_upgrades_on_joined(struct zigbee_upgrades *upgrades, const char *node, int64_t now_ms);

/* The network is there again: nodes that gave up meanwhile are spoken to soon. */
void zigbee_upgrades_on_network_up(struct zigbee_upgrades *upgrades, int64_t now_ms);

/* Where the node is is not known any more, until it is met again: nothing is sent to it. */
void zigbee_upgrades_part(struct zigbee_upgrades *upgrades, const char *node);

/* The node left the network for good. */
void zigbee_upgrades_forget(struct zigbee_upgrades *upgrades, const char *node);

/* A frame of cluster 0x0019, also a global one. */
void zigbee_upgrades_on_frame(struct zigbee_upgrades *upgrades, const struct zigbee_upgrade_peer *from,
	const struct zcl_frame *frame, int64_t now_ms);

void zigbee_upgrades_on_sent(struct zigbee_upgrades *upgrades, uint32_t tag, enum stick_sent outcome, int64_t now_ms);

/* Does what is due and returns when it wants to be called next, INT64_MAX: not before something else happens. To be
 * called after each of the calls above. */
int64_t zigbee_upgrades_run(struct zigbee_upgrades *upgrades, int64_t now_ms);

const struct zigbee_upgrades_counters *zigbee_upgrades_counters(const struct zigbee_upgrades *upgrades);

#endif
