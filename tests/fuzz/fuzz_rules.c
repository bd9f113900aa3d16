/*
 * fuzz_rules: arbitrary bytes as rules, and readings through them.
 *
 * The bytes up to the first zero are a config file, which can include itself and nothing else; what stands behind, four
 * bytes each, chooses readings. Whatever leaves the rules must be something that SenML can say.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "gateway/labels.h"
#include "gateway/rule_settings.h"
#include "gateway/rules.h"
#include "gateway/window_plan.h"
#include "gateway/window_tag.h"
#include "gateway/windows.h"
#include "protocols/number.h"

#define START_MS INT64_C(1700000000000)

/* libconfig 1.5 forgets to free the token at which it meets a syntax error: some bytes per refused file. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

struct target {
	struct rules *rules;
	struct windows *windows;
	struct rules_source source;
};

static void check(const struct reading *reading)
{
	char text[NUMBER_TEXT_MAX];

	if (reading->name.size > READING_NAME_MAX || reading->unit.size > READING_UNIT_MAX)
		abort();
	if (reading->kind == READING_NUMBER && number_print(&reading->number, text) == 0)
		abort();
	if (reading->kind == READING_NUMBER && !(number_value(&reading->number) - number_value(&reading->number) == 0))
		abort(); /* infinite, or not a number */
}

static int on_pass(void *context, const struct reading *reading)
{
	check(reading);
	return 0;
}

static int on_alarm(void *context, const struct rules_alarm *alarm)
{
	check(alarm->state);
	check(alarm->value);
	return 0;
}

static bool on_told(void *context, const struct window_told *told)
{
	for (size_t i = 0; i < told->count; i++)
		check(&told->readings[i]);
	return true;
}

static int on_gather(void *context, const struct rules_gathered *gathered)
{
	struct target *target = context;
	struct window_tag tag;

	if (window_tag_parse(&tag, gathered->tag) < 0)
		abort();
	if (rules_plan(target->rules, tag.rule, gathered->plan->width_ms) != gathered->plan)
		abort();
	const struct window_entry entry = {
		.plan = gathered->plan,
		.node = target->source.node,
		.name = gathered->reading->name,
		.unit = gathered->reading->unit,
		.value = gathered->reading->number,
		.time_us = gathered->reading->time_us,
		.received_ms = target->source.received_ms,
	};
	return windows_add(target->windows, &entry);
}

static void apply(struct target *target, const uint8_t choice[4])
{
	static const char *const names[] = { "t", "humidity", "a/b/c", "" };
	static const char *const nodes[] = { "n1", "meter-1" };
	static const double doubles[] = { 1e308, -1e308, 5e-324, 0.1 };
	const struct rules_sink sink = { target, on_pass, on_alarm, on_gather, NULL };
	const char *node = nodes[choice[0] >> 2 & 1];
	struct reading reading = {
		.name = { names[choice[0] & 3], strlen(names[choice[0] & 3]) },
		.kind = choice[0] & 0x80 ? READING_BOOLEAN : READING_NUMBER,
		.boolean = choice[0] & 0x40,
		.has_time = choice[0] & 0x20,
		.time_us = (START_MS + (int8_t)choice[1] * 30000) * 1000,
		.number = { .mantissa = (int8_t)choice[2] * (INT64_C(1) << (choice[3] & 56)),
			.exponent = (int8_t)choice[3] },
	};

	if (choice[0] & 0x10)
		reading.number = number_from_double(doubles[choice[2] & 3]);
	target->source.node = (struct span){ node, strlen(node) };
	target->source.received_ms += choice[1] * 100;
	if (rules_apply(target->rules, &target->source, &reading, &sink) < 0)
		abort();
	(void)windows_tick(target->windows, target->source.received_ms, on_told, NULL);
}

static void run(const struct config *config, const uint8_t *data, size_t size)
{
	struct target target = { .source.received_ms = START_MS };
	const struct labels_settings *labels = config_values(config, &labels_settings_table);
	const struct rules_settings *rules = config_values(config, &rules_settings_table);

	if (rules_open(&target.rules, rules, labels, 1) < 0 || windows_open(&target.windows, 16, 1) < 0)
		abort();
	for (; size >= 4; data += 4, size -= 4) {
		(void)windows_make_room(target.windows, 1, on_told, NULL);
		target.source.labels = labels_of_node(labels, (struct span){ "n1", 2 }, (struct span){ "x", 1 });
		apply(&target, data);
	}
	(void)windows_tell_before(target.windows, UINT64_MAX, on_told, NULL);
	windows_close(target.windows);
	rules_close(target.rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct settings_table *const tables[] = { &labels_settings_table, &rules_settings_table };
	const uint8_t *end = memchr(data, 0, size);
	size_t text_size = end ? (size_t)(end - data) : size;
	struct config *config = NULL;
	struct config_faults faults;
	char path[64];
	int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, text_size) != (ssize_t)text_size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_load(&config, path, tables, 2, &faults) == 0 && end)
		run(config, end + 1, size - text_size - 1);
	config_faults_finish(&faults);
	config_free(config);
	close(fd);
	return 0;
}
