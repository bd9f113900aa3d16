#include "gateway/metrics.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where a figure stands in the status, and what it is called. */
struct metric {
	const char *group; /* NULL: at the top */
	const char *field;
	const char *name;
	const char *help;
	double scale; /* from the field's unit to the metric's */
};

static const struct metric metrics[] = {
	{ NULL, "uptime_ms", "wakegate_uptime_seconds", "Time since the daemon started.", 1e-3 },
	{ NULL, "memory_bytes", "wakegate_memory_bytes", "Resident memory of the daemon.", 1 },
	{ "clock", "jumps", "wakegate_clock_jumps_total", "How often the wall clock was set.", 1 },
	{ "clock", "last_jump_ms", "wakegate_clock_last_jump_seconds", "How far it was set the last time.", 1e-3 },
	{ "uplink", "connected", "wakegate_uplink_connected", "Whether a session with a broker stands.", 1 },
	{ "uplink", "sessions", "wakegate_uplink_sessions_total", "Sessions with a broker begun.", 1 },
	{ "uplink", "bytes_sent", "wakegate_uplink_sent_bytes_total", "Bytes sent upstream.", 1 },
	{ "uplink", "bytes_received", "wakegate_uplink_received_bytes_total", "Bytes received from upstream.", 1 },
	{ "sparkplug", "born", "wakegate_sparkplug_born", "Whether the edge node is born.", 1 },
	{ "sparkplug", "devices", "wakegate_sparkplug_devices", "Nodes that are Sparkplug devices.", 1 },
	{ "sparkplug", "host_online", "wakegate_sparkplug_host_online",
		"Whether the primary host is there; readings wait for it.", 1 },
	{ "nodes", "total", "wakegate_nodes", "Nodes known.", 1 },
	{ "nodes", "silent", "wakegate_nodes_silent", "Nodes that missed their slots.", 1 },
	{ "nodes", "contacts", "wakegate_contacts_total", "Contacts of the nodes known.", 1 },
	{ "nodes", "drops", "wakegate_contacts_missed_total", "Contacts of the nodes known that did not come.", 1 },
	{ "slots", "visits", "wakegate_visits_total", "Visits of nodes begun and let in, since the start.", 1 },
	{ "slots", "refused", "wakegate_visits_refused_total",
		"Visits told to come later, as more nodes called than the link bears.", 1 },
	{ "slots", "own", "wakegate_visits_own_total", "Visits of nodes that come as they like.", 1 },
	{ "slots", "present", "wakegate_visits_present", "Nodes in contact, as far as a contact's time tells.", 1 },
	{ "holds", "nodes", "wakegate_nodes_held", "Nodes that an operator keeps from being updated.", 1 },
	{ "holds", "halted", "wakegate_updates_halted", "1: the emergency stop holds, nothing is offered.", 1 },
	{ "images", "complete", "wakegate_images", "Complete firmware images here.", 1 },
	{ "images", "bytes", "wakegate_images_bytes", "Size of all images.", 1 },
	{ "images", "quota_bytes", "wakegate_images_quota_bytes", "Room for images.", 1 },
	{ "telemetry", "reports", "wakegate_reports_total", "Reports of nodes taken.", 1 },
	{ "telemetry", "readings", "wakegate_readings_total", "Readings made durable.", 1 },
	{ "telemetry", "by_broker", "wakegate_readings_by_broker_total",
		"Readings acknowledged because the broker had them.", 1 },
	{ "telemetry", "by_disk", "wakegate_readings_by_disk_total", "Readings acknowledged because the disk had them.",
		1 },
	{ "telemetry", "never_stored", "wakegate_readings_never_stored_total",
		"Readings that reached the broker and never the disk.", 1 },
	{ "telemetry", "repeated", "wakegate_reports_repeated_total", "Reports that were kept before.", 1 },
	{ "telemetry", "refused", "wakegate_reports_refused_total", "Reports that could not be kept.", 1 },
	{ "telemetry", "waiting", "wakegate_readings_waiting", "Readings kept and not yet delivered.", 1 },
	{ "telemetry", "delivered", "wakegate_readings_delivered_total", "Readings that the broker has.", 1 },
	{ "telemetry", "lost", "wakegate_readings_lost_total", "Readings that became gaps.", 1 },
	{ "telemetry", "batches", "wakegate_batches_total", "Batches delivered.", 1 },
	{ "telemetry", "payload_bytes", "wakegate_batches_bytes_total", "Size of the batches delivered.", 1 },
	{ "telemetry", "disk_bytes", "wakegate_telemetry_disk_bytes", "Size of telemetry.db.", 1 },
	{ "telemetry", "quota_bytes", "wakegate_telemetry_quota_bytes", "Room for telemetry.db.", 1 },
	{ "rules", "windows", "wakegate_windows", "Windows open.", 1 },
	{ "rules", "told", "wakegate_windows_told_total", "Windows told.", 1 },
	{ "rules", "told_early", "wakegate_windows_told_early_total",
		"Windows told before their end, for want of room.", 1 },
	{ "rules", "feed_bytes", "wakegate_windows_bytes", "What readings in open windows take in telemetry.db.", 1 },
	{ "rules", "series", "wakegate_rule_series", "Names of nodes that rules know.", 1 },
	{ "rules", "forgotten", "wakegate_rule_series_forgotten_total", "Names of nodes that gave way to others.", 1 },
	{ "thinning", "active", "wakegate_thinning", "Whether the oldest readings are being thinned.", 1 },
	{ "thinning", "readings", "wakegate_readings_thinned_total", "Readings that others were put in the place of.",
		1 },
	{ "thinning", "became", "wakegate_readings_thinned_into_total", "Readings put in their place.", 1 },
	{ "thinning", "replaced_bytes", "wakegate_thinning_replaced_bytes_total", "What thinned readings took.", 1 },
	{ "thinning", "written_bytes", "wakegate_thinning_written_bytes_total", "What is in their place takes.", 1 },
	{ "store", "commits", "wakegate_store_commits_total", "Transactions committed.", 1 },
	{ "store", "commit_failures", "wakegate_store_commit_failures_total", "Transactions that failed.", 1 },
	{ "store", "last_commit_us", "wakegate_store_last_commit_seconds", "Duration of the last commit.", 1e-6 },
	{ "store", "longest_commit_us", "wakegate_store_longest_commit_seconds", "Duration of the longest commit.",
		1e-6 },
	{ "store", "damaged", "wakegate_store_damaged", "1: damage was met, the next start checks the file as a whole.",
		1 },
	{ "wear", "written_bytes", "wakegate_written_bytes_total", "Bytes written to the card, over all starts.", 1 },
	{ "wear", "day_bytes", "wakegate_written_day_bytes", "Bytes written in the last 24 hours.", 1 },
	{ "wear", "bytes_per_reading", "wakegate_written_per_reading_bytes",
		"Bytes written to telemetry.db for each reading, since the start.", 1 },
	{ "wear", "bound_ms", "wakegate_commit_bound_seconds", "How long readings wait to be written together.", 1e-3 },
	{ "wear", "budget_bytes", "wakegate_wear_budget_bytes", "Bytes a day that may be written.", 1 },
	{ "wear", "over_budget", "wakegate_wear_over_budget", "Whether the longest bound does not keep the budget.",
		1 },
	{ "wear", "life_years", "wakegate_card_life_years", "Until the card's endurance is used up, at this pace.", 1 },
	{ "store", "queued", "wakegate_store_queued", "Operations not completed.", 1 },
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t size = strlen(name), end = strlen(suffix);

	return size > end && strcmp(name + size - end, suffix) == 0;
}

static bool is_counter(const char *name)
{
	return ends_in(name, "_total");
}

static void print_heading(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, is_counter(name) ? "counter" : "gauge");
}

static void print_metric(FILE *out, const struct metric *metric, const json_t *status)
{
	const json_t *group = metric->group ? json_object_get(status, metric->group) : status;
	const json_t *value = json_object_get(group, metric->field);

	if (!value)
		return;
	double number = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
	print_heading(out, metric->name, metric->help);
	fprintf(out, "%s %.15g\n", metric->name, number * metric->scale);
}

/* A label's value escapes what would end it; an id holds none of it but may come from a host's name. */
static void print_label(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void print_build(FILE *out, const json_t *status)
{
	print_heading(out, "wakegate_build_info", "Which gateway this is and what it runs.");
	fputs("wakegate_build_info{gateway=\"", out);
	print_label(out, json_string_value(json_object_get(status, "gateway")));
	fputs("\",version=\"", out);
	print_label(out, json_string_value(json_object_get(status, "version")));
	fputs("\"} 1\n", out);
}

static void print_alerts(FILE *out, json_t *alerts)
{
	static const char *const severities[] = { "critical", "warning", "notice" };

	if (!alerts)
		return;
	print_heading(out, "wakegate_alerts", "Alerts that stand, by severity.");
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		fprintf(out, "wakegate_alerts{severity=\"%s\"} %" JSON_INTEGER_FORMAT "\n", severities[i],
			json_integer_value(json_object_get(alerts, severities[i])));
}

static void print_updates(FILE *out, json_t *updates)
{
	const char *state;
	json_t *count;

	if (!updates)
		return;
	print_heading(out, "wakegate_updates", "The current or last update of each node, by state.");
	json_object_foreach (updates, state, count)
		if (strcmp(state, "total") != 0)
			fprintf(out, "wakegate_updates{state=\"%s\"} %" JSON_INTEGER_FORMAT "\n", state,
				json_integer_value(count));
}

/* Drivers name their figures themselves: wakegate_DRIVER_NAME_total, or wakegate_DRIVER_NAME_now for one that falls. */
static void print_drivers(FILE *out, json_t *drivers)
{
	const char *driver, *counter;
	json_t *counters, *value;

	json_object_foreach (drivers, driver, counters) {
		json_object_foreach (counters, counter, value) {
			char name[128];
			bool is_level = ends_in(counter, "_now");
			snprintf(name, sizeof(name), "wakegate_%s_%s%s", driver, counter,
				is_level || is_counter(counter) ? "" : "_total");
			print_heading(out, name,
				is_level ? "As the driver has it now." : "Counted by the driver since it was opened.");
			fprintf(out, "%s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
		}
	}
}

/* A label of a figure, and the thing's text that is its value. */
struct label {
	const char *name;
	const char *field;
};

/* A figure of each thing in a list, where it has it; the labels tell the things apart. */
static void print_each(FILE *out, const json_t *list, const struct metric *metric, const struct label labels[2])
{
	size_t i;
	json_t *thing;

	print_heading(out, metric->name, metric->help);
	json_array_foreach (list, i, thing) {
		const json_t *value = json_object_get(thing, metric->field);
		if (!value)
			continue;
		fputs(metric->name, out);
		for (size_t at = 0; at < 2 && labels[at].name; at++) {
			fprintf(out, "%c%s=\"", at == 0 ? '{' : ',', labels[at].name);
			print_label(out, json_string_value(json_object_get(thing, labels[at].field)));
			fputc('"', out);
		}
		fprintf(out, "} %.15g\n", json_number_value(value) * metric->scale);
	}
}

static void print_rules(FILE *out, const json_t *list)
{
	static const struct label labels[2] = { { "rule", "name" } };
	static const struct metric counts[] = {
		{ NULL, "taken", "wakegate_rule_taken_total", "Readings that the rule was for.", 1 },
		{ NULL, "dropped", "wakegate_rule_dropped_total", "Readings that the rule dropped.", 1 },
		{ NULL, "in_deadband", "wakegate_rule_in_deadband_total", "Readings within its dead-band.", 1 },
		{ NULL, "too_soon", "wakegate_rule_too_soon_total", "Readings within its interval.", 1 },
		{ NULL, "in_window", "wakegate_rule_in_window_total", "Readings that only its window took.", 1 },
		{ NULL, "alarms", "wakegate_rule_alarms_total", "States of its alarms that were told.", 1 },
	};

	for (size_t i = 0; json_array_size(list) > 0 && i < sizeof(counts) / sizeof(counts[0]); i++)
		print_each(out, list, &counts[i], labels);
}

/* How nodes fare by what they run; the sets of labels are bounded by whoever counts. */
static void print_firmware(FILE *out, const json_t *list)
{
	static const struct label labels[2] = { { "hardware", "hardware" }, { "version", "version" } };
	static const struct metric figures[] = {
		{ NULL, "nodes", "wakegate_firmware_nodes", "Nodes that run it.", 1 },
		{ NULL, "online", "wakegate_firmware_online_nodes", "Of these, those that are not silent.", 1 },
		{ NULL, "battery_percent", "wakegate_firmware_battery_percent",
			"Mean charge of those whose battery is known.", 1 },
		{ NULL, "contacts", "wakegate_firmware_contacts_total", "Contacts of nodes that ran it.", 1 },
		{ NULL, "drops", "wakegate_firmware_drops_total", "Contacts that were due and did not come.", 1 },
		{ NULL, "readings", "wakegate_firmware_readings_total", "Readings of nodes that ran it.", 1 },
		{ NULL, "bytes_in", "wakegate_firmware_received_bytes_total", "Received from nodes that ran it.", 1 },
		{ NULL, "bytes_out", "wakegate_firmware_sent_bytes_total", "Sent to nodes that ran it.", 1 },
	};

	for (size_t i = 0; json_array_size(list) > 0 && i < sizeof(figures) / sizeof(figures[0]); i++)
		print_each(out, list, &figures[i], labels);
}

char *metrics_text(const json_t *status)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_build(out, status);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		print_metric(out, &metrics[i], status);
	print_alerts(out, json_object_get(status, "alerts"));
	print_updates(out, json_object_get(status, "updates"));
	print_drivers(out, json_object_get(status, "drivers"));
	print_firmware(out, json_object_get(status, "firmware"));
	print_rules(out, json_object_get(json_object_get(status, "rules"), "list"));
	fclose(out);
	return text;
}
