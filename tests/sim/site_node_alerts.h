/*
 * site_node_alerts: the alerts of silent, failing and low-battery nodes of a simulated site, against what is the case:
 * one each while there are few, one for all while there are many, none for the others.
 *
 * Whom the gateway hears, and what nodes say of their batteries, is noted as it goes over the air. What is not certain,
 * after a restart or near a threshold, may be an alert or not.
 */
#ifndef WAKEGATE_TESTS_SITE_NODE_ALERTS_H
#define WAKEGATE_TESTS_SITE_NODE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

struct node_contact;
struct site_gateway;
struct site_world;

enum site_concern { SITE_SILENT, SITE_FAILING, SITE_BATTERY, SITE_CONCERNS };

struct site_concerned {
	int64_t since_ms[SITE_CONCERNS]; /* of the site's time, that it is so, or not so; 0: not known */
	bool is_so[SITE_CONCERNS];
	bool stands[SITE_CONCERNS]; /* its alert */
	int64_t heard_ms;           /* by the gateway; 0: never */
	unsigned heard_in;          /* which start of the gateway */
	int8_t battery;             /* percent, as it last said in this start; -1: it has not */
};

struct site_node_alerts {
	struct site_world *world;
	const struct site_gateway *gateway;
	struct site_concerned *list; /* by node; NULL: nothing is judged */
	unsigned starts;             /* of the gateway, at the last look */
	int64_t look_ms;
};

/* Judges where the plan has faults and its clocks are right. */
void site_node_alerts_open(
	struct site_node_alerts *alerts, struct site_world *world, const struct site_gateway *gateway);
void site_node_alerts_close(struct site_node_alerts *alerts);

/* As site_listener.met. */
void site_node_alerts_on_met(void *context, uint32_t node, const struct node_contact *contact);

/* After each turn; looks now and then. */
void site_node_alerts_look(struct site_node_alerts *alerts);

#endif
