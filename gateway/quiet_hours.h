/*
 * quiet_hours: what the config asks of groups of nodes before these are updated: the hours, and the charge of a
 * battery.
 *
 *     update_windows: { list = ( { labels = [ "office" ]; window = "Mon-Fri 22:00-05:00 Europe/Berlin"; },
 *                                { labels = [ "buried" ]; battery = 60; } ); };
 *
 * All windows of all entries that a node falls under must be open, and its battery must do for the one that asks for
 * the most. Holds the time zones that are in use.
 */
#ifndef WAKEGATE_GATEWAY_QUIET_HOURS_H
#define WAKEGATE_GATEWAY_QUIET_HOURS_H

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"

#define QUIET_HOURS_ENTRIES_MAX 12 /* with those of a rollout no more than UPDATE_WINDOWS_AT_ONCE */

struct labels_settings;
struct node_record;
struct quiet_hours;
struct tzif;
struct update_hours;
struct update_window;

extern const struct settings_table quiet_hours_settings_table;

struct quiet_hours_settings {
	const char *zoneinfo;       /* folder of the time zone files */
	int64_t spread_ms;          /* see update_hours_times() */
	struct setting_groups list; /* of struct quiet_hours_entry */
};

struct quiet_hours_entry {
	struct setting_list labels; /* nodes that have one of these; empty: all */
	const char *window;         /* for everything; NULL: not said */
	const char *apply_window;   /* for activation, in place of `window` */
	int64_t battery_percent;    /* nodes that say they have less begin no update; 0: any may */
};

/* The settings outlive it, and were checked. Reads time zone files; blocks, for start-up. -ENOMEM. */
int quiet_hours_open(struct quiet_hours **out, const struct quiet_hours_settings *settings,
	const struct labels_settings *labels, uint64_t seed);
/* NULL is fine. */
void quiet_hours_close(struct quiet_hours *quiet);

/* These settings or the labels were read anew. */
void quiet_hours_reload(struct quiet_hours *quiet);

/* Adds what bears on the node. */
void quiet_hours_add(struct quiet_hours *quiet, const struct node_record *node, struct update_hours *hours);

/* The charge in percent below which the node begins no update; 0: any will do. */
int64_t quiet_hours_battery(struct quiet_hours *quiet, const struct node_record *node);

/* The zone of a window, for as long as `quiet` lives; NULL: UTC. As time_zones_find(). */
int quiet_hours_zone(struct quiet_hours *quiet, const struct update_window *window, const struct tzif **out, char *why,
	size_t why_size);

#endif
