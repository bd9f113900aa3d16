#include "tests/sim/site_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/nodes.h"
#include "gateway/rollouts.h"
#include "gateway/update.h"
#include "gateway/updates.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_hours.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_nodes.h"
#include "tests/sim/site_operator.h"
#include "tests/sim/site_world.h"

__extension__ typedef unsigned __int128 wide;

void site_watch_open(struct site_watch *watch, struct site_world *world, struct site_gateway *gateway,
	const struct site_images *images, struct site_nodes *nodes)
{
	*watch = (struct site_watch){ .world = world, .gateway = gateway, .images = images, .nodes = nodes };
	watch->said = calloc(nodes->count, sizeof(*watch->said));
	watch->last = malloc(nodes->count);
	if (!watch->said || !watch->last)
		abort();
	memset(watch->last, -1, nodes->count);
}

void site_watch_close(struct site_watch *watch)
{
	free(watch->said);
	free(watch->last);
}

static struct daemon_view view_of(const struct site_watch *watch)
{
	struct daemon_view view;

	daemon_view(watch->gateway->daemon, &view);
	return view;
}

/* The rollout of an image, or NULL. */
static const struct rollout *rollout_of(const struct site_watch *watch, int image)
{
	struct daemon_view view = view_of(watch);

	for (size_t i = 0; i < rollouts_count(view.rollouts); i++) {
		const struct rollout *rollout = rollouts_at(view.rollouts, i);
		if (memcmp(rollout->plan.sha256, watch->images->list[image].sha256, 32) == 0)
			return rollout;
	}
	return NULL;
}

/* Waves, as docs/rollouts.md has it: where the node stands is the head of a hash of both names. */
static uint32_t place_of(const char *rollout, const char *node)
{
	char text[64];
	uint8_t digest[DIGEST_MAX];
	uint64_t head = 0;
	size_t size = strlen(rollout) + 1;

	memcpy(text, rollout, size);
	memcpy(text + size, node, strlen(node));
	digest_compute(DIGEST_SHA256, text, size + strlen(node), digest);
	for (size_t i = 0; i < 8; i++)
		head = head << 8 | digest[i];
	return (uint32_t)((wide)head * 1000000 >> 64);
}

/* How far the first wave of a gateway alone goes: up to the first of the nodes that told it their hardware. */
static uint32_t reach_of_first(const struct site_watch *watch, int image, const struct rollout *rollout)
{
	struct daemon_view view = view_of(watch);
	uint32_t first = 1000000;
	char id[16];

	for (uint32_t i = 0; i < watch->nodes->count; i++) {
		uint32_t place = place_of(rollout->plan.id, site_radio_node_id(i, id));
		const struct node *known = nodes_find(view.nodes, id);
		if (watch->nodes->list[i].hardware == image % SITE_HARDWARE_MAX && place < first && known &&
			*known->record.hardware)
			first = place;
	}
	return first + 1;
}

static bool is_within_wave(const struct site_watch *watch, int image, const struct rollout *rollout, uint32_t node)
{
	char id[16];
	uint32_t place = place_of(rollout->plan.id, site_radio_node_id(node, id));

	return place < rollout->plan.waves[rollout->wave] || place < watch->seen[image].first_reach;
}

/* Whether a rollout of that hardware, of another image, was ended by going back. */
static bool goes_back(const struct site_watch *watch, int image)
{
	for (int other = image % SITE_HARDWARE_MAX; other < SITE_IMAGES; other += SITE_HARDWARE_MAX) {
		const struct rollout *rollout = other == image ? NULL : rollout_of(watch, other);
		if (rollout && rollout->state == ROLLOUT_ROLLED_BACK)
			return true;
	}
	return false;
}

/* What the rollout of the image, and the quiet hours of the node, say of that moment. */
static bool is_open_at(
	const struct site_watch *watch, uint32_t node, int image, const struct site_hours *hours, int64_t wall_ms)
{
	const struct site_plan *plan = watch->world->plan;

	/* No window opens before the clock was set. */
	bool is_known = !site_clock_is_unset(watch->world);

	if (node < SITE_QUIET_NODES && plan->quiet && !(is_known && site_hours_are_open(plan->quiet, wall_ms)))
		return false;
	/* Back from a bad image as soon as can be. */
	return !hours || goes_back(watch, image) || (is_known && site_hours_are_open(hours, wall_ms));
}

/* When it is told that it may start the image, and until when. */
static void check_activation(struct site_watch *watch, uint32_t node, const struct site_answer *answer)
{
	const struct site_plan *plan = watch->world->plan;
	const struct site_hours *hours = plan->apply_window ? plan->apply_window : plan->window;
	int64_t now_ms = site_world_clock_ms(watch->world), from_ms = now_ms + (int64_t)answer->apply_s * 1000;
	int64_t last_ms = now_ms + (int64_t)answer->until_s * 1000 - 1;

	/* Told twice the same, it may never: its hours are not known, or are never open. */
	if (answer->until_s > 0 && answer->apply_s >= answer->until_s)
		return;
	/* It was told by the clock as it was then. */
	if (site_clock_has_just_jumped(watch->world))
		return;
	if (!is_open_at(watch, node, answer->image, hours, from_ms))
		site_world_fail(watch->world, "node-%05u may start its image in %u s, outside its hours", node,
			answer->apply_s);
	if (answer->until_s > 0 && last_ms > from_ms && !is_open_at(watch, node, answer->image, hours, last_ms))
		site_world_fail(watch->world, "node-%05u may start its image for %u s, until after its hours", node,
			answer->until_s);
}

void site_watch_on_served(void *context, uint32_t node, int image, uint32_t bytes)
{
	struct site_watch *watch = context;

	watch->served += bytes;
	if (!site_clock_has_just_jumped(watch->world) &&
		!is_open_at(watch, node, image, watch->world->plan->window, site_world_clock_ms(watch->world)))
		site_world_fail(watch->world, "node-%05u is given a block outside its hours", node);
}

/* Why the rollout of `ordered` gives the node no right to an image; NULL: it does. */
static const char *objection(const struct site_watch *watch, uint32_t node, int ordered)
{
	const struct rollout *rollout = rollout_of(watch, ordered);

	if (!rollout)
		return "nobody ordered it";
	if (rollout->state != ROLLOUT_ROLLING && rollout->state != ROLLOUT_SOAKING &&
		rollout->state != ROLLOUT_COMPLETE)
		return rollout_state_name(rollout->state);
	return is_within_wave(watch, ordered, rollout, node) ? NULL : "its wave has not come";
}

/* It may be ordered by itself, or be on the way to the next image. */
static const char *objection_to(const struct site_watch *watch, uint32_t node, int image)
{
	const char *why = objection(watch, node, image);

	if (!why || !watch->world->plan->stones || site_image_level(image) == SITE_NEXT)
		return why;
	return objection(watch, node, site_image_at(image, SITE_NEXT)) ? why : NULL;
}

static void check_offer(struct site_watch *watch, uint32_t node, int image)
{
	struct site_world *world = watch->world;
	const char *name = watch->images->list[image].name;
	int runs = watch->last[node];

	watch->offers++;
	if (image % SITE_HARDWARE_MAX != watch->nodes->list[node].hardware)
		site_world_fail(world, "node-%05u is offered an image for other hardware", node);
	if (runs < 0)
		site_world_fail(world, "node-%05u is offered %s, and has never said what it runs", node, name);
	else if (!site_image_suits(world->plan, image, runs))
		site_world_fail(world, "node-%05u runs %s and is offered %s, which requires %s", node,
			watch->images->list[runs].version, watch->images->list[image].version,
			site_image_requires(world->plan, image));
	if (goes_back(watch, image))
		return;
	const char *why = objection_to(watch, node, image);
	if (why)
		site_world_fail(world, "node-%05u is offered %s: %s", node, name, why);
}

/* The registry and the update of a node that has just said what it runs. */
static void check_told(struct site_watch *watch, uint32_t index)
{
	const struct site_node *node = &watch->nodes->list[index];
	struct daemon_view view = view_of(watch);
	char id[16];
	const struct node *known = nodes_find(view.nodes, site_radio_node_id(index, id));
	const struct update *update = updates_find(view.updates, id);
	const uint8_t *truth = watch->images->list[node->runs].sha256;

	if (!known || memcmp(known->record.image, truth, 8) != 0)
		site_world_fail(watch->world, "%s said what it runs, and the registry has something else", id);
	if (update && update->state == UPDATE_CONFIRMED && memcmp(update->record.sha256, truth, 32) != 0)
		site_world_fail(watch->world, "the update of %s is confirmed, and it runs something else", id);
	if (update && update_is_active(update) && memcmp(update->record.sha256, truth, 32) == 0)
		site_world_fail(watch->world, "the update of %s goes on, and it runs the image", id);
}

/* No word and no transfer proves that a node runs an image: it says so itself. */
static void check_confirmed(struct site_watch *watch, uint32_t index)
{
	struct daemon_view view = view_of(watch);
	char id[16];
	const struct update *update = updates_find(view.updates, site_radio_node_id(index, id));
	int image = update && update->state == UPDATE_CONFIRMED ? site_images_find(watch->images, update->record.sha256)
								: -1;

	if (image >= 0 && !(watch->said[index] & 1u << image))
		site_world_fail(watch->world, "the update of %s is confirmed, and it never said so", id);
}

void site_watch_on_answering(void *context, uint32_t node, const struct site_answer *answer)
{
	struct site_watch *watch = context;
	int64_t interval_ms = watch->world->plan->interval_ms;

	watch->answers++;
	if (answer->result < 0) {
		site_nodes_on_refusal(watch->nodes, node);
		return;
	}
	if (answer->next_s == 0 || answer->next_s > 2 * interval_ms / 1000 + 1)
		site_world_fail(watch->world, "node-%05u is told to come in %u s", node, answer->next_s);
	bool reports = watch->nodes->list[node].phase == SITE_CHECKING_IN;
	if (reports)
		watch->last[node] = watch->nodes->list[node].runs;
	if (answer->image >= 0 && site_operator_has_halted(watch->worker))
		site_world_fail(watch->world, "node-%05u is offered an image, and all is halted", node);
	if (answer->image >= 0) {
		check_offer(watch, node, answer->image);
		check_activation(watch, node, answer);
	}
	if (reports) {
		watch->said[node] |= (uint8_t)(1u << watch->nodes->list[node].runs);
		check_told(watch, node);
	}
	check_confirmed(watch, node);
}

void site_watch_on_heard(void *context, uint32_t node)
{
	check_confirmed(context, node);
}

void site_watch_on_offered(void *context, uint32_t node, int image)
{
	struct site_watch *watch = context;

	if (image < 0)
		site_world_fail(watch->world, "node-%05u is offered an image that does not exist", node);
	else if (image % SITE_HARDWARE_MAX != watch->nodes->list[node].hardware)
		site_world_fail(watch->world, "node-%05u gets an offer of an image for other hardware", node);
}

static int64_t clock_off_ms(const struct site_watch *watch)
{
	return site_world_clock_ms(watch->world) - watch->world->now_ms;
}

/*
 * What the soak took as the gateway can know it: where the clock was put forward while there was no power, nothing
 * tells that from time that passed. But nobody takes a clock that was never set for one.
 */
static int64_t soaked_ms(const struct site_watch *watch, const struct site_rollout_seen *seen)
{
	int64_t soaked_ms = watch->world->now_ms - seen->soaks_since_ms,
		ahead_ms = clock_off_ms(watch) - seen->soaks_off_ms;

	return watch->gateway->cuts != seen->soaks_cuts && ahead_ms > 0 && ahead_ms < SITE_DAY_MS ? soaked_ms + ahead_ms
												  : soaked_ms;
}

/* A rollout moved on: only past a soak, or because an operator said so. */
static void check_step(struct site_watch *watch, int image, const struct rollout *rollout)
{
	struct site_rollout_seen *seen = &watch->seen[image];
	/* What a gate said is not durable yet when the power goes, and it may say something else then. */
	bool was_soaking = seen->state == ROLLOUT_SOAKING || seen->starts != watch->gateway->starts;

	if (rollout->wave <= seen->wave || seen->resumed)
		return;
	if (rollout->wave > seen->wave + 1)
		site_world_fail(watch->world, "rollout %s leapt from wave %u to %u", rollout->plan.id, seen->wave + 1,
			rollout->wave + 1);
	else if (!was_soaking || soaked_ms(watch, seen) < site_plan_soak_ms(watch->world->plan, seen->wave))
		site_world_fail(watch->world, "rollout %s went on to wave %u after a soak of %d s", rollout->plan.id,
			rollout->wave + 1, (int)(soaked_ms(watch, seen) / 1000));
}

/* Whether it was stopped for nodes that fell silent, and that is not what a power cut brought back. */
static bool is_stopped_by_silence(struct site_rollout_seen *seen, const struct rollout *rollout)
{
	const char *said = strstr(rollout->reason, " fell silent");
	bool some = said && !(said - rollout->reason >= 2 && said[-1] == '0' && said[-2] == ' ');

	if (!some || (rollout->state != ROLLOUT_TRIPPED && rollout->state != ROLLOUT_ROLLED_BACK) ||
		strcmp(seen->silence, rollout->reason) == 0)
		return false;
	snprintf(seen->silence, sizeof(seen->silence), "%s", rollout->reason);
	return true;
}

/* A node is silent only after its deadline, and the deadline begins with all that is needed to come and to be served.
 */
static void check_silence(struct site_watch *watch, int image, const struct rollout *rollout)
{
	const struct site_plan *plan = watch->world->plan;
	int64_t since_ms = watch->seen[image].rolls_since_ms;
	int64_t stone_ms = watch->worker->brought_ms[site_image_at(image, SITE_STONE)];

	if (!is_stopped_by_silence(&watch->seen[image], rollout))
		return;
	if (since_ms < watch->gateway->started_ms)
		since_ms = watch->gateway->started_ms;
	if (plan->stones && site_image_level(image) == SITE_NEXT && since_ms < stone_ms)
		since_ms = stone_ms;
	if (watch->world->now_ms - since_ms < rollout->plan.deadline_wakes * plan->interval_ms)
		site_world_fail(watch->world, "rollout %s found nodes silent after %d min: %s", rollout->plan.id,
			(int)((watch->world->now_ms - since_ms) / SITE_MINUTE_MS), rollout->reason);
}

static void look_at(struct site_watch *watch, int image, const struct rollout *rollout)
{
	struct site_rollout_seen *seen = &watch->seen[image];
	bool changed = seen->state != (int)rollout->state || seen->wave != rollout->wave;

	if (seen->known && !changed)
		return;
	if (seen->known)
		check_step(watch, image, rollout);
	site_world_say(watch->world, "rollout %s: %s wave %u: %s", rollout->plan.id, rollout_state_name(rollout->state),
		rollout->wave + 1, rollout->reason);
	check_silence(watch, image, rollout);
	if (rollout->state == ROLLOUT_SOAKING) {
		seen->soaks_since_ms = watch->world->now_ms;
		seen->soaks_off_ms = clock_off_ms(watch);
		seen->soaks_cuts = watch->gateway->cuts;
	}
	if (rollout->state == ROLLOUT_ROLLING) {
		uint32_t reach = reach_of_first(watch, image, rollout);
		seen->rolls_since_ms = watch->world->now_ms;
		seen->first_reach = reach > seen->first_reach ? reach : seen->first_reach;
	}
	seen->resumed = rollout->state == ROLLOUT_PAUSED || rollout->state == ROLLOUT_TRIPPED;
	if (rollout->state == ROLLOUT_COMPLETE && seen->completed_ms == 0)
		seen->completed_ms = watch->world->now_ms;
	seen->known = true;
	seen->starts = watch->gateway->starts;
	seen->state = (int)rollout->state;
	seen->wave = rollout->wave;
}

void site_watch_look(struct site_watch *watch)
{
	if (!watch->gateway->daemon)
		return;
	struct daemon_view view = view_of(watch);
	for (size_t i = 0; i < rollouts_count(view.rollouts); i++) {
		const struct rollout *rollout = rollouts_at(view.rollouts, i);
		int image = site_images_find(watch->images, rollout->plan.sha256);
		if (image >= 0)
			look_at(watch, image, rollout);
	}
}

/* The end. */

static void judge_node(struct site_watch *watch, uint32_t index)
{
	const struct site_node *node = &watch->nodes->list[index];
	struct daemon_view view = view_of(watch);
	char id[16];
	const struct node *known = nodes_find(view.nodes, site_radio_node_id(index, id));
	const struct update *update = updates_find(view.updates, id);

	if (node->phase == SITE_DEAD || node->told < 0)
		return;
	if (!known) {
		site_world_fail(watch->world, "%s is not in the registry", id);
		return;
	}
	/* What it said last, whether or not it heard the answer. */
	if (memcmp(known->record.image, watch->images->list[watch->last[index]].sha256, 8) != 0)
		site_world_fail(watch->world, "the registry has another image for %s than it told last", id);
	if (!update && node->updates > 0 && watch->gateway->unsaved_ends == 0)
		site_world_fail(watch->world, "%s was updated, and nobody knows of it", id);
	if (update && update_is_active(update) &&
		site_world_clock_ms(watch->world) - update->record.created_ms >
			watch->world->plan->deadline_ms + SITE_HOUR_MS)
		site_world_fail(watch->world, "the update of %s is still %s", id, update_state_name(update->state));
}

static void judge_rollout(struct site_watch *watch, int image)
{
	const struct rollout *rollout = rollout_of(watch, image);
	const struct site_rollout_seen *seen = &watch->seen[image];
	const struct site_plan *plan = watch->world->plan;
	int64_t stone_ms = watch->worker->brought_ms[site_image_at(image, SITE_STONE)];
	int64_t since_ms = seen->rolls_since_ms > stone_ms ? seen->rolls_since_ms : stone_ms;
	int64_t wakes = plan->stones ? 28 : 14;

	if (since_ms < watch->gateway->started_ms)
		since_ms = watch->gateway->started_ms;
	int64_t rolls_ms = watch->world->now_ms - since_ms;
	/* Hours may leave nodes no time in common. */
	if (plan->window || plan->apply_window || plan->quiet)
		return;
	/* The operator did not come to it: another rollout stands, and he asks again and again for the next one. */
	if (plan->stones && site_image_level(image) == SITE_NEXT && stone_ms == 0)
		return;
	/* Twice the wakes after which a node counts as silent, also on its way over a stone, and an update's whole
	 * time. */
	if (rollout && rollout->state == ROLLOUT_ROLLING &&
		rolls_ms > wakes * plan->interval_ms + plan->deadline_ms + SITE_HOUR_MS)
		site_world_fail(watch->world, "rollout %s hangs in wave %u", rollout->plan.id, rollout->wave + 1);
}

void site_watch_judge(struct site_watch *watch)
{
	if (!watch->gateway->daemon) {
		site_world_fail(watch->world, "the gateway does not run at the end");
		return;
	}
	for (uint32_t i = 0; i < watch->nodes->count; i++)
		judge_node(watch, i);
	for (int image = 0; image < SITE_IMAGES; image++)
		judge_rollout(watch, image);
}
