#include "gateway/reload.h"

#include <stdbool.h>

#include "config/config.h"
#include "gateway/log.h"
#include "gateway/tables.h"

static void note_change(void *context, const char *name, bool applied)
{
	struct reload_result *result = context;

	if (applied) {
		result->applied++;
		log_notice("config.changed name=%s applied=yes", name);
	} else {
		result->waiting++;
		log_warning("config.changed name=%s applied=no reason=restart", name);
	}
}

int reload_config(struct reload_result *out, struct config *config, const char *path, const struct tables *tables)
{
	struct reload_result result = { 0 };
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
