/*
 * rules_fixture: rules read from a config text, and a sink that writes down in words what becomes of readings.
 *
 *     t=22.5 Cel          it went on           !alarm/hot=true (31)   an alarm was raised; '!': urgent, '.': not
 *     >+air/t=22.5        for a window         -air deadband          it went no further than the rule air
 */
#ifndef WAKEGATE_TESTS_RULES_FIXTURE_H
#define WAKEGATE_TESTS_RULES_FIXTURE_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "gateway/labels.h"
#include "gateway/rule_settings.h"
#include "gateway/rules.h"
#include "gateway/window_plan.h"
#include "protocols/number.h"

#define FIXTURE_START_MS INT64_C(1700000000000)

static const struct settings_table *const rules_tables[] = { &labels_settings_table, &rules_settings_table };

struct rules_fixture {
	struct config *config;
	struct rules *rules;
	uint64_t labels;
	int64_t now_ms;
	char told[8192];
	size_t size;
};

/* NULL if it is wrong; then `fault` has what was said first, from behind the file's name. */
static inline struct config *rules_config(const char *text, char fault[512])
{
	char path[] = "/tmp/wakegate-rules-XXXXXX";
	struct config *config = NULL;
	struct config_faults faults;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	int result = config_load(&config, path, rules_tables, 2, &faults);
	unlink(path);
	if (result < 0)
		snprintf(fault, 512, "%s", faults.faults[0].text + strlen(path) + 1);
	config_faults_finish(&faults);
	return config;
}

static inline struct config *rules_config_good(const char *text)
{
	char fault[512] = "";
	struct config *config = rules_config(text, fault);

	ck_assert_msg(config != NULL, "%s", fault);
	return config;
}

static inline const struct rules_settings *rules_settings_of(const struct config *config)
{
	return config_values(config, &rules_settings_table);
}

static inline const struct labels_settings *labels_settings_of(const struct config *config)
{
	return config_values(config, &labels_settings_table);
}

static inline void rules_fixture_open(struct rules_fixture *fixture, const char *text)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->now_ms = FIXTURE_START_MS;
	fixture->config = rules_config_good(text);
	ck_assert_int_eq(rules_open(&fixture->rules, rules_settings_of(fixture->config),
				 labels_settings_of(fixture->config), 42),
		0);
}

static inline void rules_fixture_reload(struct rules_fixture *fixture, const char *text)
{
	struct config *former = fixture->config;

	fixture->config = rules_config_good(text);
	/* Modules learn of new settings when the former ones are gone. */
	config_free(former);
	ck_assert_int_eq(
		rules_reload(fixture->rules, rules_settings_of(fixture->config), labels_settings_of(fixture->config)),
		0);
}

static inline void rules_fixture_close(struct rules_fixture *fixture)
{
	rules_close(fixture->rules);
	config_free(fixture->config);
}

static inline void tell(struct rules_fixture *fixture, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void tell(struct rules_fixture *fixture, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fixture->size +=
		(size_t)vsnprintf(fixture->told + fixture->size, sizeof(fixture->told) - fixture->size, format, list);
	va_end(list);
	ck_assert_uint_lt(fixture->size, sizeof(fixture->told));
}

static inline void tell_value(struct rules_fixture *fixture, const struct reading *reading)
{
	char text[NUMBER_TEXT_MAX];

	if (reading->kind == READING_BOOLEAN)
		tell(fixture, "%s", reading->boolean ? "true" : "false");
	else if (reading->kind == READING_NUMBER)
		tell(fixture, "%.*s", (int)number_print(&reading->number, text), text);
	else
		tell(fixture, "\"%.*s\"", (int)reading->text.size, reading->text.data);
}

static inline int tell_pass(void *context, const struct reading *reading)
{
	struct rules_fixture *fixture = context;

	tell(fixture, "%.*s=", (int)reading->name.size, reading->name.data);
	tell_value(fixture, reading);
	tell(fixture, "%s%.*s\n", reading->unit.size ? " " : "", (int)reading->unit.size, reading->unit.data);
	return 0;
}

static inline int tell_alarm(void *context, const struct rules_alarm *alarm)
{
	struct rules_fixture *fixture = context;
	const struct span name = alarm->state->name;

	tell(fixture, "%c%.*s=%s (", alarm->urgent ? '!' : '.', (int)name.size, name.data,
		alarm->state->boolean ? "true" : "false");
	tell_value(fixture, alarm->value);
	tell(fixture, ")\n");
	ck_assert_uint_eq(alarm->value->name.size, name.size + strlen("/value"));
	return 0;
}

static inline int tell_gather(void *context, const struct rules_gathered *gathered)
{
	struct rules_fixture *fixture = context;

	tell(fixture, ">%.*s=", (int)gathered->tag.size, gathered->tag.data);
	tell_value(fixture, gathered->reading);
	tell(fixture, "\n");
	return 0;
}

static inline void tell_gone(void *context, const char *rule, enum rule_loss loss)
{
	static const char *const words[] = { "dropped", "deadband", "soon", "window" };

	tell(context, "-%s %s\n", rule, words[loss]);
}

static inline struct rules_sink fixture_sink(struct rules_fixture *fixture)
{
	return (struct rules_sink){ fixture, tell_pass, tell_alarm, tell_gather, tell_gone };
}

/* What becomes of a reading; lives until the next one. */
static inline const char *apply_reading(struct rules_fixture *fixture, const char *node, const struct reading *reading)
{
	const struct rules_sink sink = fixture_sink(fixture);
	const struct rules_source source = { { node, strlen(node) }, fixture->labels, fixture->now_ms };

	fixture->size = 0;
	fixture->told[0] = '\0';
	ck_assert_int_eq(rules_apply(fixture->rules, &source, reading, &sink), 0);
	return fixture->told;
}

static inline struct reading reading_of(const char *name, const char *value)
{
	struct reading reading = { .name = { name, strlen(name) }, .kind = READING_NUMBER };

	ck_assert_int_eq(number_parse(&reading.number, value, strlen(value)), 0);
	return reading;
}

static inline const char *apply(struct rules_fixture *fixture, const char *name, const char *value)
{
	struct reading reading = reading_of(name, value);

	return apply_reading(fixture, "n1", &reading);
}

#endif
