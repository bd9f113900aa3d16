#include "config/config.h"

#include <string.h>

#include "config/content.h"

/* A table's values, running and new. */
struct pair {
	const struct settings_table *table;
	char *running;
	const char *newer;
	bool mixes; /* the table takes the mixture of both */
};

static bool differs(const struct pair *pair, const struct setting *setting)
{
	return !value_equal(setting, pair->running + setting->offset, pair->newer + setting->offset);
}

/* Equal ones too: their texts in `newer` outlive those that the last call brought. */
static void take_reloadable(const struct pair *pair, char *values)
{
	for (size_t i = 0; i < pair->table->count; i++) {
		const struct setting *setting = &pair->table->settings[i];
		if (setting->reloadable)
			memcpy(values + setting->offset, pair->newer + setting->offset, value_size(setting));
	}
}

static void report(const struct pair *pair, void (*each)(void *context, const char *name, bool applied), void *context)
{
	char name[128];

	for (size_t i = 0; i < pair->table->count; i++) {
		const struct setting *setting = &pair->table->settings[i];
		if (!differs(pair, setting))
			continue;
		snprintf(name, sizeof(name), "%s.%s", pair->table->group, setting->name);
		each(context, name, setting->reloadable && pair->mixes);
	}
}

static bool mixture_passes(const struct pair *pair, bool present, char *mixture)
{
	char why[300];

	if (!pair->table->check)
		return true;
	memcpy(mixture, pair->running, pair->table->struct_size);
	take_reloadable(pair, mixture);
	return pair->table->check(mixture, present, why, sizeof(why)) == 0;
}

void config_release(struct config *taken)
{
	if (taken && --taken->users == 0)
		config_free(taken);
}

/* Modules may hold on to a former text until they have seen the new one, so what the group had before stays. */
static void keep(struct group *group, struct config *taken)
{
	config_release(group->before);
	group->before = group->taken;
	group->taken = taken;
	taken->users++;
}

void config_adopt(struct config *config, struct config **newer,
	void (*each)(void *context, const char *name, bool applied), void *context)
{
	struct config *taken = *newer;

	*newer = NULL;
	taken->users = 1; /* this call */
	for (size_t i = 0; i < config->count; i++) {
		struct pair pair = { .table = config->tables[i],
			.running = config->groups[i].values,
			.newer = taken->groups[i].values };
		char *mixture = arena_take(&taken->arena, pair.table->struct_size);
		pair.mixes = mixture && mixture_passes(&pair, config->groups[i].present, mixture);
		report(&pair, each, context);
		if (!pair.mixes)
			continue;
		take_reloadable(&pair, pair.running);
		keep(&config->groups[i], taken);
	}
	config_release(taken);
}
