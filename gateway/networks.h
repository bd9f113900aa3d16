/*
 * networks: the gateway's side of the drivers: opens those that the config names and carries what they report to
 * nodes, updates and telemetry, and offers back to them.
 */
#ifndef WAKEGATE_GATEWAY_NETWORKS_H
#define WAKEGATE_GATEWAY_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/networks_parts.h"

struct config;
struct driver_command;
struct driver_counter;
struct driver_offer;
struct driver_process;
struct driver_question;
struct firmware_counts;
struct networks;
struct node;
struct node_commands;
struct rollouts;
struct slots;
struct updates;

/* Opens every driver whose group is in the config. On failure `why` says which and why. */
int networks_open(struct networks **out, const struct networks_parts *parts, const struct config *config, char *why,
	size_t why_size);

/* Updates need the networks to offer over, and the networks the updates to report to: before the loop runs. */
void networks_attach(struct networks *networks, struct updates *updates, struct rollouts *rollouts);

/* Likewise for commands and what nodes reply. */
void networks_attach_commands(struct networks *networks, struct node_commands *commands);

/* Time passes: nodes that are lost give up their slots. Milliseconds until it wants to be called again. */
int64_t networks_tick(struct networks *networks, struct moment now);

/* For those who show what nodes were told. */
const struct slots *networks_slots(const struct networks *networks);

/* The settings were read anew, in place: tells the drivers that can take them while running. */
void networks_reload(struct networks *networks);

/* Closes the drivers and frees; NULL is fine. */
void networks_close(struct networks *networks);

/* To the driver of the node. -ENODEV: it is not open. Otherwise as driver_ops.offer. */
int networks_offer(struct networks *networks, const struct node *node, const struct driver_offer *offer);
void networks_withdraw(struct networks *networks, const struct node *node);

/* To the driver of the node. -ENODEV: it is not open; -ENOTSUP: it takes none. Otherwise as driver_ops.command. */
int networks_command(struct networks *networks, const struct node *node, const struct driver_command *command);

/* To the driver of that name. -ENODEV: it is not open; -ENOTSUP: it is asked nothing; -ENOMEM; 0: `done` is or will be
 * called, with a success once what the driver kept for it is durable. */
int networks_ask(struct networks *networks, const char *driver, const struct driver_question *question);

/* What a driver wants somebody to look after, see driver_host.trouble. */
#define NETWORK_TROUBLE_MAX 300 /* bytes with the terminator; what is longer is cut */
struct network_trouble {
	bool useless;                       /* the network is of no use meanwhile */
	char sentence[NETWORK_TROUBLE_MAX]; /* "": all is well */
};

/* Calls `each` for every open driver; `process` is NULL where it runs inside. */
void networks_drivers(const struct networks *networks,
	void (*each)(void *context, const char *driver, const struct driver_process *process,
		const struct network_trouble *trouble),
	void *context);

/* Image bytes that were not in memory may be now. */
void networks_images_ready(struct networks *networks);

/* What was counted by the nodes' firmware since open. */
struct firmware_counts *networks_firmware(struct networks *networks);

/* Calls `each` for every counter of every open driver. */
void networks_counters(const struct networks *networks,
	void (*each)(void *context, const char *driver, const struct driver_counter *counter), void *context);

#endif
