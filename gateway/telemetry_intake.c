#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/commit.h"
#include "gateway/edge.h"
#include "gateway/feed.h"
#include "gateway/governor.h"
#include "gateway/telemetry_offers.h"
#include "gateway/telemetry_settings.h"
#include "gateway/telemetry_state.h"
#include "protocols/fingerprint.h"

#define COMMIT_BYTES (128 * 1024) /* as large as a segment grows before it is closed early */
#define COMMITS_MAX 8             /* waiting for the store; more readings are refused */
#define BUSY_RETRY_S 2

static void refuse(struct telemetry *telemetry, const struct reading_report *report, int result, uint32_t wait_s)
{
	telemetry->figures.refused++;
	report->done(report->context, result, wait_s);
}

void telemetry_expect(const struct telemetry *telemetry, uint64_t exchange)
{
	exchange_expect(&telemetry->exchanges, exchange);
}

bool telemetry_knows(struct telemetry *telemetry, uint64_t exchange)
{
	return exchange && exchange_find(&telemetry->exchanges, exchange);
}

static struct exchange_entry *find_kept(struct telemetry *telemetry, const struct reading_report *report)
{
	struct exchange_entry *entry = report->exchange ? exchange_find(&telemetry->exchanges, report->exchange) : NULL;

	if (entry || !report->former || telemetry->now.monotonic_ms >= telemetry->former_until_ms)
		return entry;
	uint64_t former = report->former(report->context);
	return former ? exchange_find(&telemetry->exchanges, former) : NULL;
}

/* The commit of that serial, or NULL if it is durable: what is not kept is not in the table. */
static struct commit *find_waiting(struct telemetry *telemetry, uint32_t serial)
{
	struct commit *commit = telemetry->open;

	if (!commit || commit->serial != serial)
		commit = telemetry->commits;
	while (commit && commit->serial != serial)
		commit = commit->next;
	return commit && !commit->acknowledged ? commit : NULL;
}

/* Whether the report's message is known; then it was answered or waits with the first one. */
static bool is_repeated(struct telemetry *telemetry, const struct reading_report *report)
{
	struct exchange_entry *entry = find_kept(telemetry, report);
	struct commit_waiter waiter = { report->done, report->context };
	struct commit *commit = entry ? find_waiting(telemetry, entry->commit) : NULL;

	if (!entry)
		return false;
	telemetry->figures.repeated++;
	if (!commit || report->fast) {
		report->done(report->context, -EALREADY, 0);
		return true;
	}
	if (commit_attach(commit, &waiter) < 0) {
		refuse(telemetry, report, -ENOBUFS, BUSY_RETRY_S);
		return true;
	}
	telemetry->figures.pending++;
	if (commit->state == COMMIT_HELD)
		commit->due_ms = telemetry->now.monotonic_ms;
	return true;
}

/* How long reports gather in a segment. */
static int64_t commit_bound_ms(const struct telemetry *telemetry)
{
	int64_t delay_ms = telemetry->parts.settings->commit_delay_ms, wait_ms = telemetry_patience_ms(telemetry);
	int64_t bound_ms =
		telemetry->parts.governor ? governor_bound_ms(telemetry->parts.governor, telemetry->now) : delay_ms;

	if (wait_ms == 0)
		return bound_ms;
	/* What costs the card nothing need not be hurried, but the PUBACK takes its time as well. */
	if (bound_ms < delay_ms)
		bound_ms = delay_ms;
	return bound_ms < BOUND_MOST_MS - wait_ms ? bound_ms : BOUND_MOST_MS - wait_ms;
}

static int open_commit(struct telemetry *telemetry)
{
	if (telemetry->commit_count - telemetry_count_offered(telemetry) >= COMMITS_MAX)
		return -ENOBUFS;
	telemetry->open = commit_new(&telemetry->writer);
	if (!telemetry->open)
		return -ENOMEM;
	telemetry_begin_commit(telemetry, telemetry->open);
	telemetry->open->boot = telemetry->parts.boot;
	telemetry->open->due_ms = telemetry->now.monotonic_ms + commit_bound_ms(telemetry);
	return 0;
}

/* What goes into a commit: readings for which somebody waits, or nobody, and what rules made beside them. */
struct addition {
	const struct reading_report *report;
	const struct edge_yield *yield; /* NULL: there are no rules */
	bool awaited;
	bool reworked; /* as in struct commit */
};

static int add_to_open(struct telemetry *telemetry, const struct addition *addition)
{
	struct commit *commit = telemetry->open;
	struct edge *edge = telemetry->parts.edge;
	int result = addition->yield ? edge_prepare(edge, &commit->feed, addition->yield) : 0;

	if (result < 0)
		return result;
	result = (addition->awaited ? commit_add : commit_put)(
		commit, &telemetry->writer, addition->report, telemetry->now);
	if (result == 0 && addition->yield)
		edge_keep(edge, commit->feed, addition->yield);
	commit->reworked |= result == 0 && addition->reworked;
	return result;
}

static int add(struct telemetry *telemetry, const struct addition *addition)
{
	int result = telemetry->open ? 0 : open_commit(telemetry);

	if (result == 0)
		result = add_to_open(telemetry, addition);
	if (result != -ENOBUFS || !telemetry->open || commit_is_empty(telemetry->open))
		return result;
	telemetry_close_open(telemetry);
	telemetry_submit_closed(telemetry);
	result = open_commit(telemetry);
	return result < 0 ? result : add_to_open(telemetry, addition);
}

static bool is_refusing(const struct telemetry *telemetry)
{
	const struct edge *edge = telemetry->parts.edge;

	return telemetry->closing || telemetry->fed_failed || (edge && !edge_is_ready(edge));
}

/* What a window says. */
int telemetry_put_window(void *context, const struct edge_yield *yield)
{
	struct telemetry *telemetry = context;
	char node[NODE_ID_MAX + 1];
	const struct reading_report report = { .node = node, .readings = yield->readings, .count = yield->count };

	if (is_refusing(telemetry) || telemetry->now.monotonic_ms < telemetry->refuse_until_ms)
		return -EBUSY;
	snprintf(node, sizeof(node), "%.*s", (int)yield->node.size, yield->node.data);
	return add(telemetry, &(struct addition){ &report, yield, .reworked = true });
}

/* `made` and `yield` become what the rules leave of the report. */
static int apply_rules(struct telemetry *telemetry, struct reading_report *made, struct edge_yield *yield)
{
	struct edge *edge = telemetry->parts.edge;
	const struct edge_yield whole = {
		.node = { made->node, strlen(made->node) },
		.received_ms = telemetry->now.wall_ms,
		.readings = made->readings,
		.count = made->count,
		.urgent = made->urgent,
	};
	int result = edge_apply(edge, &whole, yield);

	if (result == 0)
		result = edge_make_room(edge, yield, telemetry_put_window, telemetry);
	made->readings = yield->readings;
	made->count = yield->count;
	made->urgent = yield->urgent;
	return result;
}

/* Whether rules made other dated readings of a report: they would tell the fingerprint of one that nobody sent. */
static bool is_reworked(struct reading_report *report, const struct reading_report *sent)
{
	const struct span node = { report->node, strlen(report->node) };

	if (report->readings == sent->readings && report->count == sent->count)
		return false;
	uint64_t told = fingerprint_of_report(node, report->readings, report->count);
	report->told = told != 0 && told == report->exchange;
	return told != 0 && !report->told;
}

/* 1: the report is in the open commit, 0: the rules left nothing of it. */
static int take(struct telemetry *telemetry, struct reading_report *report)
{
	struct edge *edge = telemetry->parts.edge;
	const struct reading_report sent = *report;
	struct edge_yield yield = { .count = 0 };
	int result = edge ? apply_rules(telemetry, report, &yield) : 0;

	if (result == 0 && report->count == 0 && yield.fed_count == 0)
		return 0;
	/* An alarm has a segment of its own, which stays when others are thinned or dropped. */
	if (result == 0 && report->urgent)
		telemetry_close_open(telemetry);
	if (result == 0)
		result = add(telemetry, &(struct addition){ report, edge ? &yield : NULL, .awaited = true,
						.reworked = is_reworked(report, &sent) });
	if (result < 0 && edge)
		edge_forget(edge);
	return result < 0 ? result : 1;
}

static void tell_observers(const struct telemetry *telemetry, const struct reading_report *report)
{
	struct span node = { report->node, strlen(report->node) };

	for (size_t i = 0; i < telemetry->observer_count; i++) {
		const struct telemetry_observer *observer = telemetry->observers[i];

		for (size_t j = 0; j < report->count; j++)
			observer->reading(observer->context, node, telemetry->now.wall_ms, &report->readings[j]);
	}
}

static bool is_large(const struct commit *commit)
{
	return commit->size >= COMMIT_BYTES || (commit->feed && commit->feed->size >= COMMIT_BYTES);
}

/* The report is in the open commit. */
static void note_taken(struct telemetry *telemetry, const struct reading_report *report)
{
	struct commit *open = telemetry->open;

	telemetry->figures.pending += !report->fast;
	if (report->fresh && report->exchange)
		exchange_remove(&telemetry->exchanges, report->exchange);
	if (report->exchange)
		exchange_add(&telemetry->exchanges, report->exchange, telemetry->now.monotonic_ms, open->serial);
	open->urgent |= report->urgent;
	if (is_large(open) || report->urgent) {
		telemetry_close_open(telemetry);
		telemetry_submit_closed(telemetry);
	}
}

void telemetry_take(struct telemetry *telemetry, const struct reading_report *report, struct moment now)
{
	telemetry->now = now;
	if (report->count == 0) {
		report->done(report->context, 0, 0);
		return;
	}
	if (!report->fresh && is_repeated(telemetry, report))
		return;
	if (now.monotonic_ms < telemetry->refuse_until_ms) {
		int64_t wait_ms = telemetry->refuse_until_ms - now.monotonic_ms;
		refuse(telemetry, report, -ENOSPC, (uint32_t)((wait_ms + 999) / 1000));
		return;
	}
	struct reading_report made = *report;
	int result = report->count > READINGS_MAX || is_refusing(telemetry) ? -ENOBUFS : take(telemetry, &made);
	if (result < 0) {
		refuse(telemetry, report, -ENOBUFS, BUSY_RETRY_S);
		return;
	}
	telemetry->figures.reports++;
	telemetry->figures.taken += report->count;
	tell_observers(telemetry, report);
	if (result > 0)
		note_taken(telemetry, &made);
	if (result == 0 || report->fast)
		report->done(report->context, 0, 0);
}
