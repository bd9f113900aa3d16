/*
 * config_fixture: a folder of config files that lasts for one test, and a pair of tables that has every type.
 */
#ifndef WAKEGATE_TESTS_CONFIG_FIXTURE_H
#define WAKEGATE_TESTS_CONFIG_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

struct rule_values {
	const char *match;
	int64_t band;
};

struct radio_values {
	bool open;
	int64_t port;
	int64_t timeout_ms;
	int64_t quota_bytes;
	const char *name;
	const char *folder;
	const char *password;
	int mode;
	struct setting_list addresses;
	struct setting_groups rules;
};

struct link_values {
	const char *broker;
	int64_t weight;
	double share;
	struct setting_list keys;
};

static const char *const radio_modes[] = { "fast", "slow", "off", NULL };

static int check_rule(const void *values, bool present, char *why, size_t why_size)
{
	const struct rule_values *rule = values;

	if (rule->band != 13)
		return 0;
	snprintf(why, why_size, "a band of 13 is bad luck");
	return -EINVAL;
}

static const struct setting rule_settings_list[] = {
	{ .name = "match",
		.type = SETTING_TEXT,
		.offset = offsetof(struct rule_values, match),
		.required = true,
		.most = 8,
		.help = "Names that the rule is for.",
		.example = "temp*" },
	{ .name = "band",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct rule_values, band),
		.initial = "5",
		.least = 1,
		.most = 100,
		.help = "Width of the band." },
};

static const struct settings_table rule_settings = {
	.group = "rule",
	.help = "A rule.",
	.settings = rule_settings_list,
	.count = sizeof(rule_settings_list) / sizeof(rule_settings_list[0]),
	.struct_size = sizeof(struct rule_values),
	.check = check_rule,
};

#define RADIO(member) .offset = offsetof(struct radio_values, member)

static const struct setting radio_settings_list[] = {
	{ .name = "open", .type = SETTING_BOOLEAN, RADIO(open), .initial = "true", .help = "Lets all in." },
	{ .name = "port",
		.type = SETTING_INTEGER,
		RADIO(port),
		.initial = "5683",
		.least = 1,
		.most = 65535,
		.help = "UDP port." },
	{ .name = "timeout",
		.type = SETTING_DURATION,
		RADIO(timeout_ms),
		.initial = "15 min",
		.least = 1000,
		.most = 86400000,
		.help = "Patience.",
		.reloadable = true },
	{ .name = "quota",
		.type = SETTING_SIZE,
		RADIO(quota_bytes),
		.initial = "64 MB",
		.least = 1024,
		.most = INT64_MAX,
		.help = "Room on disk." },
	{ .name = "name",
		.type = SETTING_TEXT,
		RADIO(name),
		.least = 2,
		.most = 8,
		.help = "A name.",
		.example = "lab \"1\"" },
	{ .name = "folder", .type = SETTING_FILE, RADIO(folder), .initial = "/var/lib/radio", .help = "A folder." },
	{ .name = "password", .type = SETTING_SECRET, RADIO(password), .help = "A secret.", .example = "/etc/s" },
	{ .name = "mode",
		.type = SETTING_CHOICE,
		RADIO(mode),
		.initial = "slow",
		.choices = radio_modes,
		.help = "Speed." },
	{ .name = "addresses",
		.type = SETTING_LIST,
		RADIO(addresses),
		.initial = "[ \"::1\", \"10.0.0.1\" ]",
		.least = 1,
		.most = 3,
		.help = "Where to listen." },
	{ .name = "rules",
		.type = SETTING_GROUPS,
		RADIO(rules),
		.table = &rule_settings,
		.most = 4,
		.help = "Rules, in order.",
		.reloadable = true },
};

static const struct settings_table radio_settings = {
	.group = "radio",
	.help = "The network of nodes.",
	.settings = radio_settings_list,
	.count = sizeof(radio_settings_list) / sizeof(radio_settings_list[0]),
	.struct_size = sizeof(struct radio_values),
};

static int check_link(const void *values, bool present, char *why, size_t why_size)
{
	const struct link_values *link = values;

	if (!link->broker)
		return 0;
	if (strcmp(link->broker, "odd") != 0 && link->weight % 2 == 1) {
		snprintf(why, why_size, "only the broker odd takes odd weights");
		return -EINVAL;
	}
	return 0;
}

static int check_link_beside_radio(const void *values, const void *others, char *why, size_t why_size)
{
	const struct link_values *link = values;
	const struct radio_values *radio = others;

	if (!(link->share > 0) || radio->open)
		return 0;
	snprintf(why, why_size, "a closed radio has no share");
	return -EINVAL;
}

static const struct setting link_settings_list[] = {
	{ .name = "broker",
		.type = SETTING_TEXT,
		.offset = offsetof(struct link_values, broker),
		.required = true,
		.help = "Where to publish.",
		.example = "mqtt://localhost" },
	{ .name = "weight",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct link_values, weight),
		.initial = "2",
		.reloadable = true,
		.help = "Preference." },
	{ .name = "share",
		.type = SETTING_NUMBER,
		.offset = offsetof(struct link_values, share),
		.least = -1,
		.most = 1,
		.help = "Part of the whole.",
		.example = "0.5" },
	{ .name = "keys",
		.type = SETTING_FILES,
		.offset = offsetof(struct link_values, keys),
		.help = "Keys.",
		.example = "[ \"a.pem\" ]" },
};

static const struct settings_table link_settings = {
	.group = "link",
	.help = "The way upstream.",
	.settings = link_settings_list,
	.count = sizeof(link_settings_list) / sizeof(link_settings_list[0]),
	.struct_size = sizeof(struct link_values),
	.check = check_link,
	.beside = &radio_settings,
	.check_beside = check_link_beside_radio,
};

static const struct settings_table *const fixture_tables[] = { &radio_settings, &link_settings };

struct fixture {
	char folder[64];
	struct config *config;
	struct config_faults faults;
};

static inline void fixture_open(struct fixture *fixture)
{
	*fixture = (struct fixture){ .folder = "/tmp/wakegate-config-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
}

static inline void fixture_path(const struct fixture *fixture, char *out, size_t size, const char *name)
{
	ck_assert_int_lt(snprintf(out, size, "%s/%s", fixture->folder, name), (int)size);
}

static inline void fixture_write_bytes(const struct fixture *fixture, const char *name, const void *bytes, size_t size)
{
	char path[256];

	fixture_path(fixture, path, sizeof(path), "conf.d");
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	fixture_path(fixture, path, sizeof(path), name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const char *text)
{
	fixture_write_bytes(fixture, name, text, strlen(text));
}

static inline int fixture_load(struct fixture *fixture)
{
	char path[256];

	config_free(fixture->config);
	config_faults_finish(&fixture->faults);
	fixture->config = NULL;
	fixture_path(fixture, path, sizeof(path), "main.cfg");
	return config_load(&fixture->config, path, fixture_tables, 2, &fixture->faults);
}

static inline const struct radio_values *fixture_radio(const struct fixture *fixture)
{
	return config_values(fixture->config, &radio_settings);
}

/* Fault `index` is "FOLDER/" followed by `text`. */
static inline void fixture_expect(const struct fixture *fixture, size_t index, const char *text)
{
	char expected[1024];

	ck_assert_uint_lt(index, fixture->faults.count);
	fixture_path(fixture, expected, sizeof(expected), text);
	ck_assert_str_eq(fixture->faults.faults[index].text, expected);
}

static inline void fixture_close(struct fixture *fixture)
{
	char command[128];

	config_free(fixture->config);
	config_faults_finish(&fixture->faults);
	snprintf(command, sizeof(command), "rm -rf %s", fixture->folder);
	ck_assert_int_eq(system(command), 0);
}

#endif
