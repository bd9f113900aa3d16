/*
 * site_alerts: the alerts of a simulated site, as they come to the broker and as the gateway has them, against what is
 * the case: raised when true, cleared when not, each change told once.
 */
#ifndef WAKEGATE_TESTS_SITE_ALERTS_H
#define WAKEGATE_TESTS_SITE_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/site_plan.h"

#define SITE_ALERTS_MAX 1000

struct site_broker;
struct site_gateway;
struct site_images;
struct site_nodes;
struct site_operator;
struct site_watch;
struct site_world;

/* As it was last told. */
struct site_alert {
	char kind[24], subject[72];
	bool raised;
	int64_t changed_ms;
	unsigned starts;  /* of the gateway, by then */
	uint32_t session; /* with the broker */
	bool settled;     /* the gateway knows that it came */
};

/* Something that is to be an alert, and since when it has been so, or not so. */
struct site_trouble {
	bool is_so;
	int64_t since_ms;
};

struct site_alerts {
	struct site_world *world;
	const struct site_gateway *gateway;
	const struct site_broker *broker;
	const struct site_operator *worker;
	struct site_alert *list;
	size_t count;
	struct site_trouble down, halted, unset, tripped[SITE_IMAGES], missing[SITE_IMAGES];
	unsigned starts; /* of the gateway, at the last look */
	int64_t look_ms;
};

void site_alerts_open(struct site_alerts *alerts, struct site_world *world, const struct site_gateway *gateway,
	const struct site_broker *broker);
void site_alerts_close(struct site_alerts *alerts);

/* The broker has a message of alert/{gateway}; the number of the alert, for site_alerts_settle(), or -1. */
int site_alerts_take(struct site_alerts *alerts, const char *json, size_t size);
/* The gateway was told that the message came. */
void site_alerts_settle(struct site_alerts *alerts, int number);

/* After each turn; looks now and then. */
void site_alerts_look(struct site_alerts *alerts);

#endif
