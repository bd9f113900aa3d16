#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"

static void print_line(const struct cli *cli, const char *title, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void print_line(const struct cli *cli, const char *title, const char *format, ...)
{
	bool colour = cli->terminal.colour;
	va_list arguments;

	printf("%s%-11s%s", tone_begin(TONE_TITLE, colour), title, tone_end(TONE_TITLE, colour));
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void print_gateway(const struct cli *cli, const json_t *status)
{
	char uptime[HUMAN_SIZE], memory[HUMAN_SIZE];

	print_line(cli, "gateway", "%s, wakegate %s, up %s, %s of memory", field_text(status, "gateway"),
		field_text(status, "version"), human_duration(uptime, field_number(status, "uptime_ms")),
		human_size(memory, (uint64_t)field_number(status, "memory_bytes")));
}

static void print_uplink(const struct cli *cli, const json_t *uplink, int64_t now_ms)
{
	char age[HUMAN_SIZE], sent[HUMAN_SIZE], received[HUMAN_SIZE];

	if (!uplink) {
		print_line(cli, "uplink", "none");
		return;
	}
	bool connected = field_boolean(uplink, "connected");
	enum tone tone = connected ? TONE_GOOD : TONE_BAD;

	print_line(cli, "uplink", "%s%s%s %s for %s", tone_begin(tone, cli->terminal.colour),
		connected ? "connected to" : "not connected:", tone_end(tone, cli->terminal.colour),
		field_text(uplink, "broker"), human_duration(age, now_ms - field_number(uplink, "since_ms")));
	print_line(cli, "", "%s sent, %s received", human_size(sent, (uint64_t)field_number(uplink, "bytes_sent")),
		human_size(received, (uint64_t)field_number(uplink, "bytes_received")));
}

/* Only where the readings go up as Sparkplug. */
static void print_sparkplug(const struct cli *cli, const json_t *sparkplug)
{
	bool born = field_boolean(sparkplug, "born"), online = field_boolean(sparkplug, "host_online");
	const char *host = field_text(sparkplug, "primary_host");
	enum tone tone = online ? TONE_GOOD : TONE_BAD;

	if (!sparkplug)
		return;
	print_line(cli, "sparkplug", "edge node %s %s, %" PRId64 " devices", field_text(sparkplug, "edge_node"),
		born ? "is born" : "is not born", field_number(sparkplug, "devices"));
	if (json_object_get(sparkplug, "primary_host"))
		print_line(cli, "", "host %s %s%s%s%s", host, tone_begin(tone, cli->terminal.colour),
			online ? "online" : "offline", tone_end(tone, cli->terminal.colour),
			online ? "" : ": readings wait for it");
}

static void print_alerts(const struct cli *cli, const json_t *alerts)
{
	int64_t critical = field_number(alerts, "critical"), warning = field_number(alerts, "warning");
	enum tone tone = critical ? TONE_BAD : warning ? TONE_BUSY : TONE_PLAIN;

	print_line(cli, "alerts", "%s%" PRId64 " critical, %" PRId64 " warning%s, %" PRId64 " notice",
		tone_begin(tone, cli->terminal.colour), critical, warning, tone_end(tone, cli->terminal.colour),
		field_number(alerts, "notice"));
}

static void print_nodes(const struct cli *cli, const json_t *nodes)
{
	int64_t silent = field_number(nodes, "silent");
	enum tone tone = silent ? TONE_BUSY : TONE_PLAIN;
	char contacts[HUMAN_SIZE], drops[HUMAN_SIZE];

	print_line(cli, "nodes", "%" PRId64 ", %s%" PRId64 " silent%s; %s contacts, %s missed",
		field_number(nodes, "total"), tone_begin(tone, cli->terminal.colour), silent,
		tone_end(tone, cli->terminal.colour), human_count(contacts, (uint64_t)field_number(nodes, "contacts")),
		human_count(drops, (uint64_t)field_number(nodes, "drops")));
}

/* Only where it is worth a word: nodes were sent away, or come as they like. */
static void print_slots(const struct cli *cli, const json_t *slots)
{
	int64_t refused = field_number(slots, "refused"), own = field_number(slots, "own");
	char visits[HUMAN_SIZE], text[HUMAN_SIZE];

	if (refused)
		print_line(cli, "", "%s visits, %s told to come later; %" PRId64 " nodes at a time",
			human_count(visits, (uint64_t)field_number(slots, "visits")),
			human_count(text, (uint64_t)refused), field_number(slots, "concurrent"));
	if (own)
		print_line(cli, "", "%s visits of nodes that come as they like", human_count(text, (uint64_t)own));
}

static void print_transfers(const struct cli *cli, json_t *drivers)
{
	const char *driver;
	json_t *counters;

	json_object_foreach (drivers, driver, counters) {
		int64_t transfers = field_number(counters, "transfers_now");
		int64_t waiting = field_number(counters, "transfers_waiting_now");
		if (transfers || waiting)
			print_line(cli, "", "%" PRId64 " fetch over %s, %" PRId64 " wait for a place", transfers,
				driver, waiting);
	}
}

static void print_updates(const struct cli *cli, const json_t *updates)
{
	static const char *const states[] = { "offered", "downloading", "downloaded", "rebooting", "confirmed",
		"failed", "reverted", "withdrawn", "unfit" };
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int64_t count = field_number(updates, states[i]);
		if (count)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRId64 " %s", used ? ", " : "",
				count, states[i]);
	}
	print_line(cli, "updates", "%s", used ? text : "none");
}

/* Only where something is held. */
static void print_holds(const struct cli *cli, const json_t *holds)
{
	const json_t *halt = json_object_get(holds, "halt");
	int64_t nodes = field_number(holds, "nodes");
	char at[HUMAN_SIZE];

	if (halt)
		print_line(cli, "", "%sall halted%s by %s on %s%s%s", tone_begin(TONE_BAD, cli->terminal.colour),
			tone_end(TONE_BAD, cli->terminal.colour), field_text(halt, "by"),
			human_time(at, field_number(halt, "at_ms")), *field_text(halt, "reason") ? ": " : "",
			field_text(halt, "reason"));
	if (nodes)
		print_line(cli, "", "%" PRId64 " node%s held", nodes, nodes == 1 ? "" : "s");
}

static void print_images(const struct cli *cli, const json_t *images)
{
	int64_t partial = field_number(images, "partial");
	char bytes[HUMAN_SIZE], quota[HUMAN_SIZE], more[32] = "";

	if (partial)
		snprintf(more, sizeof(more), " and %" PRId64 " incomplete", partial);
	print_line(cli, "images", "%" PRId64 "%s, %s of %s", field_number(images, "complete"), more,
		human_size(bytes, (uint64_t)field_number(images, "bytes")),
		human_size(quota, (uint64_t)field_number(images, "quota_bytes")));
}

/* Who made the readings durable, and so how many cost the card nothing. */
static void print_acknowledged(const struct cli *cli, const json_t *telemetry)
{
	int64_t by_broker = field_number(telemetry, "by_broker"), by_disk = field_number(telemetry, "by_disk");
	double all = (double)(by_broker + by_disk);

	if (!json_is_true(json_object_get(telemetry, "broker_acknowledges"))) {
		print_line(cli, "", "acknowledged when the disk has them");
		return;
	}
	if (all > 0)
		print_line(cli, "", "acknowledged: %.0f %% by broker, %.0f %% by disk; %.0f %% never written",
			100 * (double)by_broker / all, 100 * (double)by_disk / all,
			100 * (double)field_number(telemetry, "never_stored") / all);
}

static void print_thinning(const struct cli *cli, const json_t *thinning)
{
	char thinned[HUMAN_SIZE], became[HUMAN_SIZE];
	int64_t readings = field_number(thinning, "readings");
	bool active = json_is_true(json_object_get(thinning, "active"));

	if (!readings && !active)
		return;
	print_line(cli, "", "%s readings thinned to %s%s", human_count(thinned, (uint64_t)readings),
		human_count(became, (uint64_t)field_number(thinning, "became")), active ? ", going on" : "");
}

static void print_telemetry(const struct cli *cli, const json_t *telemetry)
{
	int64_t lost = field_number(telemetry, "lost"), refused = field_number(telemetry, "refused");
	char kept[HUMAN_SIZE], waiting[HUMAN_SIZE], delivered[HUMAN_SIZE], disk[HUMAN_SIZE], quota[HUMAN_SIZE];

	print_line(cli, "telemetry", "%s readings kept, %s delivered, %s waiting",
		human_count(kept, (uint64_t)field_number(telemetry, "readings")),
		human_count(delivered, (uint64_t)field_number(telemetry, "delivered")),
		human_count(waiting, (uint64_t)field_number(telemetry, "waiting")));
	print_acknowledged(cli, telemetry);
	print_line(cli, "", "%s of %s on disk", human_size(disk, (uint64_t)field_number(telemetry, "disk_bytes")),
		human_size(quota, (uint64_t)field_number(telemetry, "quota_bytes")));
	if (lost || refused)
		print_line(cli, "", "%s%" PRId64 " readings lost, %" PRId64 " reports refused%s",
			tone_begin(TONE_BAD, cli->terminal.colour), lost, refused,
			tone_end(TONE_BAD, cli->terminal.colour));
}

static void print_store(const struct cli *cli, const json_t *store)
{
	int64_t failures = field_number(store, "commit_failures");
	char commits[HUMAN_SIZE];

	print_line(cli, "store", "%s commits, the last took %.1f ms, the longest %.1f ms",
		human_count(commits, (uint64_t)field_number(store, "commits")),
		(double)field_number(store, "last_commit_us") / 1000,
		(double)field_number(store, "longest_commit_us") / 1000);
	if (failures)
		print_line(cli, "", "%s%" PRId64 " commits failed%s", tone_begin(TONE_BAD, cli->terminal.colour),
			failures, tone_end(TONE_BAD, cli->terminal.colour));
	if (json_is_true(json_object_get(store, "damaged")))
		print_line(cli, "", "%sdamage was met on the disk; a restart checks all of it%s",
			tone_begin(TONE_BAD, cli->terminal.colour), tone_end(TONE_BAD, cli->terminal.colour));
}

static void print_budget(const struct cli *cli, const json_t *wear)
{
	bool over = json_is_true(json_object_get(wear, "over_budget"));
	int64_t budget = field_number(wear, "budget_bytes");
	char size[HUMAN_SIZE], bound[HUMAN_SIZE];

	human_duration(bound, field_number(wear, "bound_ms"));
	if (!budget)
		print_line(cli, "", "no budget; readings wait up to %s for a commit", bound);
	else
		print_line(cli, "", "budget %s a day%s; readings wait up to %s for a commit",
			human_size(size, (uint64_t)budget), over ? ", exceeded" : "", bound);
}

static void print_wear(const struct cli *cli, const json_t *wear)
{
	const json_t *per_reading = json_object_get(wear, "bytes_per_reading");
	const json_t *per_day = json_object_get(wear, "per_day_bytes"), *years = json_object_get(wear, "life_years");
	char total[HUMAN_SIZE], day[HUMAN_SIZE], pace[HUMAN_SIZE], reading[48] = "", life[48] = "";

	if (!wear)
		return;
	if (per_reading)
		snprintf(reading, sizeof(reading), ", %.0f B per reading", json_number_value(per_reading));
	print_line(cli, "wear", "%s written in 24 h, %s in all%s",
		human_size(day, (uint64_t)field_number(wear, "day_bytes")),
		human_size(total, (uint64_t)field_number(wear, "written_bytes")), reading);
	if (years)
		snprintf(life, sizeof(life), "; the card lasts %.1f years", json_number_value(years));
	if (per_day)
		print_line(cli, "", "%s a day at this pace%s", human_size(pace, (uint64_t)json_integer_value(per_day)),
			life);
	print_budget(cli, wear);
}

static void print_rules(const struct cli *cli, const json_t *rules)
{
	const json_t *list = json_object_get(rules, "list"), *rule;
	uint64_t dropped = 0;
	char taken[HUMAN_SIZE], windows[HUMAN_SIZE];
	int64_t early = field_number(rules, "told_early");
	size_t i;

	if (!rules)
		return;
	json_array_foreach (list, i, rule)
		dropped += (uint64_t)(field_number(rule, "dropped") + field_number(rule, "in_deadband") +
				      field_number(rule, "too_soon"));
	print_line(cli, "rules", "%zu rules kept %s readings back; %s windows open", json_array_size(list),
		human_count(taken, dropped), human_count(windows, (uint64_t)field_number(rules, "windows")));
	if (early > 0)
		print_line(cli, "", "%" PRId64 " windows were told early, for want of room", early);
}

static int run_status(struct cli *cli)
{
	json_t *status;
	int code = ask(cli, json_pack("{s:s}", "command", "status"), &status);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, status);
	print_gateway(cli, status);
	print_alerts(cli, json_object_get(status, "alerts"));
	print_uplink(cli, json_object_get(status, "uplink"), field_number(status, "time_ms"));
	print_sparkplug(cli, json_object_get(status, "sparkplug"));
	print_nodes(cli, json_object_get(status, "nodes"));
	print_slots(cli, json_object_get(status, "slots"));
	print_updates(cli, json_object_get(status, "updates"));
	print_transfers(cli, json_object_get(status, "drivers"));
	print_holds(cli, json_object_get(status, "holds"));
	print_images(cli, json_object_get(status, "images"));
	print_telemetry(cli, json_object_get(status, "telemetry"));
	print_rules(cli, json_object_get(status, "rules"));
	print_thinning(cli, json_object_get(status, "thinning"));
	print_store(cli, json_object_get(status, "store"));
	print_wear(cli, json_object_get(status, "wear"));
	json_decref(status);
	return CLI_OK;
}

const struct cli_command command_status = {
	.verb = "status",
	.summary = "how the gateway, its uplink, nodes and images are",
	.run = run_status,
};

static int run_metrics(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s}", "command", "metrics"), &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	fputs(field_text(result, "text"), stdout);
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_metrics = {
	.verb = "metrics",
	.summary = "the figures as text for Prometheus",
	.help = "For the textfile collector of the node exporter, say every minute:\n"
		"  wakegate metrics > /var/lib/prometheus/node-exporter/wakegate.prom.new &&\n"
		"      mv /var/lib/prometheus/node-exporter/wakegate.prom{.new,}\n",
	.run = run_metrics,
};

static int run_version(struct cli *cli)
{
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s}", "version", WAKEGATE_VERSION));
	puts("wakegate " WAKEGATE_VERSION);
	return CLI_OK;
}

const struct cli_command command_version = {
	.verb = "version",
	.summary = "the version of this program",
	.run = run_version,
};
