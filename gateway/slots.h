/*
 * slots: what a node is told at a contact: its next slot, or, when more come at once than the link bears, when there is
 * room for it.
 *
 * A function of (what is known of the node, the contact, now, seeded chance); gateway/networks.c asks it at every
 * contact, before the registry notes the contact.
 */
#ifndef WAKEGATE_GATEWAY_SLOTS_H
#define WAKEGATE_GATEWAY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/admission.h"
#include "gateway/moment.h"

struct node_record;
struct random;
struct schedule_settings;

struct slots_figures {
	uint64_t visits;  /* begun and let in */
	uint64_t refused; /* told to come later */
	uint64_t own;     /* visits of nodes that come as they like */
};

struct slots {
	const struct schedule_settings *settings; /* outlive the slots, as does: */
	struct random *random;
	struct admission admission;
	struct slots_figures figures;
};

struct slots_contact {
	size_t node_count; /* in the registry */
	bool unscheduled;  /* see driver.h: it is told nothing */
	bool excused;      /* it must not be refused: what it brings was taken before */
};

void slots_init(struct slots *slots, const struct schedule_settings *settings, struct random *random);

/*
 * True: it is served, and `*next_s` is what to tell it; false: it finds no room and shall come after so many seconds.
 * Learns its rhythm, counts the slots that it missed and expects it when it was told. `record.last_seen_ms` is
 * still that of the former contact.
 */
bool slots_on_contact(struct slots *slots, struct node_record *record, const struct slots_contact *contact,
	struct moment now, uint32_t *next_s);

#endif
