/*
 * reload: reads the config file again while the daemon runs, and logs what that changes.
 *
 *     config.changed name=schedule.interval applied=yes
 *     config.changed name=coap.port applied=no reason=restart
 *     config.reloaded applied=1 waiting=1
 *
 * or, when the file has faults, a config.fault for each and config.kept: then nothing changes.
 */
#ifndef WAKEGATE_GATEWAY_RELOAD_H
#define WAKEGATE_GATEWAY_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct settings_table;
struct tables;

struct reload_result {
	unsigned applied;            /* settings that changed within the structs that config_values() gave */
	unsigned waiting;            /* settings that need a restart */
	const struct tables *tables; /* as they were given */
	uint64_t touched;            /* a bit per table of which a setting was applied */
};

/*
 * `tables` are those that `config` was read with. 0 with *out, also if nothing changed; -EINVAL or another error of
 * config_load(): the running settings stay. Blocks on the disk. The caller then tells the modules that keep copies.
 */
int reload_config(struct reload_result *out, struct config *config, const char *path, const struct tables *tables);

/* Whether a setting of the table was applied. */
bool reload_touched(const struct reload_result *result, const struct settings_table *table);

/*
 * A number that changes when a file that the settings of `table` name (keys, certificates, secrets) was written,
 * replaced or removed: its name in the config then is the same, its content is not. `values` as config_values().
 */
uint64_t reload_files_mark(const struct settings_table *table, const void *values);

#endif
