#include "gateway/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/rule.h"
#include "gateway/rule_series.h"
#include "gateway/rule_settings.h"
#include "gateway/rule_step.h"
#include "gateway/window_plan.h"
#include "protocols/siphash.h"

#define BUCKETS_LEAST 64

struct rules {
	struct siphash_key key;
	struct rule *list;
	size_t rule_count;
	unsigned generation; /* counts reloads */
	unsigned epoch;      /* counts rules_forget() */
	size_t most, count;  /* series */
	uint64_t forgotten;
	struct series **buckets;
	size_t bucket_count;
	struct series *oldest, *newest;
};

static void free_list(struct rule *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rule_finish(&list[i]);
	free(list);
}

/* Plans that are the same as a former one are that one, with the windows it has open. */
static void share_plans(struct rule *list, size_t count, const struct rules *former)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; list[i].plan && j < former->rule_count; j++) {
			struct window_plan *plan = former->list[j].plan;
			if (!plan || !window_plan_same(list[i].plan, plan))
				continue;
			window_plan_release(list[i].plan);
			list[i].plan = window_plan_share(plan);
		}
	}
}

/* By their digest: the settings of the former ones may be gone. */
static void hand_on_counts(struct rule *list, size_t count, const struct rules *former)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < former->rule_count; j++)
			if (list[i].digest == former->list[j].digest)
				list[i].counts = former->list[j].counts;
}

static void mark_retired(const struct rules *rules, bool retired)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		if (rules->list[i].plan)
			rules->list[i].plan->retired = retired;
}

static void replace_list(struct rules *rules, struct rule *list, size_t count)
{
	mark_retired(rules, true);
	free_list(rules->list, rules->rule_count);
	rules->list = list;
	rules->rule_count = count;
	mark_retired(rules, false);
	rules->generation++;
}

int rules_reload(struct rules *rules, const struct rules_settings *settings, const struct labels_settings *labels)
{
	const struct rule_settings *from = settings->list.items;
	size_t count = settings->list.count;
	struct rule *list = calloc(count ? count : 1, sizeof(*list));

	if (!list) {
		replace_list(rules, NULL, 0);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		if (rule_init(&list[i], &from[i], labels) < 0) {
			free_list(list, i);
			replace_list(rules, NULL, 0);
			return -ENOMEM;
		}
	}
	share_plans(list, count, rules);
	hand_on_counts(list, count, rules);
	replace_list(rules, list, count);
	rules->most = (size_t)settings->series;
	return 0;
}

int rules_open(
	struct rules **out, const struct rules_settings *settings, const struct labels_settings *labels, uint64_t seed)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	rules->key = (struct siphash_key){ seed, ~seed };
	rules->buckets = calloc(BUCKETS_LEAST, sizeof(struct series *));
	rules->bucket_count = BUCKETS_LEAST;
	if (!rules->buckets || rules_reload(rules, settings, labels) < 0) {
		rules_close(rules);
		return -ENOMEM;
	}
	*out = rules;
	return 0;
}

void rules_close(struct rules *rules)
{
	if (!rules)
		return;
	while (rules->oldest) {
		struct series *next = rules->oldest->newer;
		free(rules->oldest);
		rules->oldest = next;
	}
	free_list(rules->list, rules->rule_count);
	free(rules->buckets);
	free(rules);
}

size_t rules_count(const struct rules *rules)
{
	return rules->rule_count;
}

const char *rules_name(const struct rules *rules, size_t index)
{
	return rules->list[index].settings->name;
}

const struct rule_counts *rules_counts(const struct rules *rules, size_t index)
{
	return &rules->list[index].counts;
}

void rules_forget(struct rules *rules)
{
	rules->epoch++;
}

static void unlink_by_age(struct rules *rules, struct series *series)
{
	*(series->older ? &series->older->newer : &rules->oldest) = series->newer;
	*(series->newer ? &series->newer->older : &rules->newest) = series->older;
}

static void append_newest(struct rules *rules, struct series *series)
{
	series->older = rules->newest;
	series->newer = NULL;
	*(rules->newest ? &rules->newest->newer : &rules->oldest) = series;
	rules->newest = series;
}

static void remove_series(struct rules *rules, struct series *series)
{
	struct series **link = &rules->buckets[series->hash & (rules->bucket_count - 1)];

	while (*link != series)
		link = &(*link)->next_in_bucket;
	*link = series->next_in_bucket;
	unlink_by_age(rules, series);
	rules->count--;
	free(series);
}

static void grow(struct rules *rules)
{
	size_t count = 2 * rules->bucket_count;
	struct series **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains do no harm */
	for (struct series *series = rules->oldest; series; series = series->newer) {
		struct series **bucket = &buckets[series->hash & (count - 1)];
		series->next_in_bucket = *bucket;
		*bucket = series;
	}
	free(rules->buckets);
	rules->buckets = buckets;
	rules->bucket_count = count;
}

static void link_series(struct rules *rules, struct series *series)
{
	if (rules->count >= rules->bucket_count)
		grow(rules);
	struct series **bucket = &rules->buckets[series->hash & (rules->bucket_count - 1)];
	series->next_in_bucket = *bucket;
	*bucket = series;
	append_newest(rules, series);
	rules->count++;
}

static struct series *find(const struct rules *rules, const struct series_key *key)
{
	struct series *series = rules->buckets[key->hash & (rules->bucket_count - 1)];

	for (; series; series = series->next_in_bucket)
		if (series->hash == key->hash && series->node_size == key->node.size &&
			series->name_size == key->name.size &&
			memcmp(series->texts, key->node.data, key->node.size) == 0 &&
			memcmp(series->texts + key->node.size, key->name.data, key->name.size) == 0)
			return series;
	return NULL;
}

static uint64_t hash_of(const struct rules *rules, struct span node, struct span name)
{
	struct siphash_key key = rules->key;

	/* The name is hashed under a key that the node chose. */
	key.low ^= siphash(&rules->key, node.data, node.size);
	return siphash(&key, name.data, name.size);
}

static struct series *work_out(struct rules *rules, const struct series_key *key, struct series *former)
{
	struct series *series = series_new(rules->list, rules->rule_count, key, former);

	if (!series)
		return NULL;
	series->generation = rules->generation;
	series->epoch = rules->epoch;
	if (former)
		remove_series(rules, former);
	while (rules->count > 0 && rules->count >= rules->most) {
		remove_series(rules, rules->oldest);
		rules->forgotten++;
	}
	link_series(rules, series);
	return series;
}

static struct series *series_of(struct rules *rules, const struct rules_source *source, struct span name)
{
	const struct series_key key = { source->node, name, source->labels, hash_of(rules, source->node, name) };
	struct series *series = find(rules, &key);

	if (series && series->epoch != rules->epoch) {
		series_forget(series);
		series->epoch = rules->epoch;
	}
	if (!series || series->generation != rules->generation || series->labels != source->labels)
		return work_out(rules, &key, series);
	if (series != rules->newest) {
		unlink_by_age(rules, series);
		append_newest(rules, series);
	}
	return series;
}

static struct step_time time_of(struct series *series, const struct rules_source *source, const struct reading *reading)
{
	struct step_time time = { .received_us = source->received_ms * 1000 };

	time.time_us = reading->has_time ? reading->time_us : time.received_us;
	/* A date in the future must not make all that follow seem late. */
	int64_t order_us = time.time_us < time.received_us ? time.time_us : time.received_us;
	time.in_order = order_us >= series->newest_us;
	if (time.in_order)
		series->newest_us = order_us;
	return time;
}

int rules_apply(struct rules *rules, const struct rules_source *source, const struct reading *reading,
	const struct rules_sink *sink)
{
	struct series *series = series_of(rules, source, reading->name);
	struct reading left = *reading;
	int result = 1;

	if (!series)
		return -ENOMEM;
	const struct step_time time = time_of(series, source, reading);
	for (uint32_t i = 0; i < series->step_count && result > 0; i++)
		result = rule_step_apply(series, &series->steps[i], &left, &time, sink);
	return result > 0 ? sink->pass(sink->context, &left) : result;
}

struct window_plan *rules_plan(const struct rules *rules, struct span rule, int64_t width_ms)
{
	for (size_t i = 0; i < rules->rule_count; i++) {
		struct window_plan *plan = rules->list[i].plan;

		if (plan && plan->width_ms == width_ms && strlen(plan->rule) == rule.size &&
			memcmp(plan->rule, rule.data, rule.size) == 0)
			return plan;
	}
	return NULL;
}

void rules_figures(const struct rules *rules, struct rules_figures *out)
{
	*out = (struct rules_figures){ .series = rules->count, .forgotten = rules->forgotten };
}
