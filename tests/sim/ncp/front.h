/*
 * front: what the simulated stick speaks with its host, one of several: the contract between those and the rest.
 */
#ifndef WAKEGATE_TESTS_NCP_FRONT_H
#define WAKEGATE_TESTS_NCP_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"

struct air_clock;
struct coordinator;
struct port;
struct random;

/* What the stick is, and what it has to do with. Outlives the front. */
struct front_site {
	struct air_clock *clock;
	struct random *random;
	struct coordinator *coordinator;
	struct port *port;
	uint64_t eui64;
	const char *image;  /* what the ideal server serves */
	const char *memory; /* file that holds its memory over restarts; NULL: none does */
	uint32_t version;   /* of its protocol; 0: a usual one */
	bool in_bootloader; /* it starts there and waits until it is told to go on */
	bool stays_in_bootloader;
	bool is_old;     /* its firmware is too old for any host */
	bool has_tables; /* its memory has tables: Z-Stack 3.x.0; otherwise it is 3.0.x */
};

struct front_ops {
	const char *name;
	/* Sets the coordinator's host. -ENOMEM, or what is wrong with the memory's file. */
	int (*open)(void **out, const struct front_site *site);
	/* Bytes from the host. */
	void (*take)(void *front, struct bytes in);
	/* It was plugged in: it starts from its memory. */
	void (*power)(void *front);
	/* What may go wrong in this kind of stick only, by name: it shall so many times. False: there is no such thing.
	 */
	bool (*misbehave)(void *front, const char *what, uint32_t times);
	void (*close)(void *front);
};

extern const struct front_ops front_ezsp;
extern const struct front_ops front_ideal;
extern const struct front_ops front_znp;

#endif
