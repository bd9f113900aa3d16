#include "gateway/general.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/settings.h"

/* In the order of enum log_level. */
static const char *const level_names[] = { "error", "warning", "notice", "info", "debug", NULL };

static const struct setting settings[] = {
	{ .name = "id",
		.type = SETTING_TEXT,
		.offset = offsetof(struct general_settings, id),
		.least = 1,
		.most = GENERAL_ID_MAX,
		.example = "plant-7-roof",
		.help = "Name of this gateway in topics and messages, unlike that of any other; without it the host's "
			"name." },
	{ .name = "data_directory",
		.type = SETTING_FILE,
		.offset = offsetof(struct general_settings, data_directory),
		.initial = "/var/lib/wakegate",
		.help = "Folder of the databases; it must exist and be writable." },
	{ .name = "log_level",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct general_settings, log_level),
		.initial = "info",
		.choices = level_names,
		.reloadable = true,
		.help = "How much is logged." },
};

/* Topics are split at '/', and '+' and '#' are wildcards (MQTT 5, 4.7). */
static bool is_id_character(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.:@", c));
}

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct general_settings *general = values;

	for (const char *c = general->id; c && *c; c++) {
		if (is_id_character(*c))
			continue;
		snprintf(why, why_size, "id: found \"%s\", allowed are letters, digits and - _ . : @", general->id);
		return -EINVAL;
	}
	return 0;
}

const struct settings_table general_settings_table = {
	.group = "gateway",
	.help = "Who this gateway is, where its data is and how much it logs.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct general_settings),
	.check = check_settings,
};

void general_id(const struct general_settings *general, char *out)
{
	char host[GENERAL_ID_MAX + 1] = "";

	if (!general->id && gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	snprintf(out, GENERAL_ID_MAX + 1, "%s", general->id ? general->id : host);
	for (char *c = out; *c; c++)
		if (!is_id_character(*c))
			*c = '-';
	if (!*out)
		snprintf(out, GENERAL_ID_MAX + 1, "wakegate");
}
