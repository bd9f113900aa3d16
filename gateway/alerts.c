#include "gateway/alerts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"

struct entry {
	struct alert alert;
	bool found;         /* in the look under way */
	int64_t missing_ms; /* monotonic: since when it is not found any more; 0: it is */
	int64_t cleared_ms; /* monotonic, where it does not stand */
};

struct alerts {
	void (*changed)(void *context, const struct alert *alert, struct moment now);
	void *context;
	struct entry *entries[ALERTS_MAX]; /* the latest change last */
	size_t count;
	uint64_t unlisted;
};

int alerts_open(struct alerts **out, void (*changed)(void *context, const struct alert *alert, struct moment now),
	void *context)
{
	struct alerts *alerts = calloc(1, sizeof(*alerts));

	if (!alerts)
		return -ENOMEM;
	alerts->changed = changed;
	alerts->context = context;
	*out = alerts;
	return 0;
}

void alerts_close(struct alerts *alerts)
{
	for (size_t i = 0; alerts && i < alerts->count; i++)
		free(alerts->entries[i]);
	free(alerts);
}

/* The index, or -1. */
static int index_of(const struct alerts *alerts, enum alert_kind kind, const char *subject)
{
	for (size_t i = 0; i < alerts->count; i++) {
		const struct alert *alert = &alerts->entries[i]->alert;
		if (alert->kind == kind && strncmp(alert->subject, subject, ALERT_SUBJECT_MAX) == 0)
			return (int)i;
	}
	return -1;
}

static void take_out(struct alerts *alerts, size_t index)
{
	alerts->count--;
	memmove(&alerts->entries[index], &alerts->entries[index + 1],
		(alerts->count - index) * sizeof(alerts->entries[0]));
}

static void forget(struct alerts *alerts, size_t index)
{
	free(alerts->entries[index]);
	take_out(alerts, index);
}

/* Of those that do not stand the one that changed first goes, one that upstream knows of before one that it does not.
 */
static void make_room(struct alerts *alerts)
{
	for (int told = 1; told >= 0; told--)
		for (size_t i = 0; i < alerts->count && alerts->count == ALERTS_MAX; i++)
			if (!alerts->entries[i]->alert.stands && alerts->entries[i]->alert.told >= told)
				forget(alerts, i);
}

static struct entry *append(struct alerts *alerts)
{
	make_room(alerts);
	struct entry *entry = alerts->count < ALERTS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (entry)
		alerts->entries[alerts->count++] = entry;
	return entry;
}

int alerts_restore(struct alerts *alerts, const struct alert *alert, struct moment now)
{
	struct entry *entry = alerts->count < ALERTS_MAX ? append(alerts) : NULL;

	if (!entry)
		return alerts->count < ALERTS_MAX ? -ENOMEM : -ENOBUFS;
	entry->alert = *alert;
	entry->cleared_ms = now.monotonic_ms;
	return 0;
}

/* Tells of a change of the one at `index`, which becomes the last. */
static void change(struct alerts *alerts, size_t index, struct moment now)
{
	struct entry *entry = alerts->entries[index];

	take_out(alerts, index);
	alerts->entries[alerts->count++] = entry;
	entry->alert.changed_ms = now.wall_ms;
	entry->alert.changes++;
	entry->alert.told = false;
	alerts->changed(alerts->context, &entry->alert, now);
}

static void raise_alert(struct alerts *alerts, size_t index, const struct alert_finding *finding, struct moment now)
{
	struct alert *alert = &alerts->entries[index]->alert;

	if (!alert->stands) {
		alert->times++;
		alert->raised_ms = now.wall_ms;
	}
	alert->stands = true;
	alert->severity = finding->severity;
	snprintf(alert->text, sizeof(alert->text), "%s", finding->text);
	change(alerts, index, now);
}

void alerts_find(struct alerts *alerts, const struct alert_finding *finding, struct moment now)
{
	int index = index_of(alerts, finding->kind, finding->subject);

	if (index < 0) {
		struct entry *made = append(alerts);
		if (!made) {
			alerts->unlisted++;
			return;
		}
		made->alert.kind = finding->kind;
		snprintf(made->alert.subject, sizeof(made->alert.subject), "%s", finding->subject);
		index = (int)alerts->count - 1;
	}
	struct entry *entry = alerts->entries[index];
	entry->found = true;
	entry->missing_ms = 0;
	if (!entry->alert.stands || entry->alert.severity < finding->severity)
		raise_alert(alerts, (size_t)index, finding, now);
}

/* True if it is to be cleared. */
static bool is_over(struct entry *entry, int64_t hold_ms, struct moment now)
{
	bool found = entry->found;

	entry->found = false;
	if (found || !entry->alert.stands)
		return false;
	if (entry->missing_ms == 0)
		entry->missing_ms = now.monotonic_ms > 0 ? now.monotonic_ms : 1;
	return now.monotonic_ms - entry->missing_ms >= hold_ms;
}

static void forget_old(struct alerts *alerts, struct moment now)
{
	for (size_t i = alerts->count; i-- > 0;) {
		const struct entry *entry = alerts->entries[i];
		if (!entry->alert.stands && entry->alert.told &&
			now.monotonic_ms - entry->cleared_ms >= ALERTS_MEMORY_MS)
			forget(alerts, i);
	}
}

void alerts_end_look(struct alerts *alerts, uint32_t kinds, int64_t hold_ms, struct moment now)
{
	/* A change moves the entry to the end, where it is not to be met again. */
	size_t left = alerts->count;

	for (size_t i = 0; left > 0; left--) {
		struct entry *entry = alerts->entries[i];
		if (!(kinds >> entry->alert.kind & 1) || !is_over(entry, hold_ms, now)) {
			i++;
			continue;
		}
		entry->alert.stands = false;
		entry->cleared_ms = now.monotonic_ms;
		change(alerts, i, now);
	}
	forget_old(alerts, now);
}

const struct alert *alerts_get(const struct alerts *alerts, enum alert_kind kind, const char *subject)
{
	int index = index_of(alerts, kind, subject);

	return index < 0 ? NULL : &alerts->entries[index]->alert;
}

size_t alerts_count(const struct alerts *alerts)
{
	return alerts->count;
}

const struct alert *alerts_at(const struct alerts *alerts, size_t index)
{
	return &alerts->entries[index]->alert;
}

void alerts_tally(const struct alerts *alerts, unsigned counts[ALERT_CRITICAL + 1])
{
	memset(counts, 0, (ALERT_CRITICAL + 1) * sizeof(counts[0]));
	for (size_t i = 0; i < alerts->count; i++)
		if (alerts->entries[i]->alert.stands)
			counts[alerts->entries[i]->alert.severity]++;
}

uint64_t alerts_unlisted(const struct alerts *alerts)
{
	return alerts->unlisted;
}

bool alerts_told(struct alerts *alerts, enum alert_kind kind, const char *subject, uint32_t changes)
{
	int index = index_of(alerts, kind, subject);
	struct alert *alert = index < 0 ? NULL : &alerts->entries[index]->alert;

	if (!alert || alert->changes != changes)
		return false;
	alert->told = true;
	return true;
}

void alerts_follow_clock(struct alerts *alerts, const struct clock_jump *jump)
{
	for (size_t i = 0; i < alerts->count; i++) {
		struct alert *alert = &alerts->entries[i]->alert;
		alert->raised_ms = clock_jump_past(jump, alert->raised_ms);
		alert->changed_ms = clock_jump_past(jump, alert->changed_ms);
	}
}
