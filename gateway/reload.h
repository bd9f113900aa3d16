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

struct config;
struct tables;

struct reload_result {
	unsigned applied; /* settings that changed within the structs that config_values() gave */
	unsigned waiting; /* settings that need a restart */
};

/*
 * `tables` are those that `config` was read with. 0 with *out, also if nothing changed; -EINVAL or another error of
 * config_load(): the running settings stay. Blocks on the disk. The caller then tells the modules that keep copies.
 */
int reload_config(struct reload_result *out, struct config *config, const char *path, const struct tables *tables);

#endif
