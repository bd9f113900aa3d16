/*
 * commands: all commands of the operator's command line: listed in commands.c, made in the files of their subjects.
 */
#ifndef WAKEGATE_GATEWAY_CLI_COMMANDS_H
#define WAKEGATE_GATEWAY_CLI_COMMANDS_H

struct cli_command;
struct cli_group;

/* Ended by NULL. */
extern const struct cli_group *const cli_groups[];

/* alert_commands.c */
extern const struct cli_command command_alerts;

/* audit_commands.c */
extern const struct cli_command command_audit;

/* complete_command.c */
extern const struct cli_command command_complete;

/* download_commands.c */
extern const struct cli_command command_download_cancel;
extern const struct cli_command command_download_list;

/* driver_commands.c */
extern const struct cli_command command_driver_ask;
extern const struct cli_command command_driver_list;

/* hold_commands.c */
extern const struct cli_command command_node_hold;
extern const struct cli_command command_node_holds;
extern const struct cli_command command_node_release;
extern const struct cli_command command_update_go_on;
extern const struct cli_command command_update_halt;

/* forecast_command.c */
extern const struct cli_command command_rollout_forecast;

/* image_commands.c */
extern const struct cli_command command_image_add;
extern const struct cli_command command_image_import_index;
extern const struct cli_command command_image_list;
extern const struct cli_command command_image_remove;
extern const struct cli_command command_image_show;

/* image_local_commands.c */
extern const struct cli_command command_image_inspect;
extern const struct cli_command command_image_sign;

/* key_commands.c */
extern const struct cli_command command_key_create;
extern const struct cli_command command_key_show;

/* log_commands.c */
extern const struct cli_command command_journal;
extern const struct cli_command command_log_level;

/* node_commands.c */
extern const struct cli_command command_node_add;
extern const struct cli_command command_node_command;
extern const struct cli_command command_node_list;
extern const struct cli_command command_node_remove;
extern const struct cli_command command_node_show;

/* rollout_commands.c */
extern const struct cli_command command_rollout_abort;
extern const struct cli_command command_rollout_approve;
extern const struct cli_command command_rollout_create;
extern const struct cli_command command_rollout_list;
extern const struct cli_command command_rollout_pause;
extern const struct cli_command command_rollout_remove;
extern const struct cli_command command_rollout_resume;
extern const struct cli_command command_rollout_rollback;
extern const struct cli_command command_rollout_show;
extern const struct cli_command command_rollout_watch;

/* status_commands.c */
extern const struct cli_command command_metrics;
extern const struct cli_command command_status;
extern const struct cli_command command_version;

/* telemetry_commands.c */
extern const struct cli_command command_telemetry_tail;

/* telemetry_try_command.c */
extern const struct cli_command command_telemetry_try;

/* top_command.c */
extern const struct cli_command command_top;

/* update_commands.c */
extern const struct cli_command command_update_cancel;
extern const struct cli_command command_update_list;
extern const struct cli_command command_update_retry;
extern const struct cli_command command_update_start;
extern const struct cli_command command_update_watch;

/* zigbee_commands.c */
extern const struct cli_command command_zigbee_interview;
extern const struct cli_command command_zigbee_keep;
extern const struct cli_command command_zigbee_nodes;
extern const struct cli_command command_zigbee_permit;
extern const struct cli_command command_zigbee_remove;
extern const struct cli_command command_zigbee_scan;
extern const struct cli_command command_zigbee_status;

/* zigbee_network_commands.c */
extern const struct cli_command command_zigbee_adopt;
extern const struct cli_command command_zigbee_backup;
extern const struct cli_command command_zigbee_form;
extern const struct cli_command command_zigbee_restore;

#endif
