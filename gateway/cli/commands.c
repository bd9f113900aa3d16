#include "gateway/cli/commands.h"

#include <stddef.h>

#include "gateway/cli/cli.h"

static const struct cli_command *const gateway_commands[] = {
	&command_status,
	&command_top,
	&command_alerts,
	&command_journal,
	&command_audit,
	&command_metrics,
	&command_version,
	NULL,
};
static const struct cli_group gateway_group = { .summary = "The gateway", .commands = gateway_commands };

static const struct cli_command *const node_commands[] = {
	&command_node_list,
	&command_node_show,
	&command_node_add,
	&command_node_remove,
	&command_node_command,
	&command_node_hold,
	&command_node_release,
	&command_node_holds,
	NULL,
};
static const struct cli_group node_group = { "node", "Nodes", node_commands, NULL };

static const struct cli_command *const image_commands[] = {
	&command_image_list,
	&command_image_show,
	&command_image_add,
	&command_image_import_index,
	&command_image_remove,
	&command_image_sign,
	&command_image_inspect,
	NULL,
};
static const struct cli_group image_group = { "image", "Firmware images", image_commands, NULL };

static const struct cli_command *const download_commands[] = {
	&command_download_list,
	&command_download_cancel,
	NULL,
};
static const struct cli_group download_group = { "download", "Images from upstream", download_commands, NULL };

static const struct cli_command *const key_commands[] = {
	&command_key_create,
	&command_key_show,
	NULL,
};
static const struct cli_group key_group = { "key", "Keys that sign images", key_commands, NULL };

static const struct cli_command *const update_commands[] = {
	&command_update_start,
	&command_update_list,
	&command_update_watch,
	&command_update_cancel,
	&command_update_retry,
	&command_update_halt,
	&command_update_go_on,
	NULL,
};
static const struct cli_group update_group = { "update", "Updates", update_commands, &command_update_start };

static const struct cli_command *const rollout_commands[] = {
	&command_rollout_create,
	&command_rollout_forecast,
	&command_rollout_list,
	&command_rollout_show,
	&command_rollout_watch,
	&command_rollout_approve,
	&command_rollout_pause,
	&command_rollout_resume,
	&command_rollout_abort,
	&command_rollout_rollback,
	&command_rollout_remove,
	NULL,
};
static const struct cli_group rollout_group = { "rollout", "Rollouts in waves", rollout_commands, NULL };

static const struct cli_command *const telemetry_commands[] = {
	&command_telemetry_tail,
	&command_telemetry_try,
	NULL,
};
static const struct cli_group telemetry_group = { "telemetry", "Telemetry", telemetry_commands, NULL };

static const struct cli_command *const driver_commands[] = {
	&command_driver_list,
	&command_driver_ask,
	NULL,
};
static const struct cli_group driver_group = { "driver", "Drivers of networks", driver_commands, NULL };

static const struct cli_command *const zigbee_commands[] = {
	&command_zigbee_status,
	&command_zigbee_permit,
	&command_zigbee_nodes,
	&command_zigbee_interview,
	&command_zigbee_remove,
	&command_zigbee_keep,
	&command_zigbee_scan,
	&command_zigbee_form,
	&command_zigbee_adopt,
	&command_zigbee_backup,
	&command_zigbee_restore,
	NULL,
};
static const struct cli_group zigbee_group = { "zigbee", "The Zigbee network", zigbee_commands, NULL };

static const struct cli_command *const log_commands[] = {
	&command_log_level,
	NULL,
};
static const struct cli_group log_group = { "log", "The daemon's log", log_commands, NULL };

static const struct cli_command *const shell_commands[] = {
	&command_complete,
	NULL,
};
static const struct cli_group shell_group = { .commands = shell_commands };

const struct cli_group *const cli_groups[] = {
	&gateway_group,
	&node_group,
	&image_group,
	&download_group,
	&key_group,
	&update_group,
	&rollout_group,
	&telemetry_group,
	&driver_group,
	&zigbee_group,
	&log_group,
	&shell_group,
	NULL,
};
