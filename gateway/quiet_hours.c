#include "gateway/quiet_hours.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/label_cache.h"
#include "gateway/labels.h"
#include "gateway/nodes.h"
#include "gateway/time_zones.h"
#include "gateway/update_hours.h"
#include "protocols/reading.h"

#define SENTENCE_SIZE 256
#define WINDOW_EXAMPLE "Mon-Fri 22:00-05:00; Sat,Sun 00:00-24:00 Europe/Berlin"

#define AT(member) .offset = offsetof(struct quiet_hours_entry, member)

static const struct setting entry_settings[] = {
	{ .name = "labels",
		.type = SETTING_LIST,
		AT(labels),
		.reloadable = true,
		.example = "[ \"office\" ]",
		.help = "Nodes that have one of these labels. Without it all." },
	{ .name = "window",
		.type = SETTING_TEXT,
		AT(window),
		.most = UPDATE_WINDOW_TEXT_MAX,
		.reloadable = true,
		.example = WINDOW_EXAMPLE,
		.help = "When these nodes may fetch images and activate them, by the clock of a time zone; without one "
			"UTC." },
	{ .name = "apply_window",
		.type = SETTING_TEXT,
		AT(apply_window),
		.most = UPDATE_WINDOW_TEXT_MAX,
		.reloadable = true,
		.example = "Sun 02:00-05:00 Europe/Berlin",
		.help = "When they may activate them, if that is another time than the one at which they may fetch." },
	{ .name = "battery",
		.type = SETTING_INTEGER,
		AT(battery_percent),
		.initial = "0",
		.most = 100,
		.reloadable = true,
		.help = "Those that say they have less percent of their battery begin no update, as with "
			"update.battery; the highest that is said "
			"for a node holds." },
};

static int check_entry(const void *values, bool present, char *why, size_t why_size)
{
	const struct quiet_hours_entry *entry = values;
	struct update_window window;
	char reason[SENTENCE_SIZE] = "";

	if (!entry->window && !entry->apply_window && !entry->battery_percent) {
		snprintf(why, why_size, "neither window nor apply_window nor battery is said");
		return -EINVAL;
	}
	if (entry->window && update_window_parse(&window, entry->window, reason, sizeof(reason)) < 0)
		snprintf(why, why_size, "window: %s", reason);
	else if (entry->apply_window && update_window_parse(&window, entry->apply_window, reason, sizeof(reason)) < 0)
		snprintf(why, why_size, "apply_window: %s", reason);
	return *reason ? -EINVAL : 0;
}

static const struct settings_table entry_table = {
	.group = "list",
	.help = "What some nodes need to be updated.",
	.settings = entry_settings,
	.count = sizeof(entry_settings) / sizeof(entry_settings[0]),
	.struct_size = sizeof(struct quiet_hours_entry),
	.check = check_entry,
};

static const struct setting settings[] = {
	{ .name = "zoneinfo",
		.type = SETTING_TEXT,
		.offset = offsetof(struct quiet_hours_settings, zoneinfo),
		.initial = TIME_ZONES_FOLDER,
		.least = 1,
		.most = 255,
		.help = "Folder of the time zone files, which the package tzdata brings." },
	{ .name = "spread",
		.type = SETTING_DURATION,
		.offset = offsetof(struct quiet_hours_settings, spread_ms),
		.initial = "30 min",
		.least = 0,
		.most = 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "Nodes that wait for a window do not restart all at once but over so long from its beginning, "
			"or over half of it if that is less." },
	{ .name = "list",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct quiet_hours_settings, list),
		.table = &entry_table,
		.most = QUIET_HOURS_ENTRIES_MAX,
		.reloadable = true,
		.help = "Groups of nodes and when they may be updated; where a node is in several, all of them hold." },
};

static int find_zone(struct time_zones *zones, const char *text, char *why, size_t why_size)
{
	const struct tzif *zone;
	struct update_window window;
	char reason[SENTENCE_SIZE];

	if (!text)
		return 0;
	int error = update_window_parse(&window, text, reason, sizeof(reason));
	if (!error)
		error = time_zones_find(zones, window.zone, &zone, reason, sizeof(reason));
	if (error)
		snprintf(why, why_size, "%s", reason);
	return error ? -EINVAL : 0;
}

static int check_zones(const void *values, bool present, char *why, size_t why_size)
{
	const struct quiet_hours_settings *options = values;
	const struct quiet_hours_entry *entries = options->list.items;
	struct time_zones *zones = time_zones_open(options->zoneinfo);
	int error = zones ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < options->list.count; i++) {
		error = find_zone(zones, entries[i].window, why, why_size);
		if (!error)
			error = find_zone(zones, entries[i].apply_window, why, why_size);
	}
	time_zones_close(zones);
	return error;
}

static int check_labels(const void *values, const void *others, char *why, size_t why_size)
{
	const struct quiet_hours_settings *options = values;
	const struct quiet_hours_entry *entries = options->list.items;

	for (size_t i = 0; i < options->list.count; i++)
		for (size_t j = 0; j < entries[i].labels.count; j++)
			if (!labels_find(others, entries[i].labels.items[j])) {
				snprintf(why, why_size,
					"list[%zu]: no node has the label \"%.40s\", see the group labels", i,
					entries[i].labels.items[j]);
				return -EINVAL;
			}
	return 0;
}

const struct settings_table quiet_hours_settings_table = {
	.group = "update_windows",
	.help = "When nodes may be updated, and with how full a battery.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct quiet_hours_settings),
	.check = check_zones,
	.beside = &labels_settings_table,
	.check_beside = check_labels,
};

/* An entry as it is used. */
struct hours_of_labels {
	uint64_t labels; /* 0: all nodes */
	int64_t battery_percent;
	struct update_window windows[2];
	struct zoned_window fetch, apply; /* no window: any time */
	bool zone_missing;
};

struct quiet_hours {
	const struct quiet_hours_settings *settings;
	const struct labels_settings *labels;
	struct time_zones *zones;
	struct hours_of_labels list[QUIET_HOURS_ENTRIES_MAX];
	size_t count;
	struct label_cache cache;
};

/* The window that a checked text says. A zone may have gone since it was checked. */
static struct zoned_window read_window(
	struct quiet_hours *quiet, struct hours_of_labels *hours, struct update_window *window, const char *text)
{
	struct zoned_window zoned = { NULL, NULL };
	char why[SENTENCE_SIZE];

	if (!text || update_window_parse(window, text, why, sizeof(why)) < 0)
		return zoned;
	zoned.window = window;
	if (time_zones_find(quiet->zones, window->zone, &zoned.zone, why, sizeof(why)) < 0)
		hours->zone_missing = true;
	return zoned;
}

static void read_entry(struct quiet_hours *quiet, const struct quiet_hours_entry *entry, struct hours_of_labels *hours)
{
	*hours = (struct hours_of_labels){ .battery_percent = entry->battery_percent };
	for (size_t i = 0; i < entry->labels.count; i++)
		hours->labels |= labels_find(quiet->labels, entry->labels.items[i]);
	hours->fetch = read_window(quiet, hours, &hours->windows[0], entry->window);
	hours->apply =
		entry->apply_window ? read_window(quiet, hours, &hours->windows[1], entry->apply_window) : hours->fetch;
}

static void read_entries(struct quiet_hours *quiet)
{
	const struct quiet_hours_entry *entries = quiet->settings->list.items;

	quiet->count = quiet->settings->list.count;
	for (size_t i = 0; i < quiet->count; i++)
		read_entry(quiet, &entries[i], &quiet->list[i]);
}

void quiet_hours_reload(struct quiet_hours *quiet)
{
	label_cache_clear(&quiet->cache);
	read_entries(quiet);
}

int quiet_hours_open(struct quiet_hours **out, const struct quiet_hours_settings *options,
	const struct labels_settings *labels, uint64_t seed)
{
	struct quiet_hours *quiet = calloc(1, sizeof(*quiet));

	if (!quiet)
		return -ENOMEM;
	quiet->settings = options;
	quiet->labels = labels;
	quiet->zones = time_zones_open(options->zoneinfo);
	if (!quiet->zones) {
		free(quiet);
		return -ENOMEM;
	}
	label_cache_init(&quiet->cache, seed);
	read_entries(quiet);
	*out = quiet;
	return 0;
}

void quiet_hours_close(struct quiet_hours *quiet)
{
	if (!quiet)
		return;
	time_zones_close(quiet->zones);
	free(quiet);
}

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static void add_window(struct window_set *set, const struct zoned_window *zoned)
{
	if (zoned->window && set->count < UPDATE_WINDOWS_AT_ONCE)
		set->list[set->count++] = *zoned;
}

/* The next entry that is about the node, from index *i on, which is moved past it; NULL: no more. */
static const struct hours_of_labels *next_entry(struct quiet_hours *quiet, const struct node_record *node, size_t *i)
{
	if (*i >= quiet->count)
		return NULL;
	uint64_t labels = label_cache_find(&quiet->cache, quiet->labels, span_of(node->id), span_of(node->hardware));
	while (*i < quiet->count) {
		const struct hours_of_labels *entry = &quiet->list[(*i)++];
		if (!entry->labels || entry->labels & labels)
			return entry;
	}
	return NULL;
}

void quiet_hours_add(struct quiet_hours *quiet, const struct node_record *node, struct update_hours *hours)
{
	const struct hours_of_labels *entry;
	size_t i = 0;

	while ((entry = next_entry(quiet, node, &i))) {
		add_window(&hours->fetch, &entry->fetch);
		add_window(&hours->apply, &entry->apply);
		hours->zone_missing |= entry->zone_missing;
	}
}

int64_t quiet_hours_battery(struct quiet_hours *quiet, const struct node_record *node)
{
	const struct hours_of_labels *entry;
	int64_t percent = 0;
	size_t i = 0;

	while ((entry = next_entry(quiet, node, &i)))
		if (entry->battery_percent > percent)
			percent = entry->battery_percent;
	return percent;
}

int quiet_hours_zone(struct quiet_hours *quiet, const struct update_window *window, const struct tzif **out, char *why,
	size_t why_size)
{
	return time_zones_find(quiet->zones, window->zone, out, why, why_size);
}
