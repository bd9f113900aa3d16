#include "gateway/reload.h"

#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "gateway/log.h"
#include "gateway/tables.h"
#include "protocols/siphash.h"

/* `name` is "GROUP.SETTING…". */
static void note_touched(struct reload_result *result, const char *name)
{
	for (size_t i = 0; i < result->tables->count; i++) {
		const char *group = result->tables->list[i]->group;
		size_t size = strlen(group);

		if (strncmp(name, group, size) == 0 && name[size] == '.')
			result->touched |= UINT64_C(1) << i;
	}
}

static void note_change(void *context, const char *name, bool applied)
{
	struct reload_result *result = context;

	if (applied) {
		result->applied++;
		note_touched(result, name);
		log_notice("config.changed name=%s applied=yes", name);
	} else {
		result->waiting++;
		log_warning("config.changed name=%s applied=no reason=restart", name);
	}
}

int reload_config(struct reload_result *out, struct config *config, const char *path, const struct tables *tables)
{
	struct reload_result result = { .tables = tables };
	struct config *newer = NULL;
	struct config_faults faults;
	int error = config_load(&newer, path, tables->list, tables->count, &faults);

	for (size_t i = 0; i < faults.count; i++)
		log_error("config.fault %s", faults.faults[i].text);
	if (error)
		log_error("config.kept file=%s faults=%zu", path, faults.count);
	config_faults_finish(&faults);
	if (error)
		return error;
	config_adopt(config, &newer, note_change, &result);
	log_notice("config.reloaded applied=%u waiting=%u", result.applied, result.waiting);
	*out = result;
	return 0;
}

bool reload_touched(const struct reload_result *result, const struct settings_table *table)
{
	for (size_t i = 0; i < result->tables->count; i++)
		if (result->tables->list[i] == table)
			return result->touched >> i & 1;
	return false;
}

static uint64_t file_mark(const char *path)
{
	static const struct siphash_key key = { 0, 0 };
	struct stat found;

	if (!path || stat(path, &found) < 0)
		return 0;
	const int64_t facts[] = { (int64_t)found.st_ino, (int64_t)found.st_size, (int64_t)found.st_mtim.tv_sec,
		(int64_t)found.st_mtim.tv_nsec };
	return siphash(&key, facts, sizeof(facts));
}

uint64_t reload_files_mark(const struct settings_table *table, const void *values)
{
	uint64_t mark = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct setting *setting = &table->settings[i];
		const void *value = (const char *)values + setting->offset;
		const struct setting_list *files = value;

		if (setting->type == SETTING_FILE || setting->type == SETTING_SECRET)
			mark = mark * 31 + file_mark(*(const char *const *)value);
		for (size_t j = 0; setting->type == SETTING_FILES && j < files->count; j++)
			mark = mark * 31 + file_mark(files->items[j]);
	}
	return mark;
}
