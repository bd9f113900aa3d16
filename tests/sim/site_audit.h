/*
 * site_audit: what the operator of a simulated site asked the gateway to do, against the gateway's own trail of it.
 *
 * Each request says that it is by somebody of its own, so an entry is known to be of one request.
 */
#ifndef WAKEGATE_TESTS_SITE_AUDIT_H
#define WAKEGATE_TESTS_SITE_AUDIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_gateway;
struct site_world;

struct site_action {
	char command[32];
	bool answered, ok;
	bool durable;    /* the gateway had time to write it down since, and a disk */
	unsigned starts; /* of the gateway, when it was answered */
	unsigned found;  /* in the trail */
};

struct site_audit {
	struct site_world *world;
	const struct site_gateway *gateway;
	struct site_action *list;
	size_t count, room;
};

void site_audit_open(struct site_audit *audit, struct site_world *world, const struct site_gateway *gateway);
void site_audit_close(struct site_audit *audit);

/* A request is about to be made, which gets `by`; its number, for site_audit_answered(). */
size_t site_audit_ask(struct site_audit *audit, json_t *request);
void site_audit_answered(struct site_audit *audit, size_t number, bool ok);

/* The trail's newest SITE_AUDIT_MOST entries, as the command "audit" tells them: each action is in it once. */
#define SITE_AUDIT_MOST 1000
void site_audit_judge(struct site_audit *audit, const json_t *trail);

#endif
