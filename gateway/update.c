#include "gateway/update.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/settings.h"
#include "gateway/clock.h"
#include "gateway/random.h"

static const struct setting settings[] = {
	{ .name = "attempts",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct update_settings, attempts),
		.initial = "5",
		.least = 1,
		.most = 1000,
		.reloadable = true,
		.help = "How often a node may try an update before it has failed." },
	{ .name = "retry_after",
		.type = SETTING_DURATION,
		.offset = offsetof(struct update_settings, retry_after_ms),
		.initial = "10 min",
		.least = 0,
		.most = 7 * 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "Pause after a failed attempt, doubled each time and moved by a random quarter." },
	{ .name = "retry_most",
		.type = SETTING_DURATION,
		.offset = offsetof(struct update_settings, retry_most_ms),
		.initial = "6 h",
		.least = 0,
		.most = 30 * 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "Longest pause between attempts." },
	{ .name = "contacts",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct update_settings, contacts),
		.initial = "1000",
		.least = 0,
		.most = 1000000,
		.reloadable = true,
		.help = "At how many contacts in a row a node may fail to go on with an update before it has failed; 0 "
			"is no limit." },
	{ .name = "stall_after",
		.type = SETTING_DURATION,
		.offset = offsetof(struct update_settings, stall_after_ms),
		.initial = "6 h",
		.least = 1000,
		.most = 30 * 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "A transfer without progress for so long counts as a failed attempt." },
	{ .name = "deadline",
		.type = SETTING_DURATION,
		.offset = offsetof(struct update_settings, deadline_ms),
		.initial = "30 d",
		.least = 60 * 1000,
		.most = 1000 * 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "An update that is not done so long after its order has failed." },
	{ .name = "battery",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct update_settings, battery_percent),
		.initial = "0",
		.least = 0,
		.most = 100,
		.reloadable = true,
		.help = "Nodes that say they have less percent of their battery begin no update, whoever ordered it, "
			"but by wakegate update --now." },
};

const struct settings_table update_settings_table = {
	.group = "update",
	.help = "How often and how long updates are tried.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct update_settings),
};

static const char *const state_names[] = { "idle", "offered", "downloading", "downloaded", "rebooting", "confirmed",
	"failed", "reverted", "withdrawn", "unfit" };

/* What a node's failure means (LwM2M object 5, resource 5), and whether another try can help. */
static const struct node_failure {
	const char *reason;
	bool worth_a_retry;
} node_failures[] = {
	[2] = { "not enough flash", false },
	[3] = { "out of memory", true },
	[4] = { "connection lost", true },
	[5] = { "integrity check failed", true },
	[6] = { "unsupported image", false },
	[7] = { "invalid URI", true },
	[8] = { "update failed", true },
	[9] = { "unsupported protocol", false },
	[10] = { "cancelled at the node", false },
	[11] = { "deferred by the node", true },
};

#define NODE_FAILURES ((int)(sizeof(node_failures) / sizeof(node_failures[0])))

const char *update_state_name(enum update_state state)
{
	return state_names[state];
}

int update_state_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (strcmp(state_names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

bool digest_heads_match(const uint8_t *a, uint8_t a_size, const uint8_t *b, uint8_t b_size)
{
	uint8_t size = a_size < b_size ? a_size : b_size;

	return size >= 4 && memcmp(a, b, size) == 0;
}

bool update_is_active(const struct update *update)
{
	return update->state >= UPDATE_OFFERED && update->state <= UPDATE_REBOOTING;
}

bool update_is_due(const struct update *update, struct moment now)
{
	return update_is_active(update) && update->record.retry_at_ms <= now.wall_ms;
}

bool update_waits_for_window(const struct update *update, struct moment now)
{
	if (update->state == UPDATE_OFFERED || update->state == UPDATE_DOWNLOADING)
		return update->times.fetch_from_ms > now.wall_ms;
	return update->state == UPDATE_DOWNLOADED && update->times.apply_from_ms > now.wall_ms;
}

void update_follow_clock(struct update *update, const struct clock_jump *jump)
{
	struct stored_update *record = &update->record;

	record->created_ms = clock_jump_past(jump, record->created_ms);
	record->changed_ms = clock_jump_past(jump, record->changed_ms);
	if (record->retry_at_ms > 0)
		record->retry_at_ms = clock_jump_moved(jump, record->retry_at_ms);
	if (update->waited_ms > 0)
		update->waited_ms = clock_jump_past(jump, update->waited_ms);
	if (update->told_to_come_ms > 0)
		update->told_to_come_ms = clock_jump_moved(jump, update->told_to_come_ms);
	update->times.changes_ms = 0;
}

__attribute__((format(printf, 4, 5))) static struct update_step enter(
	struct update *update, enum update_state state, struct moment now, const char *format, ...)
{
	struct update_step step = { .changed = true };
	va_list arguments;

	update->state = state;
	update->idle_contacts = 0;
	update->record.changed_ms = now.wall_ms;
	va_start(arguments, format);
	vsnprintf(step.detail, sizeof(step.detail), format, arguments);
	va_end(arguments);
	return step;
}

static struct update_step fail(struct update *update, const char *reason, struct moment now)
{
	snprintf(update->record.reason, sizeof(update->record.reason), "%s", reason);
	return enter(update, UPDATE_FAILED, now, "reason=\"%s\" attempts=%u", reason, update->record.attempts);
}

static int64_t retry_pause_ms(const struct update_settings *options, uint32_t attempts, struct random *random)
{
	int64_t pause = options->retry_after_ms;

	for (uint32_t i = 1; i < attempts && pause < options->retry_most_ms; i++)
		pause *= 2;
	if (pause > options->retry_most_ms)
		pause = options->retry_most_ms;
	return pause + (int64_t)random_below(random, (uint64_t)pause / 4 + 1);
}

/* An attempt ended without the image running: the node tries again after a pause, or has failed. */
static struct update_step attempt_failed(struct update *update, const char *reason,
	const struct update_settings *options, struct moment now, struct random *random)
{
	if (update->record.attempts == 0)
		update->record.attempts = 1;
	if (update->record.attempts >= options->attempts)
		return fail(update, reason, now);
	int64_t pause_ms = retry_pause_ms(options, update->record.attempts, random);
	update->record.retry_at_ms = now.wall_ms + pause_ms;
	return enter(update, UPDATE_OFFERED, now, "retry reason=\"%s\" attempt=%u of=%lld pause_s=%lld", reason,
		update->record.attempts, (long long)options->attempts, (long long)pause_ms / 1000);
}

static struct update_step on_check_in(struct update *update, const struct update_event *event,
	const struct update_settings *options, struct moment now, struct random *random)
{
	const struct stored_update *record = &update->record;
	bool runs_it = digest_heads_match(event->digest, event->digest_size, record->sha256, sizeof(record->sha256));
	bool runs_former =
		digest_heads_match(event->digest, event->digest_size, record->previous, record->previous_size);

	if (runs_it && update->state != UPDATE_CONFIRMED) {
		update->record.reason[0] = '\0';
		return enter(update, UPDATE_CONFIRMED, now, "attempts=%u", record->attempts);
	}
	if (runs_former && update->state == UPDATE_CONFIRMED)
		return enter(update, UPDATE_REVERTED, now, "after it had run the image");
	if (runs_former && update->state == UPDATE_REBOOTING)
		return attempt_failed(update, "came back with its former image", options, now, random);
	return (struct update_step){ 0 };
}

static struct update_step on_progress(struct update *update, uint32_t offset, struct moment now)
{
	if (update->state == UPDATE_DOWNLOADING) {
		bool moved = offset > update->record.offset;
		update->record.offset = offset;
		if (moved) {
			update->record.changed_ms = now.wall_ms;
			update->idle_contacts = 0;
		}
		return (struct update_step){ .moved = moved };
	}
	if (update->state != UPDATE_OFFERED && update->state != UPDATE_REBOOTING)
		return (struct update_step){ 0 };
	update->record.attempts++;
	update->record.offset = offset;
	return enter(update, UPDATE_DOWNLOADING, now, "offset=%u attempt=%u", offset, update->record.attempts);
}

static struct update_step on_node_failure(struct update *update, int code, const struct update_settings *options,
	struct moment now, struct random *random)
{
	char reason[sizeof(update->record.reason)];
	bool known = code >= 0 && code < NODE_FAILURES && node_failures[code].reason;

	if (known)
		snprintf(reason, sizeof(reason), "%s", node_failures[code].reason);
	else
		snprintf(reason, sizeof(reason), "node failure %d", code);
	if (known && !node_failures[code].worth_a_retry)
		return fail(update, reason, now);
	return attempt_failed(update, reason, options, now, random);
}

/* Pauses grow with the attempts; how many contacts a node may let pass is bounded apart from time. */
static struct update_step on_contact(struct update *update, const struct update_settings *options, struct moment now)
{
	if (++update->idle_contacts <= options->contacts || options->contacts == 0)
		return (struct update_step){ 0 };
	return fail(update, "did not go on at its contacts", now);
}

static struct update_step on_tick(
	struct update *update, const struct update_settings *options, struct moment now, struct random *random)
{
	struct stored_update *record = &update->record;
	int64_t since_ms = record->changed_ms > update->waited_ms ? record->changed_ms : update->waited_ms;

	/* The clock was set back: no pause is longer than it can have been. */
	if (record->retry_at_ms > now.wall_ms + 2 * options->retry_most_ms)
		record->retry_at_ms = now.wall_ms;

	if (now.wall_ms - record->created_ms > options->deadline_ms)
		return fail(update, "deadline passed", now);
	if (update->state != UPDATE_OFFERED && now.wall_ms - since_ms > options->stall_after_ms)
		return attempt_failed(update,
			update->state == UPDATE_DOWNLOADING ? "transfer stalled" : "not heard of since the transfer",
			options, now, random);
	return (struct update_step){ 0 };
}

struct update_step update_apply(struct update *update, const struct update_event *event,
	const struct update_settings *options, struct moment now, struct random *random)
{
	if (event->kind == UPDATE_EVENT_CHECK_IN && update->state != UPDATE_IDLE)
		return on_check_in(update, event, options, now, random);
	if (event->kind == UPDATE_EVENT_REVERTED &&
		(update->state == UPDATE_REBOOTING || update->state == UPDATE_CONFIRMED))
		return enter(update, UPDATE_REVERTED, now, "as the node says");
	if (!update_is_active(update))
		return (struct update_step){ 0 };

	switch (event->kind) {
	case UPDATE_EVENT_PROGRESS:
		return on_progress(update, event->offset, now);
	case UPDATE_EVENT_DOWNLOADED:
		if (update->state == UPDATE_DOWNLOADED || update->state == UPDATE_REBOOTING)
			return (struct update_step){ 0 };
		update->record.offset = update->size_bytes;
		return enter(update, UPDATE_DOWNLOADED, now, "attempt=%u", update->record.attempts);
	case UPDATE_EVENT_APPLYING:
		if (update->state == UPDATE_REBOOTING)
			return (struct update_step){ 0 };
		return enter(update, UPDATE_REBOOTING, now, "attempt=%u", update->record.attempts);
	case UPDATE_EVENT_FAILED:
		return on_node_failure(update, event->code, options, now, random);
	case UPDATE_EVENT_UNFIT:
		snprintf(update->record.reason, sizeof(update->record.reason), "the image is not for this node");
		return enter(update, UPDATE_UNFIT, now, "reason=\"%s\"", update->record.reason);
	case UPDATE_EVENT_CONTACT:
		return on_contact(update, options, now);
	case UPDATE_EVENT_TICK:
		return on_tick(update, options, now, random);
	case UPDATE_EVENT_CANCEL:
		return fail(update, "cancelled", now);
	case UPDATE_EVENT_WITHDRAW:
		return enter(update, UPDATE_WITHDRAWN, now, "attempts=%u", update->record.attempts);
	case UPDATE_EVENT_CHECK_IN:
	case UPDATE_EVENT_REVERTED:
		break;
	}
	return (struct update_step){ 0 };
}
