#include "gateway/alerting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/alert_hook.h"
#include "gateway/alert_post.h"
#include "gateway/alerts.h"
#include "gateway/log.h"
#include "gateway/topics.h"
#include "store/alert_store.h"
#include "store/update_store.h"

#define FORGET_MS (INT64_C(3600) * 1000)

struct alerting {
	struct alerting_parts parts;
	struct moment opened;
	struct alerts *alerts;
	struct alert_watch *watch;
	struct alert_post *post; /* NULL: there is no upstream */
	struct alert_hook *hook;
	int64_t watch_at_ms; /* monotonic, like the others */
	int64_t post_at_ms;
	int64_t hook_at_ms;
	int64_t forget_at_ms;
};

static void save(const struct alerting *alerting, const struct alert *alert, const struct journal_entry *entry)
{
	struct stored_alert record = {
		.stands = alert->stands,
		.told = alert->told,
		.times = alert->times,
		.raised_ms = alert->raised_ms,
		.changed_ms = alert->changed_ms,
	};

	snprintf(record.kind, sizeof(record.kind), "%s", alert_kind_name(alert->kind));
	snprintf(record.subject, sizeof(record.subject), "%s", alert->subject);
	snprintf(record.severity, sizeof(record.severity), "%s", alert_severity_name(alert->severity));
	snprintf(record.text, sizeof(record.text), "%s", alert->text);
	/* What could not be written is found again after a restart, as new. */
	(void)store_alert_save(alerting->parts.watch.store, &record, entry, (struct store_reply){ 0 });
}

static void on_changed(void *context, const struct alert *alert, struct moment now)
{
	static const enum log_level levels[] = { LOG_LEVEL_NOTICE, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
	struct alerting *alerting = context;
	struct journal_entry entry = { .at_ms = now.wall_ms };
	const char *event = alert->stands ? "alert.raised" : "alert.cleared";
	char text[LOG_QUOTED_SIZE];

	snprintf(entry.subject, sizeof(entry.subject), "%s",
		alert->subject[0] ? alert->subject : alerting->parts.gateway);
	snprintf(entry.event, sizeof(entry.event), "%s", event);
	snprintf(entry.detail, sizeof(entry.detail), "%s %.160s", alert_kind_name(alert->kind), alert->text);
	log_line(alert->stands ? levels[alert->severity] : LOG_LEVEL_NOTICE,
		"%s kind=%s severity=%s subject=%s times=%u text=%s", event, alert_kind_name(alert->kind),
		alert_severity_name(alert->severity), alert->subject[0] ? alert->subject : "-", alert->times,
		log_quote(text, sizeof(text), alert->text));
	save(alerting, alert, &entry);
	if (alerting->post)
		alert_post_changed(alerting->post);
	alert_hook_changed(alerting->hook, alert, now);
}

static void on_told(void *context, const struct alert *alert)
{
	save(context, alert, NULL);
}

/* One of a kind that this version does not know is left to a later one. */
static void on_stored(void *context, const struct stored_alert *record)
{
	struct alerting *alerting = context;
	int kind = alert_kind_parse(record->kind), severity = alert_severity_parse(record->severity);
	struct alert alert = {
		.kind = (enum alert_kind)kind,
		.severity = (enum alert_severity)severity,
		.stands = record->stands,
		.told = record->told,
		.times = record->times,
		.raised_ms = record->raised_ms,
		.changed_ms = record->changed_ms,
	};

	if (kind < 0 || severity < 0)
		return;
	snprintf(alert.subject, sizeof(alert.subject), "%s", record->subject);
	snprintf(alert.text, sizeof(alert.text), "%s", record->text);
	(void)alerts_restore(alerting->alerts, &alert, alerting->opened);
}

static int open_post(struct alerting *alerting)
{
	const struct alert_post_parts parts = {
		.alerts = alerting->alerts,
		.upstream = alerting->parts.upstream,
		.gateway = alerting->parts.gateway,
		.changes = alerting->parts.topics->alerts,
		.standing = alerting->parts.topics->standing,
		.told = on_told,
		.context = alerting,
	};

	return parts.upstream ? alert_post_open(&alerting->post, &parts) : 0;
}

int alerting_open(struct alerting **out, const struct alerting_parts *parts, struct moment now)
{
	struct alerting *alerting = calloc(1, sizeof(*alerting));

	if (!alerting)
		return -ENOMEM;
	alerting->parts = *parts;
	alerting->opened = now;
	int error = alerts_open(&alerting->alerts, on_changed, alerting);
	if (!error)
		error = store_alerts_load(parts->watch.store, on_stored, alerting);
	alerting->parts.watch.alerts = alerting->alerts;
	if (!error)
		error = alert_watch_open(&alerting->watch, &alerting->parts.watch, now);
	if (!error)
		error = alert_hook_open(&alerting->hook, parts->loop, parts->watch.settings, parts->gateway);
	if (!error)
		error = open_post(alerting);
	if (error) {
		alerting_close(alerting);
		return error;
	}
	*out = alerting;
	return 0;
}

void alerting_close(struct alerting *alerting)
{
	if (!alerting)
		return;
	alert_post_close(alerting->post);
	alert_hook_close(alerting->hook);
	alert_watch_close(alerting->watch);
	alerts_close(alerting->alerts);
	free(alerting);
}

static void forget_old(struct alerting *alerting, struct moment now)
{
	if (now.monotonic_ms < alerting->forget_at_ms)
		return;
	alerting->forget_at_ms = now.monotonic_ms + FORGET_MS;
	(void)store_alerts_forget(
		alerting->parts.watch.store, now.wall_ms - ALERTS_MEMORY_MS, (struct store_reply){ 0 });
}

int64_t alerting_tick(struct alerting *alerting, struct moment now)
{
	int64_t next_ms;

	if (now.monotonic_ms >= alerting->watch_at_ms)
		alerting->watch_at_ms = now.monotonic_ms + alert_watch_tick(alerting->watch, now);
	if (alerting->post && now.monotonic_ms >= alerting->post_at_ms)
		alerting->post_at_ms = now.monotonic_ms + alert_post_tick(alerting->post, now);
	if (now.monotonic_ms >= alerting->hook_at_ms)
		alerting->hook_at_ms = now.monotonic_ms + alert_hook_tick(alerting->hook, now);
	forget_old(alerting, now);
	next_ms = alerting->watch_at_ms;
	if (alerting->post && alerting->post_at_ms < next_ms)
		next_ms = alerting->post_at_ms;
	if (alerting->hook_at_ms < next_ms)
		next_ms = alerting->hook_at_ms;
	return next_ms > now.monotonic_ms ? next_ms - now.monotonic_ms : 0;
}

void alerting_follow_clock(struct alerting *alerting, const struct clock_jump *jump)
{
	alerts_follow_clock(alerting->alerts, jump);
}

const struct alerts *alerting_alerts(const struct alerting *alerting)
{
	return alerting->alerts;
}
