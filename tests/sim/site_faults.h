/*
 * site_faults: what goes wrong at a simulated site, and when: the gateway's power, its process, its disk, its uplink,
 * the power of the whole site.
 */
#ifndef WAKEGATE_TESTS_SITE_FAULTS_H
#define WAKEGATE_TESTS_SITE_FAULTS_H

#include <stdbool.h>

struct site_broker;
struct site_clock;
struct site_gateway;
struct site_nodes;
struct site_operator;
struct site_world;

struct site_faults {
	struct site_world *world;
	struct site_gateway *gateway;
	struct site_broker *broker;
	struct site_clock *clock;
	struct site_nodes *nodes;
	struct site_operator *worker;
	unsigned count;
	bool over;
};

/* Begins, if the plan has faults; ends by itself when the site is to settle. All outlive it. */
void site_faults_begin(struct site_faults *faults);

#endif
