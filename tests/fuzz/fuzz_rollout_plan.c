/* fuzz_rollout_plan: the JSON of a rollout; what is taken must come back from what is written of it. */
#include <stdlib.h>
#include <string.h>

#include "gateway/nodes.h"
#include "gateway/rollout_plan.h"

static void use(const struct rollout_plan *plan)
{
	const struct node_record node = { .id = "hall-1", .hardware = "meter-2", .version = "1.2.3" };
	char why[ROLLOUT_SENTENCE_SIZE];
	struct rollout_plan again;
	json_t *json = rollout_plan_json(plan);

	if (rollout_plan_parse(&again, json, why) < 0 || memcmp(&again, plan, sizeof(again)) != 0)
		abort();
	json_decref(json);
	if (rollout_targets_judge(&plan->targets, NULL, &node, false) >= TARGET_VERDICTS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "";
	struct rollout_plan plan;
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (!json)
		return 0;
	if (rollout_plan_parse(&plan, json, why) == 0)
		use(&plan);
	else if (!*why)
		abort(); /* a refusal without a word */
	json_decref(json);
	return 0;
}
