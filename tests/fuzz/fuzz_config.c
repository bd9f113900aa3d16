/*
 * fuzz_config: reads arbitrary bytes as a config file against a table that has every type.
 *
 * The bytes are a file in memory, which can include itself and nothing else.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

static const char *const modes[] = { "fast", "slow", NULL };

struct everything {
	bool boolean;
	int64_t integer;
	int64_t duration_ms;
	int64_t size_bytes;
	double number;
	const char *text;
	const char *file;
	const char *secret;
	int choice;
	struct setting_list list;
	struct setting_list files;
	struct setting_groups groups;
};

#define AT(member) .offset = offsetof(struct everything, member), .help = "Help."

static const struct setting nested_settings[] = {
	{ .name = "n", .type = SETTING_NUMBER, AT(number), .least = -5, .most = 5 },
	{ .name = "t", .type = SETTING_TEXT, AT(text), .required = true },
	{ .name = "i", .type = SETTING_INTEGER, AT(integer), .initial = "1" },
	{ .name = "l", .type = SETTING_LIST, AT(list), .initial = "[ \"a\" ]" },
};

static const struct settings_table nested_table = {
	.group = "nested",
	.help = "Help.",
	.settings = nested_settings,
	.count = sizeof(nested_settings) / sizeof(nested_settings[0]),
	.struct_size = sizeof(struct everything),
};

static const struct setting settings[] = {
	{ .name = "b", .type = SETTING_BOOLEAN, AT(boolean), .initial = "true" },
	{ .name = "i", .type = SETTING_INTEGER, AT(integer), .least = -5, .most = 70000 },
	{ .name = "d", .type = SETTING_DURATION, AT(duration_ms), .initial = "15 min" },
	{ .name = "s", .type = SETTING_SIZE, AT(size_bytes), .least = 1, .most = INT64_MAX },
	{ .name = "t", .type = SETTING_TEXT, AT(text), .most = 8 },
	{ .name = "f", .type = SETTING_FILE, AT(file) },
	{ .name = "p", .type = SETTING_SECRET, AT(secret) },
	{ .name = "c", .type = SETTING_CHOICE, AT(choice), .choices = modes, .initial = "slow" },
	{ .name = "l", .type = SETTING_LIST, AT(list), .most = 3 },
	{ .name = "k", .type = SETTING_FILES, AT(files) },
	{ .name = "g", .type = SETTING_GROUPS, AT(groups), .table = &nested_table },
};

static const struct settings_table table = {
	.group = "a",
	.help = "Help.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct everything),
};

/* libconfig 1.5 forgets to free the token at which it meets a syntax error: some bytes per refused file. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct settings_table *const tables[] = { &table };
	struct config *config = NULL;
	struct config_faults faults;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int error = config_load(&config, path, tables, 1, &faults);
	if (error ? faults.count == 0 : faults.count > 0)
		abort(); /* an error without a word, or a complaint about what is right */
	config_faults_finish(&faults);
	config_free(config);
	close(fd);
	return 0;
}
