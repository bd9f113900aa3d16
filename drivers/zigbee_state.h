/*
 * zigbee_state: what the driver for a Zigbee network knows and has under way.
 *
 * For the zigbee_*.c behind zigbee_driver.h only.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_STATE_H
#define WAKEGATE_DRIVERS_ZIGBEE_STATE_H

#include <uv.h>

#include "drivers/driver.h"
#include "drivers/zigbee_counters.h"
#include "drivers/zigbee_fleet.h"
#include "drivers/zigbee_interview.h"
#include "drivers/zigbee_network.h"
#include "drivers/zigbee_nodes.h"
#include "drivers/zigbee_outbox.h"
#include "drivers/zigbee_presence.h"
#include "drivers/zigbee_readings.h"
#include "drivers/zigbee_repeats.h"
#include "drivers/zigbee_reports.h"
#include "drivers/zigbee_settings.h"
#include "drivers/zigbee_stick.h"
#include "drivers/zigbee_trouble.h"
#include "drivers/zigbee_upgrades.h"
#include "drivers/zigbee_wait.h"
#include "protocols/zcl.h"

#define ZIGBEE_OWN_ENDPOINT 1
#define ZIGBEE_STICK_RECORD "stick" /* the kind of stick that answered last: its name in stick_ops */
#define ZIGBEE_STICK_KIND_SIZE 16
#define ZIGBEE_LINK_KEYS_MAX ZIGBEE_NODES_MAX

/* Where time comes from: the loop's monotonic clock and the wall's, in ms. */
struct zigbee_clock {
	int64_t (*monotonic_ms)(void *context);
	int64_t (*wall_ms)(void *context);
	void *context;
};

struct driver {
	uv_loop_t *loop;
	uv_timer_t *timer; /* NULL: a test turns it */
	const struct driver_host *host;
	const struct zigbee_settings *settings;
	struct zigbee_clock clock;
	const struct stick_ops *const *sticks; /* that are tried, ended by NULL */
	size_t stick_index;
	const struct stick_ops *ops;
	struct stick *stick;
	char stick_kind[ZIGBEE_STICK_KIND_SIZE]; /* that answered last, also before the start; "": none did */
	bool stick_asked;                        /* its port is open, and it has not said what it is */
	unsigned stick_silences;                 /* its port was open and it did not: so often in a row */
	struct zigbee_network network;
	bool must_form, scanning;
	bool must_measure, may_stay; /* once the network is up; it may stay where it is */
	bool forgets;                /* the nodes, as the network that is ordered is formed */
	struct zigbee_trouble trouble;
	char told_trouble[ZIGBEE_TROUBLE_TEXT];
	enum zigbee_network_state followed_state;
	int64_t state_since_ms;
	int64_t permit_until_ms;   /* as the stick has confirmed; 0: nobody may join */
	int64_t permit_ordered_ms; /* likewise, before the stick went away */
	uint8_t permit_seconds;    /* that it was asked for last */
	bool permit_asked;         /* and has not answered */
	int64_t refresh_ms;
	struct zigbee_nodes nodes;
	struct zigbee_outbox outbox;
	struct zigbee_upgrades *upgrades;
	struct zigbee_upgrades_port upgrade_port;
	uint64_t chance;
	struct zigbee_interview_rules interview_rules;
	struct zigbee_presence_rules presence_rules;
	uint8_t sequence;
	struct zigbee_stranger strangers[ZIGBEE_STRANGERS];
	uint8_t stranger_next;
	int64_t leave_free_ms; /* before that no node that is not heard is told to leave */
	struct zigbee_wait scan_question, backup_question, network_question, permit_question;
	struct stick_link_key *keys; /* of the backup that is being made */
	size_t key_count, key_room;
	struct zigbee_counters counters;
	struct driver_counter counter_list[ZIGBEE_COUNTERS_MAX];
	size_t counter_count;
	bool closing;
	struct zigbee_readings readings; /* of the frame that is read */
	struct zigbee_repeats repeats;   /* of reports */
	struct zigbee_unkept unkept;
};

/* A message as it is handled: who sent it. */
struct zigbee_heard {
	struct zigbee_node *node;
	const struct zigbee_message *message;
};

#endif
