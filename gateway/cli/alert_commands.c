#include <inttypes.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"

static const struct table_column columns[] = {
	{ "SEVERITY", false, false },
	{ "ALERT", false, false },
	{ "OF", false, true },
	{ "SINCE", true, false },
	{ "TIMES", true, false },
	{ "WHAT", false, false, true },
};

static enum tone tone_of(const json_t *alert)
{
	const char *severity = field_text(alert, "severity");

	if (strcmp(field_text(alert, "state"), "cleared") == 0)
		return TONE_QUIET;
	if (strcmp(severity, "critical") == 0)
		return TONE_BAD;
	return strcmp(severity, "warning") == 0 ? TONE_BUSY : TONE_PLAIN;
}

static void add_alert(struct table *table, const json_t *alert, int64_t now_ms)
{
	bool cleared = strcmp(field_text(alert, "state"), "cleared") == 0;
	enum tone tone = tone_of(alert);
	char age[HUMAN_SIZE];

	table_cell(table, tone, "%s", cleared ? "cleared" : field_text(alert, "severity"));
	table_cell(table, TONE_PLAIN, "%s", field_text(alert, "kind"));
	table_cell(table, TONE_PLAIN, "%s", field_text(alert, "subject"));
	table_cell(table, TONE_PLAIN, "%s",
		human_age(age, field_number(alert, cleared ? "changed_ms" : "raised_ms"), now_ms));
	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(alert, "times"));
	table_cell(table, TONE_PLAIN, "%s", field_text(alert, "text"));
}

static const struct listing listing = {
	.member = "alerts",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_alert,
	.none = "There is no alert.",
};

static const struct cli_option alerts_options[] = {
	{ 'a', "all", NULL, "also those that were cleared in the last 24 hours" },
	{ 0 },
};

static int run_alerts(struct cli *cli)
{
	json_t *result;
	int code =
		ask(cli, json_pack("{s:s, s:b}", "command", "alert.list", "all", (int)cli_given(cli, "all")), &result);

	return code == CLI_OK ? listing_print(cli, &listing, result) : code;
}

const struct cli_command command_alerts = {
	.verb = "alerts",
	.summary = "what needs an operator now",
	.help = "SINCE is when it was raised last, TIMES how often that was within a day. An alert is\n"
		"cleared by itself when its trouble is gone. docs/alerts.md says what each means.\n",
	.options = alerts_options,
	.run = run_alerts,
};
