/*
 * admission: how many nodes are in contact at a time, and whether another one may be.
 *
 * A visit counts for as long as a contact takes. Plain value; the caller passes the time, in ms, monotonic.
 */
#ifndef WAKEGATE_GATEWAY_ADMISSION_H
#define WAKEGATE_GATEWAY_ADMISSION_H

#include <stdint.h>

#define ADMISSION_PARTS 16 /* of the time that a contact takes: how finely it is counted */

struct admission {
	int64_t part;    /* the newest one, counted from 0 */
	int64_t part_ms; /* how long each is */
	uint32_t begun[ADMISSION_PARTS];
	uint32_t count; /* of all parts */
};

/* Forgets visits that are over; returns how many are not. A `contact_ms` other than before forgets all. */
uint32_t admission_count(struct admission *admission, int64_t contact_ms, int64_t now_ms);

/* A visit begins; after admission_count() with the same time. */
void admission_begin(struct admission *admission);

#endif
