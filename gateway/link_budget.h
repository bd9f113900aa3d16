/*
 * link_budget: what one link carries: so many transfers of firmware at a time, and so many bytes a second that firmware
 * and telemetry share, telemetry first.
 *
 * Telemetry is never put off for it, and what it takes firmware does not get. A node beyond the budget is told when to
 * come back. A plain value; the caller passes the time, in ms, monotonic.
 */
#ifndef WAKEGATE_GATEWAY_LINK_BUDGET_H
#define WAKEGATE_GATEWAY_LINK_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/places.h"

struct settings_table;

extern const struct settings_table link_settings_table;

struct link_settings {
	int64_t transfers;  /* at a time; 0: any number */
	int64_t per_parent; /* of them; 0: any number */
	int64_t idle_ms;    /* a transfer that stands still for so long loses its place */
	int64_t rate_bytes; /* a second; 0: no budget */
};

#define LINK_BURST_MS 10000 /* what is not used is saved up for so long; half of it goes out in one piece */

struct link_budget {
	const struct link_settings *settings;
	struct places places;
	int64_t saved;  /* thousandths of bytes that may be sent; negative: to be paid for */
	int64_t at_ms;  /* when `saved` was true */
	bool dry;       /* firmware waits until half of what can be saved is there */
	uint64_t taken; /* transfers under way and waiting, as of the last look */
	uint64_t waiting;
	uint64_t put_off_places; /* requests for want of a place, and for want of bytes */
	uint64_t put_off_bytes;
};

struct link_fetch {
	const void *who; /* NULL: nobody knows; then only its bytes are limited */
	uint16_t parent; /* of its mesh; 0: not known */
	uint32_t bytes;
};

/* The settings outlive it. */
void link_budget_init(struct link_budget *budget, const struct link_settings *settings);

/* So many bytes went over the link that are no firmware. */
void link_budget_spend(struct link_budget *budget, uint32_t bytes, int64_t now_ms);

/* Firmware is asked for. 0: it may go out, and counts; otherwise the node is to come back after so many ms. */
int64_t link_budget_fetch(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms);

/* Its transfer is over, well or not. */
void link_budget_end(struct link_budget *budget, const void *who, int64_t now_ms);

#endif
