#include "tests/sim/site_mutations.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/alerts.h"
#include "gateway/boot_clock.h"
#include "gateway/chunk_cache.h"
#include "gateway/clock.h"
#include "gateway/exchange_table.h"
#include "gateway/gaps.h"
#include "gateway/holds.h"
#include "gateway/link_budget.h"
#include "gateway/nodes.h"
#include "gateway/places.h"
#include "gateway/publish.h"
#include "gateway/quiet_hours.h"
#include "gateway/rollout.h"
#include "gateway/rollout_targets.h"
#include "gateway/rollout_turn.h"
#include "gateway/schedule.h"
#include "gateway/stones.h"
#include "gateway/thin.h"
#include "gateway/thinned.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "gateway/wave.h"
#include "store/audit_store.h"
#include "store/image_store.h"
#include "store/segment_store.h"
#include "store/update_store.h"

enum mutation {
	NONE,
	STOPS_STOP_NOTHING,
	WAVES_ARE_EARLY,
	SOAKS_ARE_SHORT,
	SOAKS_ARE_ALIKE,
	OTHER_HARDWARE,
	TRANSFERS_CONFIRM,
	HALTS_ARE_IGNORED,
	UPDATES_ARE_FORGOTTEN,
	WRONG_BYTES,
	SLOTS_ARE_FAR,
	REPEATS_ARE_NEWS,
	NOTHING_IS_SYNCED,
	LOST_IS_DELIVERED,
	DISCARDED_UNSENT,
	WINDOWS_ARE_IGNORED,
	ACTIVATION_IS_AT_ONCE,
	QUIET_HOURS_ARE_FORGOTTEN,
	PLACES_FOR_ALL,
	BYTES_ARE_FREE,
	STONES_ARE_SKIPPED,
	MISSING_STONES_ARE_SECRET,
	OUTAGES_ARE_SECRET,
	ALERTS_STAY,
	ALERTS_ARE_TOLD_AGAIN,
	ACTIONS_ARE_FORGOTTEN,
	ACTIONS_ARE_WRITTEN_TWICE,
	SILENCE_IS_SECRET,
	BATTERIES_STAY_LOW,
	LOSSES_ARE_SECRET,
	ALARMS_ARE_READINGS,
	COUNTS_ARE_WRONG,
	OLDEST_GO_AT_ONCE,
	TIME_AWAY_COUNTS,
	JUMPS_ARE_NOT_NOTICED,
	JUMPS_ARE_MISSED_WHILE_DOWN,
	TIMES_DO_NOT_FOLLOW,
	UNSET_TIMES_STAY,
	UNSET_IS_AS_GOOD_AS_SET,
	MUTATIONS,
};

static const struct {
	const char *name, *what;
	bool narrow;   /* found where readings have little room */
	uint64_t from; /* the first site that is likely to show it; 0: any */
} mutations[MUTATIONS] = {
	[STOPS_STOP_NOTHING] = { "stops_stop_nothing",
		"a rollout that is paused, tripped or aborted goes on offering" },
	[WAVES_ARE_EARLY] = { "waves_are_early", "nodes count to earlier waves than theirs" },
	[SOAKS_ARE_SHORT] = { "soaks_are_short", "a wave is judged before its soak is over" },
	[SOAKS_ARE_ALIKE] = { "soaks_are_alike", "no wave is watched for longer than the first" },
	[OTHER_HARDWARE] = { "other_hardware", "targets and orders look at no hardware" },
	[TRANSFERS_CONFIRM] = { "transfers_confirm", "a transfer that is complete confirms the update" },
	[HALTS_ARE_IGNORED] = { "halts_are_ignored", "the emergency stop is not looked at" },
	[UPDATES_ARE_FORGOTTEN] = { "updates_are_forgotten", "updates are said to be saved, and are not" },
	[WRONG_BYTES] = { "wrong_bytes", "a byte of an image is wrong when it is served" },
	[SLOTS_ARE_FAR] = { "slots_are_far", "slots are five times as far away as they should be" },
	[REPEATS_ARE_NEWS] = { "repeats_are_news", "a report that a node repeats is kept again" },
	[NOTHING_IS_SYNCED] = { "nothing_is_synced", "commits are not synced to the disk" },
	[LOST_IS_DELIVERED] = { "lost_is_delivered", "what a broken connection lost counts as delivered" },
	[DISCARDED_UNSENT] = { "discarded_unsent", "readings that are stored are forgotten at once" },
	[WINDOWS_ARE_IGNORED] = { "windows_are_ignored", "nodes are ordered to fetch, and fetch, at any hour" },
	[ACTIVATION_IS_AT_ONCE] = { "activation_is_at_once", "what is fetched may be started at any hour" },
	[QUIET_HOURS_ARE_FORGOTTEN] = { "quiet_hours_are_forgotten", "windows of labels bear on no node" },
	[PLACES_FOR_ALL] = { "places_for_all", "any number of nodes fetch at a time" },
	[BYTES_ARE_FREE] = { "bytes_are_free", "images cost nothing of the link's bytes a second", false, 12 },
	[STONES_ARE_SKIPPED] = { "stones_are_skipped", "nodes are offered the goal whatever it requires" },
	[MISSING_STONES_ARE_SECRET] = { "missing_stones_are_secret", "a missing stone raises no alert" },
	[OUTAGES_ARE_SECRET] = { "outages_are_secret", "an uplink that is down raises no alert" },
	[ALERTS_STAY] = { "alerts_stay", "no alert is cleared" },
	[ALERTS_ARE_TOLD_AGAIN] = { "alerts_are_told_again", "an alert that upstream knows is sent once more" },
	[ACTIONS_ARE_FORGOTTEN] = { "actions_are_forgotten", "the audit trail leaves out what failed" },
	[ACTIONS_ARE_WRITTEN_TWICE] = { "actions_are_written_twice", "the audit trail has actions twice" },
	[SILENCE_IS_SECRET] = { "silence_is_secret", "nodes that stay away raise no alert", false, 7 },
	[BATTERIES_STAY_LOW] = { "batteries_stay_low", "nobody sees that a battery was changed", false, 7 },
	[LOSSES_ARE_SECRET] = { "losses_are_secret", "what was thinned is not told as a gap", true },
	[ALARMS_ARE_READINGS] = { "alarms_are_readings", "alarms are thinned and dropped as others are", true, 7 },
	[COUNTS_ARE_WRONG] = { "counts_are_wrong", "windows of thinned readings count one less", true },
	[OLDEST_GO_AT_ONCE] = { "oldest_go_at_once", "what has no room is dropped before anything is thinned", true },
	[TIME_AWAY_COUNTS] = { "time_away_counts", "nodes are silent while the gateway is off" },
	[JUMPS_ARE_NOT_NOTICED] = { "jumps_are_not_noticed", "nobody looks whether the clock was set" },
	[JUMPS_ARE_MISSED_WHILE_DOWN] = { "jumps_are_missed_while_down", "nor at the start, whether it was set before",
		false, 265 },
	[TIMES_DO_NOT_FOLLOW] = { "times_do_not_follow", "the clock is set, and kept times stay" },
	[UNSET_TIMES_STAY] = { "unset_times_stay", "readings from before the clock was set keep 1970", false, 5 },
	[UNSET_IS_AS_GOOD_AS_SET] = { "unset_is_as_good_as_set", "a clock that was never set is believed" },
};

/* Chosen once, before the first site runs. */
static enum mutation planted;

int site_mutations_plant(const char *name)
{
	for (int i = NONE + 1; i < MUTATIONS; i++)
		if (strcmp(mutations[i].name, name) == 0) {
			planted = (enum mutation)i;
			return 0;
		}
	return -ENOENT;
}

bool site_mutations_are_narrow(void)
{
	return mutations[planted].narrow;
}

uint64_t site_mutations_from(void)
{
	return mutations[planted].from > 0 ? mutations[planted].from : 1;
}

void site_mutations_list(void)
{
	for (int i = NONE + 1; i < MUTATIONS; i++)
		printf("%-22s %s\n", mutations[i].name, mutations[i].what);
}

/* What the linker puts in the place of each function, and where it puts the function itself. */

bool __real_rollout_is_offering(const struct rollout *rollout);
bool __wrap_rollout_is_offering(const struct rollout *rollout);
bool __wrap_rollout_is_offering(const struct rollout *rollout)
{
	return planted == STOPS_STOP_NOTHING ? rollout->state != ROLLOUT_WAITING : __real_rollout_is_offering(rollout);
}

bool __real_rollout_is_stopped(const struct rollout *rollout);
bool __wrap_rollout_is_stopped(const struct rollout *rollout);
bool __wrap_rollout_is_stopped(const struct rollout *rollout)
{
	return planted != STOPS_STOP_NOTHING && __real_rollout_is_stopped(rollout);
}

uint32_t __real_wave_place(const char *rollout, const char *node);
uint32_t __wrap_wave_place(const char *rollout, const char *node);
uint32_t __wrap_wave_place(const char *rollout, const char *node)
{
	uint32_t place = __real_wave_place(rollout, node);

	return planted == WAVES_ARE_EARLY ? place / 4 : place;
}

struct rollout_step __real_rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now);
struct rollout_step __wrap_rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now);
struct rollout_step __wrap_rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	const int64_t *soak_ms = rollout->plan.soak_ms;
	struct rollout_facts hurried = *facts;

	if ((planted != SOAKS_ARE_SHORT && planted != SOAKS_ARE_ALIKE) || rollout->state != ROLLOUT_SOAKING)
		return __real_rollout_tick(rollout, facts, now);
	hurried.compared = true;
	hurried.verdict = GATE_PASSED;
	if (planted == SOAKS_ARE_SHORT)
		now.wall_ms += soak_ms[rollout->wave] / 2;
	else if (soak_ms[rollout->wave] > soak_ms[0])
		now.wall_ms += soak_ms[rollout->wave] - soak_ms[0];
	return __real_rollout_tick(rollout, &hurried, now);
}

enum target_verdict __real_rollout_targets_judge(const struct rollout_targets *targets,
	const struct labels_settings *labels, const struct node_record *node, bool on_its_way);
enum target_verdict __wrap_rollout_targets_judge(const struct rollout_targets *targets,
	const struct labels_settings *labels, const struct node_record *node, bool on_its_way);
enum target_verdict __wrap_rollout_targets_judge(const struct rollout_targets *targets,
	const struct labels_settings *labels, const struct node_record *node, bool on_its_way)
{
	return planted == OTHER_HARDWARE ? TARGET_MEANT
					 : __real_rollout_targets_judge(targets, labels, node, on_its_way);
}

int __real_updates_order(struct updates *updates, const struct update_order *order, struct moment now);
int __wrap_updates_order(struct updates *updates, const struct update_order *order, struct moment now);
int __wrap_updates_order(struct updates *updates, const struct update_order *order, struct moment now)
{
	struct update_order forced = *order;

	forced.force = forced.force || planted == OTHER_HARDWARE;
	return __real_updates_order(updates, &forced, now);
}

struct update_step __real_update_apply(struct update *update, const struct update_event *event,
	const struct update_settings *settings, struct moment now, struct random *random);
struct update_step __wrap_update_apply(struct update *update, const struct update_event *event,
	const struct update_settings *settings, struct moment now, struct random *random);
struct update_step __wrap_update_apply(struct update *update, const struct update_event *event,
	const struct update_settings *settings, struct moment now, struct random *random)
{
	struct update_step step = __real_update_apply(update, event, settings, now, random);

	if (planted == TRANSFERS_CONFIRM && update->state == UPDATE_REBOOTING)
		update->state = UPDATE_CONFIRMED;
	return step;
}

const struct stored_hold *__real_holds_on(const struct holds *holds, const char *node);
const struct stored_hold *__wrap_holds_on(const struct holds *holds, const char *node);
const struct stored_hold *__wrap_holds_on(const struct holds *holds, const char *node)
{
	return planted == HALTS_ARE_IGNORED ? NULL : __real_holds_on(holds, node);
}

const struct stored_hold *__real_holds_on_all(const struct holds *holds);
const struct stored_hold *__wrap_holds_on_all(const struct holds *holds);
const struct stored_hold *__wrap_holds_on_all(const struct holds *holds)
{
	return planted == HALTS_ARE_IGNORED ? NULL : __real_holds_on_all(holds);
}

int __real_store_update_save(struct store *store, const struct stored_update *update, const struct journal_entry *entry,
	struct store_reply reply);
int __wrap_store_update_save(struct store *store, const struct stored_update *update, const struct journal_entry *entry,
	struct store_reply reply);
int __wrap_store_update_save(struct store *store, const struct stored_update *update, const struct journal_entry *entry,
	struct store_reply reply)
{
	if (planted != UPDATES_ARE_FORGOTTEN)
		return __real_store_update_save(store, update, entry, reply);
	if (reply.done)
		reply.done(reply.context, 0);
	return 0;
}

int __real_chunk_cache_get(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index, const uint8_t **data);
int __wrap_chunk_cache_get(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index, const uint8_t **data);
int __wrap_chunk_cache_get(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index, const uint8_t **data)
{
	static uint8_t damaged[IMAGE_CHUNK_SIZE];
	int size = __real_chunk_cache_get(cache, sha256, index, data);

	if (planted != WRONG_BYTES || size <= 0)
		return size;
	memcpy(damaged, *data, (size_t)size);
	damaged[size / 2] ^= 1;
	*data = damaged;
	return size;
}

int64_t __real_schedule_next_ms(const struct schedule_settings *settings, uint32_t rank, size_t node_count,
	struct moment now, struct random *random);
int64_t __wrap_schedule_next_ms(const struct schedule_settings *settings, uint32_t rank, size_t node_count,
	struct moment now, struct random *random);
int64_t __wrap_schedule_next_ms(const struct schedule_settings *settings, uint32_t rank, size_t node_count,
	struct moment now, struct random *random)
{
	int64_t next_ms = __real_schedule_next_ms(settings, rank, node_count, now, random);

	return planted == SLOTS_ARE_FAR ? 5 * next_ms : next_ms;
}

void __real_exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit);
void __wrap_exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit);
void __wrap_exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit)
{
	if (planted != REPEATS_ARE_NEWS)
		__real_exchange_add(table, exchange, kept_at_ms, commit);
}

int __real_sqlite3_exec(
	sqlite3 *connection, const char *sql, int (*each)(void *, int, char **, char **), void *context, char **why);
int __wrap_sqlite3_exec(
	sqlite3 *connection, const char *sql, int (*each)(void *, int, char **, char **), void *context, char **why);
int __wrap_sqlite3_exec(
	sqlite3 *connection, const char *sql, int (*each)(void *, int, char **, char **), void *context, char **why)
{
	int code = __real_sqlite3_exec(connection, sql, each, context, why);

	if (planted == NOTHING_IS_SYNCED && strstr(sql, "synchronous"))
		(void)__real_sqlite3_exec(connection, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	return code;
}

void __real_publish_on_delivered(struct publish *publish, uint64_t ticket, int result, struct moment now);
void __wrap_publish_on_delivered(struct publish *publish, uint64_t ticket, int result, struct moment now);
void __wrap_publish_on_delivered(struct publish *publish, uint64_t ticket, int result, struct moment now)
{
	__real_publish_on_delivered(publish, ticket, planted == LOST_IS_DELIVERED ? 0 : result, now);
}

int __real_store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply);
int __wrap_store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply);
int __wrap_store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply)
{
	struct stored_segment plain = *segment;

	if (planted == ALARMS_ARE_READINGS)
		plain.kind = SEGMENT_PLAIN;
	int result = __real_store_segment_append(store, &plain, reply);

	if (planted == DISCARDED_UNSENT && result == 0)
		(void)store_segment_discard(store, &segment->first, 1, 0, (struct store_reply){ 0 });
	return result;
}

struct update_times __real_update_hours_times(
	const struct update_hours *hours, uint32_t place, int64_t spread_ms, struct moment now);
struct update_times __wrap_update_hours_times(
	const struct update_hours *hours, uint32_t place, int64_t spread_ms, struct moment now);
struct update_times __wrap_update_hours_times(
	const struct update_hours *hours, uint32_t place, int64_t spread_ms, struct moment now)
{
	struct update_times times = __real_update_hours_times(hours, place, spread_ms, now);

	if (planted == WINDOWS_ARE_IGNORED)
		times.fetch_from_ms = times.fetch_until_ms = 0;
	if (planted == ACTIVATION_IS_AT_ONCE)
		times.apply_from_ms = times.apply_until_ms = 0;
	return times;
}

void __real_quiet_hours_add(struct quiet_hours *quiet, const struct node_record *node, struct update_hours *hours);
void __wrap_quiet_hours_add(struct quiet_hours *quiet, const struct node_record *node, struct update_hours *hours);
void __wrap_quiet_hours_add(struct quiet_hours *quiet, const struct node_record *node, struct update_hours *hours)
{
	if (planted != QUIET_HOURS_ARE_FORGOTTEN)
		__real_quiet_hours_add(quiet, node, hours);
}

int64_t __real_places_ask(
	struct places *places, const struct places_limits *limits, const struct place *asker, int64_t now_ms);
int64_t __wrap_places_ask(
	struct places *places, const struct places_limits *limits, const struct place *asker, int64_t now_ms);
int64_t __wrap_places_ask(
	struct places *places, const struct places_limits *limits, const struct place *asker, int64_t now_ms)
{
	return planted == PLACES_FOR_ALL ? 0 : __real_places_ask(places, limits, asker, now_ms);
}

int64_t __real_link_budget_fetch(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms);
int64_t __wrap_link_budget_fetch(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms);
int64_t __wrap_link_budget_fetch(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms)
{
	struct link_fetch free_of_charge = *fetch;

	if (planted == BYTES_ARE_FREE)
		free_of_charge.bytes = 0;
	return __real_link_budget_fetch(budget, &free_of_charge, now_ms);
}

bool __real_update_hours_may_fetch(const struct update_hours *hours, struct moment now);
bool __wrap_update_hours_may_fetch(const struct update_hours *hours, struct moment now);
bool __wrap_update_hours_may_fetch(const struct update_hours *hours, struct moment now)
{
	return planted == WINDOWS_ARE_IGNORED || __real_update_hours_may_fetch(hours, now);
}

int __real_stones_next(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	uint8_t next[32], char *why);
int __wrap_stones_next(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	uint8_t next[32], char *why);
int __wrap_stones_next(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	uint8_t next[32], char *why)
{
	if (planted != STONES_ARE_SKIPPED)
		return __real_stones_next(images, node, goal, next, why);
	memcpy(next, goal, 32);
	return 0;
}

void __real_alerts_find(struct alerts *alerts, const struct alert_finding *finding, struct moment now);
void __wrap_alerts_find(struct alerts *alerts, const struct alert_finding *finding, struct moment now);
void __wrap_alerts_find(struct alerts *alerts, const struct alert_finding *finding, struct moment now)
{
	if ((planted == MISSING_STONES_ARE_SECRET && finding->kind == ALERT_MISSING_STONE) ||
		(planted == OUTAGES_ARE_SECRET && finding->kind == ALERT_UPLINK_DOWN) ||
		(planted == SILENCE_IS_SECRET && finding->kind == ALERT_NODE_SILENT))
		return;
	__real_alerts_find(alerts, finding, now);
}

void __real_alerts_end_look(struct alerts *alerts, uint32_t kinds, int64_t hold_ms, struct moment now);
void __wrap_alerts_end_look(struct alerts *alerts, uint32_t kinds, int64_t hold_ms, struct moment now);
void __wrap_alerts_end_look(struct alerts *alerts, uint32_t kinds, int64_t hold_ms, struct moment now)
{
	if (planted != ALERTS_STAY)
		__real_alerts_end_look(alerts, kinds, hold_ms, now);
}

int __real_nodes_contact(struct nodes *nodes, const char *driver, const struct node_contact *contact, struct moment now,
	struct node **out);
int __wrap_nodes_contact(struct nodes *nodes, const char *driver, const struct node_contact *contact, struct moment now,
	struct node **out);
int __wrap_nodes_contact(struct nodes *nodes, const char *driver, const struct node_contact *contact, struct moment now,
	struct node **out)
{
	const struct node *node = planted == BATTERIES_STAY_LOW ? nodes_find(nodes, contact->node) : NULL;
	struct node_contact told = *contact;

	if (node && node->record.battery_percent >= 0 && told.battery_percent > node->record.battery_percent)
		told.battery_percent = -1;
	return __real_nodes_contact(nodes, driver, &told, now, out);
}

bool __real_alerts_told(struct alerts *alerts, enum alert_kind kind, const char *subject, uint32_t changes);
bool __wrap_alerts_told(struct alerts *alerts, enum alert_kind kind, const char *subject, uint32_t changes);
bool __wrap_alerts_told(struct alerts *alerts, enum alert_kind kind, const char *subject, uint32_t changes)
{
	return planted == ALERTS_ARE_TOLD_AGAIN || __real_alerts_told(alerts, kind, subject, changes);
}

void __real_gaps_add(struct gaps *gaps, const struct gap *gap);
void __wrap_gaps_add(struct gaps *gaps, const struct gap *gap);
void __wrap_gaps_add(struct gaps *gaps, const struct gap *gap)
{
	if (planted != LOSSES_ARE_SECRET || gap->reason != GAP_THINNED)
		__real_gaps_add(gaps, gap);
}

void __real_thinned_report(const struct thinned *thinned, size_t index, struct thinned_report *out);
void __wrap_thinned_report(const struct thinned *thinned, size_t index, struct thinned_report *out);
void __wrap_thinned_report(const struct thinned *thinned, size_t index, struct thinned_report *out)
{
	__real_thinned_report(thinned, index, out);
	if (planted == COUNTS_ARE_WRONG && out->count == 4)
		out->readings[3].number.mantissa--;
}

int64_t __real_thin_tick(struct thin *thin, struct moment now);
int64_t __wrap_thin_tick(struct thin *thin, struct moment now);
int64_t __wrap_thin_tick(struct thin *thin, struct moment now)
{
	return planted == OLDEST_GO_AT_ONCE ? 60000 : __real_thin_tick(thin, now);
}

bool __real_clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump);
bool __wrap_clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump);
bool __wrap_clock_watch_look(struct clock_watch *watch, struct moment now, struct clock_jump *jump)
{
	return planted != JUMPS_ARE_NOT_NOTICED && __real_clock_watch_look(watch, now, jump);
}

bool __real_boot_clock_missed(
	const struct boot_clock *kept, uint32_t machine, uint32_t boot, struct moment now, struct clock_jump *out);
bool __wrap_boot_clock_missed(
	const struct boot_clock *kept, uint32_t machine, uint32_t boot, struct moment now, struct clock_jump *out);
bool __wrap_boot_clock_missed(
	const struct boot_clock *kept, uint32_t machine, uint32_t boot, struct moment now, struct clock_jump *out)
{
	return planted != JUMPS_ARE_MISSED_WHILE_DOWN && __real_boot_clock_missed(kept, machine, boot, now, out);
}

int64_t __real_clock_jump_past(const struct clock_jump *jump, int64_t wall_ms);
int64_t __wrap_clock_jump_past(const struct clock_jump *jump, int64_t wall_ms);
int64_t __wrap_clock_jump_past(const struct clock_jump *jump, int64_t wall_ms)
{
	return planted == TIMES_DO_NOT_FOLLOW ? wall_ms : __real_clock_jump_past(jump, wall_ms);
}

void __real_boot_clock_mend(const struct boot_clock *clock, uint32_t boot, struct segment_entry *entry);
void __wrap_boot_clock_mend(const struct boot_clock *clock, uint32_t boot, struct segment_entry *entry);
void __wrap_boot_clock_mend(const struct boot_clock *clock, uint32_t boot, struct segment_entry *entry)
{
	if (planted != UNSET_TIMES_STAY)
		__real_boot_clock_mend(clock, boot, entry);
}

bool __real_boot_clock_is_unset(struct moment now);
bool __wrap_boot_clock_is_unset(struct moment now);
bool __wrap_boot_clock_is_unset(struct moment now)
{
	return planted != UNSET_IS_AS_GOOD_AS_SET && __real_boot_clock_is_unset(now);
}

enum rollout_turn __real_rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place);
enum rollout_turn __wrap_rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place);
enum rollout_turn __wrap_rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place)
{
	struct turn_scene timeless = *scene;

	if (planted == TIME_AWAY_COUNTS)
		timeless.opened_ms = 0;
	return __real_rollout_turn(&timeless, rollout, node, update, place);
}

int __real_store_action_append(struct store *store, const struct stored_action *action, struct store_reply reply);
int __wrap_store_action_append(struct store *store, const struct stored_action *action, struct store_reply reply);
int __wrap_store_action_append(struct store *store, const struct stored_action *action, struct store_reply reply)
{
	if (planted == ACTIONS_ARE_FORGOTTEN && strcmp(action->outcome, "ok") != 0)
		return 0;
	if (planted == ACTIONS_ARE_WRITTEN_TWICE)
		(void)__real_store_action_append(store, action, reply);
	return __real_store_action_append(store, action, reply);
}
