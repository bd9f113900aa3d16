#include "tests/sim/ncp/scenario.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/ncp/air_clock.h"

#define FIRST_EUI64 UINT64_C(0x00124b0022000001)

enum kind { U32, MS, FLAG, TEXT, I32 };

struct row {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define ROW(name, kind, member)                                \
	{                                                      \
		name, kind, offsetof(struct node_plan, member) \
	}

static const struct row rows[] = {
	ROW("model", TEXT, model),
	ROW("maker", TEXT, maker),
	ROW("manufacturer", U32, manufacturer),
	ROW("image_type", U32, image_type),
	ROW("hardware", U32, hardware),
	ROW("version", U32, version),
	ROW("router", FLAG, is_router),
	ROW("sleepy", FLAG, is_sleepy),
	ROW("joined", FLAG, is_joined),
	ROW("off", FLAG, is_off),
	ROW("acks", FLAG, wants_acks),
	ROW("parent", I32, parent),
	ROW("poll_ms", MS, poll_us),
	ROW("fast_poll_ms", MS, fast_poll_us),
	ROW("think_ms", MS, think_us),
	ROW("wander_ms", MS, wander_us),
	ROW("loss_permille", U32, loss_permille),
};

static const struct row ota_rows[] = {
	ROW("block", U32, ota.block_bytes),
	ROW("page", U32, ota.page_bytes),
	ROW("page_spacing_ms", U32, ota.page_spacing_ms),
	ROW("retry_ms", MS, ota.retry_us),
	ROW("tries", U32, ota.tries),
	ROW("query_ms", MS, ota.query_us),
	ROW("wait_command_ms", MS, ota.wait_command_us),
	ROW("verify_ms", MS, ota.verify_us),
	ROW("reboot_ms", MS, ota.reboot_us),
	ROW("cut_at", U32, ota.cut_at_bytes),
	ROW("sends_period", FLAG, ota.sends_period),
	ROW("omits_period", FLAG, ota.omits_period),
	ROW("counts_seconds", FLAG, ota.counts_seconds),
	ROW("own_block", FLAG, ota.own_block),
	ROW("needs_sixteenths", FLAG, ota.needs_sixteenths),
	ROW("knows_no_wait", FLAG, ota.knows_no_wait),
	ROW("forgets", FLAG, ota.forgets),
	ROW("finds_bad", FLAG, ota.finds_bad),
	ROW("sends_eui64", FLAG, ota.sends_eui64),
};

static const char *const sensors[] = { "temperature", "humidity", "pressure", "illuminance", "occupancy", "battery",
	"power", "energy" };

static const struct node_plan usual = {
	.model = "sim.plug",
	.maker = "Simulated",
	.manufacturer = 0x1286,
	.image_type = 0x0203,
	.hardware = 1,
	.version = 0x10,
	.parent = NODE_PLAN_STICK,
	.poll_us = 5 * AIR_S,
	.fast_poll_us = 100 * AIR_MS,
	.think_us = 5 * AIR_MS,
	.ota = { .block_bytes = 64,
		.retry_us = 2 * AIR_S,
		.tries = 10,
		.wait_command_us = 3600 * AIR_S,
		.verify_us = 2 * AIR_S,
		.reboot_us = 2 * AIR_S },
};

static bool put(struct node_plan *plan, const struct row *row, const json_t *value)
{
	char *target = (char *)plan + row->offset;

	switch (row->kind) {
	case U32:
		*(uint32_t *)target = (uint32_t)json_integer_value(value);
		return json_is_integer(value);
	case I32:
		*(int32_t *)target = (int32_t)json_integer_value(value);
		return json_is_integer(value);
	case MS:
		*(int64_t *)target = (int64_t)(json_number_value(value) * AIR_MS);
		return json_is_number(value);
	case FLAG:
		*(bool *)target = json_is_true(value);
		return json_is_boolean(value);
	default:
		snprintf(target, NODE_PLAN_TEXT, "%s", json_is_string(value) ? json_string_value(value) : "");
		return json_is_string(value) && json_string_length(value) < NODE_PLAN_TEXT;
	}
}

static bool put_sensors(struct node_plan *plan, const json_t *list)
{
	size_t index;
	json_t *name;

	json_array_foreach (list, index, name) {
		size_t bit = 0;
		while (bit < sizeof(sensors) / sizeof(sensors[0]) &&
			strcmp(sensors[bit], json_is_string(name) ? json_string_value(name) : "") != 0)
			bit++;
		if (bit == sizeof(sensors) / sizeof(sensors[0]))
			return false;
		plan->sensors |= 1u << bit;
	}
	return json_is_array(list);
}

static const struct row *find(const struct row *in, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(in[i].name, name) == 0)
			return &in[i];
	}
	return NULL;
}

/* NULL, or the name of what is wrong. */
static const char *read_plan(struct node_plan *plan, json_t *from)
{
	const char *name;
	json_t *value;

	json_object_foreach (from, name, value) {
		const struct row *row = find(rows, sizeof(rows) / sizeof(rows[0]), name);
		bool is_fine = row ? put(plan, row, value) : strcmp(name, "count") == 0 || strcmp(name, "ota") == 0;
		if (strcmp(name, "sensors") == 0)
			is_fine = put_sensors(plan, value);
		if (!is_fine)
			return name;
	}
	json_object_foreach (json_object_get(from, "ota"), name, value) {
		const struct row *row = find(ota_rows, sizeof(ota_rows) / sizeof(ota_rows[0]), name);
		if (!row || !put(plan, row, value))
			return name;
	}
	plan->is_router = plan->is_router && !plan->is_sleepy;
	return NULL;
}

static const char *add_group(struct scenario *scenario, json_t *group)
{
	struct node_plan plan = usual;
	json_t *count = json_object_get(group, "count");
	json_int_t wanted = count ? json_integer_value(count) : 1;

	const char *wrong = read_plan(&plan, group);
	if (wrong)
		return wrong;
	if (wanted < 1 || wanted > (json_int_t)(SCENARIO_NODES_MAX - scenario->count))
		return "count";
	if (plan.parent >= (int32_t)scenario->count || (plan.parent >= 0 && !scenario->plans[plan.parent].is_router))
		return "parent";
	while (wanted-- > 0) {
		plan.eui64 = FIRST_EUI64 + scenario->count;
		scenario->plans[scenario->count++] = plan;
	}
	return NULL;
}

int scenario_read(struct scenario *out, const char *path, char *why, size_t why_size)
{
	json_error_t error;
	size_t index;
	json_t *group;
	const char *wrong = NULL;
	struct scenario scenario = { .plans = calloc(SCENARIO_NODES_MAX, sizeof(*scenario.plans)) };
	json_t *all = json_load_file(path, 0, &error);

	if (!all || !scenario.plans) {
		snprintf(why, why_size, "%s:%d: %s", path, error.line, error.text);
		free(scenario.plans);
		json_decref(all);
		return -EINVAL;
	}
	json_array_foreach (json_object_get(all, "nodes"), index, group) {
		wrong = add_group(&scenario, group);
		if (wrong) {
			snprintf(
				why, why_size, "%s: nodes[%zu]: \"%s\" is unknown or out of range", path, index, wrong);
			break;
		}
	}
	if (wrong)
		scenario_finish(&scenario);
	else
		*out = scenario;
	json_decref(all);
	return wrong ? -EINVAL : 0;
}

void scenario_finish(struct scenario *scenario)
{
	free(scenario->plans);
	*scenario = (struct scenario){ 0 };
}
