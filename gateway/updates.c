#include "gateway/updates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/id_map.h"
#include "drivers/image_source.h"
#include "drivers/slab.h"
#include "gateway/holds.h"
#include "gateway/log.h"
#include "gateway/nodes.h"

#define TICK_MS 1000
#define STALL_VISITS 2     /* of a node that comes as it likes: a download without progress for so many has failed */
#define DEADLINE_VISITS 10 /* and so has an update that is not done after so many */
#define SAVED_PARTS 4      /* a transfer's offset is saved this often, so that a restart shows it about right */

struct updates {
	struct updates_parts parts;
	struct update **list;
	size_t count;
	size_t room;
	struct id_map by_node;
	struct slab slab; /* an update may take months */
	bool save_failed;
};

static void on_saved(void *context, int result)
{
	struct updates *updates = context;

	updates->save_failed |= result < 0;
}

static void save(struct updates *updates, struct update *update, const struct journal_entry *entry)
{
	struct store_reply reply = { .done = on_saved, .context = updates };

	snprintf(update->record.state, sizeof(update->record.state), "%s", update_state_name(update->state));
	if (store_update_save(updates->parts.store, &update->record, entry, reply) < 0)
		updates->save_failed = true;
}

static void save_all(struct updates *updates)
{
	updates->save_failed = false;
	for (size_t i = 0; i < updates->count && !updates->save_failed; i++)
		save(updates, updates->list[i], NULL);
}

static int insert(struct updates *updates, const struct stored_update *record, struct update **out)
{
	if (updates->count == updates->room) {
		size_t room = updates->room ? updates->room * 2 : 64;
		struct update **list = realloc(updates->list, room * sizeof(*list));
		if (!list)
			return -ENOMEM;
		updates->list = list;
		updates->room = room;
	}
	struct update *update = slab_take(&updates->slab);
	if (!update)
		return -ENOMEM;
	update->record = *record;
	if (id_map_add(&updates->by_node, update->record.node, update) < 0) {
		slab_give_back(&updates->slab, update);
		return -ENOMEM;
	}
	updates->list[updates->count++] = update;
	*out = update;
	return 0;
}

static void on_stored_update(void *context, const struct stored_update *record)
{
	struct updates *updates = context;
	int state = update_state_parse(record->state);
	struct update *update;

	if (state >= 0 && insert(updates, record, &update) == 0)
		update->state = (enum update_state)state;
}

static struct image_source *image_of(const struct updates *updates, const struct update *update)
{
	const char *hardware;

	return updates->parts.port.image(updates->parts.port.context, update->record.sha256, &hardware);
}

static bool is_held(const struct updates *updates, const struct update *update)
{
	return holds_on(updates->parts.holds, update->record.node) != NULL;
}

static int64_t battery_needed(const struct updates *updates, const struct node *node)
{
	const struct updates_port *port = &updates->parts.port;
	int64_t of_all = updates->parts.settings->battery_percent;
	int64_t of_node = port->battery ? port->battery(port->context, node) : 0;

	return of_node > of_all ? of_node : of_all;
}

/* A transfer that began is not ended for a battery that went down by it. */
static bool has_low_battery(const struct updates *updates, const struct node *node, const struct update *update)
{
	return update->state == UPDATE_OFFERED && !update->record.at_once && node->record.battery_percent >= 0 &&
	       node->record.battery_percent < battery_needed(updates, node);
}

static struct update_times times_of(
	const struct updates *updates, const struct node *node, const struct update *update, struct moment now)
{
	const struct updates_port *port = &updates->parts.port;

	return port->times ? port->times(port->context, node, update, now)
			   : (struct update_times){ .changes_ms = INT64_MAX };
}

/* A time of the wall clock on the monotonic one; never 0, which means that there is none. */
static int64_t monotonic_of(int64_t wall_ms, struct moment now)
{
	int64_t ms = wall_ms - now.wall_ms + now.monotonic_ms;

	return wall_ms == 0 ? 0 : ms > 0 ? ms : 1;
}

static struct offer_times offer_times_of(const struct update_times *times, struct moment now)
{
	return (struct offer_times){
		.fetch_from_ms = monotonic_of(times->fetch_from_ms, now),
		.fetch_until_ms = monotonic_of(times->fetch_until_ms, now),
		.apply_at_ms = monotonic_of(times->apply_from_ms, now),
		.apply_until_ms = monotonic_of(times->apply_until_ms, now),
	};
}

static bool is_for_other_hardware(
	const struct updates *updates, const uint8_t sha256[32], const struct node_record *node)
{
	const struct updates_port *port = &updates->parts.port;
	const char *hardware = "";

	return port->image(port->context, sha256, &hardware) && *hardware && *node->hardware &&
	       strcmp(hardware, node->hardware) != 0;
}

/* The node said what it is only after the order, or another device has its id by now. */
static bool is_wrong_for_node(const struct updates *updates, const struct node *node, const struct update *update)
{
	return !update->record.forced && is_for_other_hardware(updates, update->record.sha256, &node->record);
}

/* Brings the driver's offer in line with the update. */
static void renew_offer(struct updates *updates, struct node *node, struct update *update, struct moment now)
{
	const struct updates_port *port = &updates->parts.port;

	if (!update_is_due(update, now) || is_held(updates, update) || update->withheld ||
		has_low_battery(updates, node, update) || is_wrong_for_node(updates, node, update)) {
		port->withdraw(port->context, node);
		return;
	}
	update->times = times_of(updates, node, update, now);
	if (update->times.changes_ms <= now.wall_ms)
		return; /* not known yet: at the next tick */
	struct image_source *image = image_of(updates, update);
	if (!image) {
		port->withdraw(port->context, node);
		return;
	}
	update->size_bytes = image->size_bytes;
	const struct driver_offer offer = { node->record.id, image, offer_times_of(&update->times, now) };
	int error = port->offer(port->context, node, &offer);
	if (error)
		log_warning("update.offer_refused node=%s image=%s error=\"%s\"", node->record.id, image->name,
			strerror(-error));
}

/* Saves, journals and logs a step, and tells the watchers. */
static void settle(struct updates *updates, struct node *node, struct update *update, const struct update_step *step,
	struct moment now)
{
	const struct updates_port *port = &updates->parts.port;
	struct journal_entry entry = { .at_ms = now.wall_ms };

	if (!step->changed)
		return;
	snprintf(entry.subject, sizeof(entry.subject), "%s", update->record.node);
	snprintf(entry.event, sizeof(entry.event), "update.%s", update_state_name(update->state));
	snprintf(entry.detail, sizeof(entry.detail), "%s", step->detail);
	save(updates, update, &entry);
	log_line(update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED ? LOG_LEVEL_WARNING
										    : LOG_LEVEL_NOTICE,
		"update.%s node=%s image=%02x%02x%02x%02x %s", update_state_name(update->state), update->record.node,
		update->record.sha256[0], update->record.sha256[1], update->record.sha256[2], update->record.sha256[3],
		step->detail);
	if (node)
		renew_offer(updates, node, update, now);
	if (node && port->changed)
		port->changed(port->context, node, update);
}

/* A node that comes as it likes, and seldom, has the time that it needs: the visits after which others are given up. */
static struct update_settings settings_for(const struct updates *updates, const struct node *node)
{
	struct update_settings settings = *updates->parts.settings;
	int64_t period_ms = node ? node_record_own_period_ms(&node->record) : 0;

	if (settings.stall_after_ms < STALL_VISITS * period_ms)
		settings.stall_after_ms = STALL_VISITS * period_ms;
	if (settings.deadline_ms < DEADLINE_VISITS * period_ms)
		settings.deadline_ms = DEADLINE_VISITS * period_ms;
	return settings;
}

static void apply(struct updates *updates, struct node *node, struct update *update, const struct update_event *event,
	struct moment now)
{
	uint32_t part = update->size_bytes / SAVED_PARTS + 1;
	uint32_t before = update->record.offset;
	struct update_settings settings = settings_for(updates, node);
	struct update_step step = update_apply(update, event, &settings, now, updates->parts.random);

	settle(updates, node, update, &step, now);
	if (step.moved && before / part != update->record.offset / part)
		save(updates, update, NULL);
}

int updates_open(struct updates **out, const struct updates_parts *parts, struct moment now)
{
	struct updates *updates = calloc(1, sizeof(*updates));

	if (!updates)
		return -ENOMEM;
	updates->parts = *parts;
	slab_init(&updates->slab, sizeof(struct update));
	id_map_init(&updates->by_node);
	int error = store_updates_load(parts->store, on_stored_update, updates);
	if (error) {
		updates_close(updates);
		return error;
	}
	if (parts->missed_jump)
		updates_follow_clock(updates, parts->missed_jump);
	for (size_t i = 0; i < updates->count; i++) {
		struct node *node = nodes_find(parts->nodes, updates->list[i]->record.node);
		if (node && update_is_due(updates->list[i], now)) {
			renew_offer(updates, node, updates->list[i], now);
			/* Whether it waited for a window until now is not known: it has its time from now on. */
			if (updates->list[i]->times.changes_ms < INT64_MAX)
				updates->list[i]->waited_ms = now.wall_ms;
			/* And while the gateway was away it could not ask. */
			updates->list[i]->told_to_come_ms = now.wall_ms;
		}
	}
	*out = updates;
	return 0;
}

void updates_close(struct updates *updates)
{
	if (!updates)
		return;
	slab_finish(&updates->slab);
	id_map_finish(&updates->by_node);
	free(updates->list);
	free(updates);
}

/* 0 if the order makes sense for its node. */
static int judge_order(struct updates *updates, const struct update_order *order, const struct update *former)
{
	const struct updates_port *port = &updates->parts.port;
	const struct node_record *node = &order->node->record;
	const char *hardware;

	if (!port->image(port->context, order->sha256, &hardware))
		return -ENOENT;
	bool same = former && update_is_active(former) && memcmp(former->record.goal, order->sha256, 32) == 0;
	if (same && (former->record.at_once || !order->at_once))
		return -EALREADY;
	if (order->force)
		return 0;
	if (is_for_other_hardware(updates, order->sha256, node))
		return -EINVAL;
	return digest_heads_match(node->image, node->image_size, order->sha256, 32) ? -EALREADY : 0;
}

/* The first image on the way. */
static int find_step(
	const struct updates *updates, const struct node *node, const uint8_t goal[32], uint8_t step[32], char *why)
{
	const struct updates_port *port = &updates->parts.port;

	memcpy(step, goal, 32);
	return port->next ? port->next(port->context, node, goal, step, why) : 0;
}

/* The next image on its way is offered. */
static void offer_next(struct update *update, const struct node_record *node, const uint8_t next[32])
{
	struct stored_update *record = &update->record;

	update->state = UPDATE_OFFERED;
	memset(record->previous, 0, sizeof(record->previous));
	memcpy(record->previous, node->image, node->image_size);
	record->previous_size = node->image_size;
	memcpy(record->sha256, next, sizeof(record->sha256));
	record->attempts = record->offset = 0;
	record->retry_at_ms = 0;
}

/* The update has failed for a reason of ours. */
static void give_up(
	struct updates *updates, struct node *node, struct update *update, const char *why, struct moment now)
{
	struct update_step step = { .changed = true };

	update->state = UPDATE_FAILED;
	update->record.changed_ms = now.wall_ms;
	snprintf(update->record.reason, sizeof(update->record.reason), "%.64s", why);
	snprintf(step.detail, sizeof(step.detail), "reason=\"%s\" stones=%u", why, update->record.stones);
	settle(updates, node, update, &step, now);
}

/*
 * The way is looked for anew from what the node says it runs. When a stone is reached the next image is offered, or the
 * update has failed; and so when the node runs something else than is known here, as after a power cut of the gateway
 * or a flash by hand: it may need another image by now than the one that it was offered.
 */
static void follow_way(struct updates *updates, struct node *node, struct update *update, struct moment now)
{
	struct stored_update *record = &update->record;
	bool reached = update->state == UPDATE_CONFIRMED && memcmp(record->sha256, record->goal, 32) != 0;
	struct update_step step = { .changed = true };
	char why[UPDATE_WHY_SIZE] = "the image is gone";
	uint8_t next[32];

	if (!reached && !update_is_active(update))
		return;
	int error = find_step(updates, node, record->goal, next, why);
	bool same = !error && memcmp(next, record->sha256, 32) == 0;
	if (!reached && (same || error == -ENOENT || error == -ENODATA))
		return;
	/* A node that says another version than its image has would go round in circles. */
	if (same)
		snprintf(why, sizeof(why), "the node does not run what it was given");
	record->stones += reached;
	if (error || same) {
		give_up(updates, node, update, why, now);
		return;
	}
	record->changed_ms = now.wall_ms;
	offer_next(update, &node->record, next);
	snprintf(step.detail, sizeof(step.detail), "%s stones=%u",
		reached ? "next after a stepping stone" : "it runs something else by now", record->stones);
	settle(updates, node, update, &step, now);
}

int updates_order(struct updates *updates, const struct update_order *order, struct moment now)
{
	const struct node_record *node = &order->node->record;
	struct update *update = id_map_find(&updates->by_node, node->id);
	struct stored_update record = { .created_ms = now.wall_ms, .previous_size = node->image_size };
	char why[UPDATE_WHY_SIZE];
	int error = judge_order(updates, order, update);

	if (!error)
		error = find_step(updates, order->node, order->sha256, record.sha256, why);
	if (error == -ENODATA && order->force) {
		memcpy(record.sha256, order->sha256, sizeof(record.sha256));
		error = 0;
	}
	if (error)
		return error;
	snprintf(record.node, sizeof(record.node), "%s", node->id);
	memcpy(record.goal, order->sha256, sizeof(record.goal));
	memcpy(record.previous, node->image, sizeof(record.previous));
	record.at_once = order->at_once;
	record.forced = order->force;
	if (!update && (error = insert(updates, &record, &update)) < 0)
		return error;
	update->record = record;
	update->state = UPDATE_OFFERED;
	update->record.changed_ms = now.wall_ms;
	struct update_step step = { .changed = true };
	snprintf(step.detail, sizeof(step.detail), "by=%s%s", order->by, order->at_once ? " now" : "");
	settle(updates, order->node, update, &step, now);
	return 0;
}

/* Ends it by such an event. */
static int end(
	struct updates *updates, struct node *node, enum update_event_kind kind, const char *by, struct moment now)
{
	struct update *update = id_map_find(&updates->by_node, node->record.id);

	if (!update || !update_is_active(update))
		return -ENOENT;
	struct update_event event = { .kind = kind };
	struct update_step step = update_apply(update, &event, updates->parts.settings, now, updates->parts.random);
	snprintf(step.detail, sizeof(step.detail), "%sby=%s", kind == UPDATE_EVENT_CANCEL ? "cancelled " : "", by);
	settle(updates, node, update, &step, now);
	return 0;
}

int updates_cancel(struct updates *updates, struct node *node, const char *by, struct moment now)
{
	return end(updates, node, UPDATE_EVENT_CANCEL, by, now);
}

int updates_withdraw(struct updates *updates, struct node *node, const char *by, struct moment now)
{
	return end(updates, node, UPDATE_EVENT_WITHDRAW, by, now);
}

static void renew(struct updates *updates, struct node *node, struct update *update, struct moment now)
{
	if (!update_is_active(update))
		return;
	/* Time that it was held is none in which a transfer stalled. */
	if (!is_held(updates, update))
		update->record.changed_ms = now.wall_ms;
	renew_offer(updates, node, update, now);
}

void updates_renew(struct updates *updates, struct node *node, struct moment now)
{
	struct update *update = id_map_find(&updates->by_node, node->record.id);

	if (update)
		renew(updates, node, update, now);
}

void updates_withhold(struct updates *updates, const struct node *node, bool withheld)
{
	struct update *update = id_map_find(&updates->by_node, node->record.id);

	if (!update)
		return;
	update->withheld = withheld;
	if (withheld)
		updates->parts.port.withdraw(updates->parts.port.context, node);
}

void updates_renew_all(struct updates *updates, struct moment now)
{
	for (size_t i = 0; i < updates->count; i++) {
		struct node *node = nodes_find(updates->parts.nodes, updates->list[i]->record.node);
		if (node)
			renew(updates, node, updates->list[i], now);
	}
}

const struct update *updates_find(const struct updates *updates, const char *node)
{
	return id_map_find(&updates->by_node, node);
}

bool updates_has_ended(const struct updates *updates, const char *node, const uint8_t sha256[32])
{
	const struct update *update = id_map_find(&updates->by_node, node);

	if (holds_on(updates->parts.holds, node))
		return true;
	return update &&
	       (update->state == UPDATE_FAILED || update->state == UPDATE_WITHDRAWN || update->state == UPDATE_UNFIT) &&
	       memcmp(update->record.sha256, sha256, 32) == 0;
}

int64_t updates_battery_least(const struct updates *updates)
{
	return updates->parts.settings->battery_percent;
}

size_t updates_count(const struct updates *updates)
{
	return updates->count;
}

const struct update *updates_at(const struct updates *updates, size_t index)
{
	return updates->list[index];
}

/* It is the node that could go on. */
static bool is_waited_for(
	const struct updates *updates, const struct node *node, const struct update *update, struct moment now)
{
	return update_is_due(update, now) && !is_held(updates, update) && !has_low_battery(updates, node, update) &&
	       update->times.fetch_from_ms <= now.wall_ms;
}

void updates_on_contact(struct updates *updates, struct node *node, bool reports, struct moment now)
{
	struct update *update = id_map_find(&updates->by_node, node->record.id);
	struct update_event event = {
		.kind = UPDATE_EVENT_CHECK_IN,
		.digest = node->record.image,
		.digest_size = node->record.image_size,
	};

	if (!update)
		return;
	/* One that has ended does not go on because its node is on a stone after all. */
	bool goes_on = update_is_active(update);
	if (reports)
		apply(updates, node, update, &event, now);
	if (reports && goes_on)
		follow_way(updates, node, update, now);
	if (update_is_active(update) && is_wrong_for_node(updates, node, update))
		give_up(updates, node, update, "the image is for other hardware", now);
	if (is_waited_for(updates, node, update, now))
		apply(updates, node, update, &(struct update_event){ .kind = UPDATE_EVENT_CONTACT }, now);
	if (update_is_active(update))
		renew_offer(updates, node, update, now);
}

void updates_on_put_off(struct updates *updates, const struct node *node, int64_t wait_ms, struct moment now)
{
	struct update *update = id_map_find(&updates->by_node, node->record.id);

	if (!update || !update_is_active(update))
		return;
	update->waited_ms = now.wall_ms;
	update->told_to_come_ms = now.wall_ms + wait_ms;
}

void updates_on_progress(
	struct updates *updates, struct node *node, const struct delivery_progress *progress, struct moment now)
{
	static const enum update_event_kind kinds[] = {
		[DELIVERY_DOWNLOADING] = UPDATE_EVENT_PROGRESS,
		[DELIVERY_DOWNLOADED] = UPDATE_EVENT_DOWNLOADED,
		[DELIVERY_APPLYING] = UPDATE_EVENT_APPLYING,
		/* Not proven before the node's check-in says what it runs. */
		[DELIVERY_CONFIRMED] = UPDATE_EVENT_APPLYING,
		[DELIVERY_REVERTED] = UPDATE_EVENT_REVERTED,
		[DELIVERY_FAILED] = UPDATE_EVENT_FAILED,
		[DELIVERY_UNFIT] = UPDATE_EVENT_UNFIT,
	};
	struct update *update = id_map_find(&updates->by_node, node->record.id);
	struct update_event event = {
		.kind = kinds[progress->state],
		.offset = progress->offset,
		.code = progress->code,
	};

	if (update)
		apply(updates, node, update, &event, now);
}

void updates_follow_clock(struct updates *updates, const struct clock_jump *jump)
{
	for (size_t i = 0; i < updates->count; i++) {
		struct update *update = updates->list[i];
		const struct stored_update before = update->record;

		update_follow_clock(update, jump);
		if (before.created_ms != update->record.created_ms || before.changed_ms != update->record.changed_ms ||
			before.retry_at_ms != update->record.retry_at_ms)
			save(updates, update, NULL);
	}
}

void updates_forget(struct updates *updates, const char *node)
{
	struct update *update = id_map_find(&updates->by_node, node);
	size_t at = 0;

	if (!update)
		return;
	while (updates->list[at] != update)
		at++;
	updates->list[at] = updates->list[--updates->count];
	id_map_remove(&updates->by_node, node);
	slab_give_back(&updates->slab, update);
}

bool updates_need(const struct updates *updates, const uint8_t sha256[32])
{
	for (size_t i = 0; i < updates->count; i++)
		if (update_is_active(updates->list[i]) &&
			(memcmp(updates->list[i]->record.sha256, sha256, 32) == 0 ||
				memcmp(updates->list[i]->record.goal, sha256, 32) == 0))
			return true;
	return false;
}

bool updates_may_go_back(const struct updates *updates, const uint8_t sha256[32])
{
	for (size_t i = 0; i < updates->count; i++) {
		const struct stored_update *record = &updates->list[i]->record;
		if (digest_heads_match(record->previous, record->previous_size, sha256, 32))
			return true;
	}
	return false;
}

static void tick_one(struct updates *updates, struct update *update, struct moment now)
{
	struct node *node = nodes_find(updates->parts.nodes, update->record.node);
	struct update_event event = { .kind = UPDATE_EVENT_TICK };
	bool was_waiting = update->record.retry_at_ms > 0;

	if (update_waits_for_window(update, now))
		update->waited_ms = now.wall_ms;
	apply(updates, node, update, &event, now);
	if (!node || !update_is_due(update, now))
		return;
	if (was_waiting)
		update->record.retry_at_ms = 0;
	if (was_waiting || update->times.changes_ms <= now.wall_ms)
		renew_offer(updates, node, update, now);
}

int64_t updates_tick(struct updates *updates, struct moment now)
{
	if (updates->save_failed)
		save_all(updates);
	for (size_t i = 0; i < updates->count; i++)
		if (update_is_active(updates->list[i]) && !is_held(updates, updates->list[i]))
			tick_one(updates, updates->list[i], now);
	return TICK_MS;
}
