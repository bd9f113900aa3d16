/*
 * zigbee_trouble: whether somebody has to look after a Zigbee network: it is down for long, or goes down again and
 * again.
 *
 * Pure: time is an argument, milliseconds of a clock that never goes back.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_TROUBLE_H
#define WAKEGATE_DRIVERS_ZIGBEE_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_DOWN_MS 60000    /* down for so long is trouble; whoever plugs a stick in anew is not bothered */
#define ZIGBEE_FALLS 3          /* so many falls */
#define ZIGBEE_FALLS_MS 600000  /* within so long are trouble, too */
#define ZIGBEE_TROUBLE_WHY 256  /* bytes of a reason */
#define ZIGBEE_TROUBLE_TEXT 300 /* and of a sentence */

struct zigbee_trouble {
	bool up;
	int64_t changed_ms;            /* since when it is up, or not */
	uint64_t falls;                /* since the start: how often it was up and went down */
	int64_t fell_ms[ZIGBEE_FALLS]; /* the last ones, by their number */
	char why[ZIGBEE_TROUBLE_WHY];  /* it is not up, or was not last; "" where nobody said */
};

enum zigbee_trouble_kind { TROUBLE_NONE, TROUBLE_FALLS, TROUBLE_DOWN };

/* It is not up yet. */
void zigbee_trouble_init(struct zigbee_trouble *trouble, int64_t now_ms);

/* It is up now, or not. `why` is "" where somebody ordered it, which is no fall, or it is only tried again. */
void zigbee_trouble_follow(struct zigbee_trouble *trouble, bool up, const char *why, int64_t now_ms);

/* What is wrong, and a sentence that stays the same while it is; "" where nothing is. */
enum zigbee_trouble_kind zigbee_trouble_look(
	const struct zigbee_trouble *trouble, int64_t now_ms, char sentence[ZIGBEE_TROUBLE_TEXT]);

#endif
