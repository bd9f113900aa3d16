#include "tests/sim/site_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/site_gateway.h"
#include "tests/sim/site_world.h"

#define DURABLE_MS 5000 /* well above what a commit takes */

void site_audit_open(struct site_audit *audit, struct site_world *world, const struct site_gateway *gateway)
{
	*audit = (struct site_audit){ .world = world, .gateway = gateway };
}

void site_audit_close(struct site_audit *audit)
{
	free(audit->list);
}

size_t site_audit_ask(struct site_audit *audit, json_t *request)
{
	char by[24];

	if (audit->count == audit->room) {
		audit->room = audit->room ? 2 * audit->room : 64;
		audit->list = realloc(audit->list, audit->room * sizeof(*audit->list));
		if (!audit->list)
			abort();
	}
	struct site_action *action = &audit->list[audit->count];
	*action = (struct site_action){ 0 };
	snprintf(
		action->command, sizeof(action->command), "%s", json_string_value(json_object_get(request, "command")));
	snprintf(by, sizeof(by), "hand-%zu", audit->count);
	(void)json_object_set_new(request, "by", json_string(by));
	return audit->count++;
}

/* It may be lost with the power until it is committed, and where the disk refuses it. */
static void on_time_passed(void *context, uint64_t number)
{
	struct site_audit *audit = context;
	struct site_action *action = &audit->list[number];

	action->durable = audit->gateway->daemon && audit->gateway->starts == action->starts &&
			  !site_gateway_disk_fails(audit->gateway);
}

void site_audit_answered(struct site_audit *audit, size_t number, bool ok)
{
	struct site_action *action = &audit->list[number];

	action->answered = true;
	action->ok = ok;
	action->starts = audit->gateway->starts;
	site_world_later(audit->world, DURABLE_MS, on_time_passed, audit, number);
}

static void take(struct site_audit *audit, const json_t *entry)
{
	const char *by = json_string_value(json_object_get(entry, "by"));
	const char *command = json_string_value(json_object_get(entry, "command"));
	const char *outcome = json_string_value(json_object_get(entry, "outcome"));
	size_t number;

	if (!by || sscanf(by, "hand-%zu", &number) != 1 || number >= audit->count) {
		site_world_fail(audit->world, "the trail has an action of \"%s\", whom nobody knows", by ? by : "");
		return;
	}
	struct site_action *action = &audit->list[number];
	if (action->found++ > 0)
		site_world_fail(audit->world, "the trail has %s by %s twice", action->command, by);
	if (strcmp(command, action->command) != 0)
		site_world_fail(audit->world, "the trail has %s by %s, who asked for %s", command, by, action->command);
	if (action->answered && (strcmp(outcome, "ok") == 0) != action->ok)
		site_world_fail(audit->world, "the trail has %s for %s by %s", outcome, command, by);
}

void site_audit_judge(struct site_audit *audit, const json_t *trail)
{
	size_t oldest = audit->count;

	for (size_t i = 0; i < json_array_size(trail); i++)
		take(audit, json_array_get(trail, i));
	for (size_t i = audit->count; i-- > 0;)
		if (audit->list[i].found)
			oldest = i;
	/* What is older than the trail that was read is not missed. */
	if (json_array_size(trail) < SITE_AUDIT_MOST)
		oldest = 0;
	for (size_t i = oldest; i < audit->count; i++)
		if (audit->list[i].durable && !audit->list[i].found)
			site_world_fail(audit->world, "%s by hand-%zu was answered, and is not in the trail",
				audit->list[i].command, i);
}
