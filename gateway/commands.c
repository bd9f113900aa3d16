#include "gateway/commands.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/control.h"
#include "gateway/control_alerts.h"
#include "gateway/control_drivers.h"
#include "gateway/control_holds.h"
#include "gateway/control_images.h"
#include "gateway/control_log.h"
#include "gateway/control_node_commands.h"
#include "gateway/control_nodes.h"
#include "gateway/control_rollouts.h"
#include "gateway/control_telemetry.h"
#include "gateway/control_updates.h"
#include "gateway/control_uploads.h"

struct commands {
	struct control_holds holds;
	struct control_images images;
	struct control_log log;
	struct control_node_commands node_commands;
	struct control_nodes nodes;
	struct control_rollouts rollouts;
	struct control_status status;
	struct control_telemetry telemetry;
	struct control_updates updates;
	struct control_drivers *drivers;
	struct control_uploads *uploads;
};

static void share_parts(struct commands *commands, const struct control_status *parts)
{
	commands->status = *parts;
	commands->holds = (struct control_holds){
		.clock = parts->clock,
		.holds = parts->holds,
		.nodes = parts->nodes,
		.updates = parts->updates,
		.rollouts = parts->rollouts,
	};
	commands->images = (struct control_images){
		.clock = parts->clock,
		.store = parts->store,
		.images = parts->images,
		.nodes = parts->nodes,
		.updates = parts->updates,
	};
	commands->log = (struct control_log){ .store = parts->store };
	commands->nodes = (struct control_nodes){
		.clock = parts->clock,
		.store = parts->store,
		.nodes = parts->nodes,
		.updates = parts->updates,
		.holds = parts->holds,
		.schedule = parts->schedule,
		.labels = parts->labels,
	};
	commands->rollouts = (struct control_rollouts){
		.clock = parts->clock,
		.nodes = parts->nodes,
		.updates = parts->updates,
		.images = parts->images,
		.rollouts = parts->rollouts,
		.schedule = parts->schedule,
		.labels = parts->labels,
		.fleet = parts->fleet,
		.links = parts->links,
		.update_settings = parts->update_settings,
		.quiet = parts->quiet,
	};
	commands->telemetry = (struct control_telemetry){ .telemetry = parts->telemetry };
	commands->updates = (struct control_updates){
		.clock = parts->clock,
		.nodes = parts->nodes,
		.updates = parts->updates,
		.images = parts->images,
		.schedule = parts->schedule,
	};
}

int commands_open(struct commands **out, struct control *control, const struct commands_parts *parts)
{
	struct control_uploads_parts uploads = {
		.clock = parts->status.clock,
		.store = parts->status.store,
		.images = parts->status.images,
		.imports = parts->imports,
	};
	struct commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return -ENOMEM;
	share_parts(commands, &parts->status);
	commands->node_commands = (struct control_node_commands){
		.clock = parts->status.clock,
		.store = parts->status.store,
		.nodes = parts->status.nodes,
		.commands = parts->node_commands,
	};
	commands->nodes.removals = parts->node_removals;
	int error = control_uploads_open(&commands->uploads, control, &uploads);
	if (!error)
		error = control_alerts_register(control, parts->status.alerts);
	if (!error)
		error = control_drivers_open(&commands->drivers, control, parts->status.networks, parts->status.clock);
	if (!error)
		error = control_holds_register(control, &commands->holds);
	if (!error)
		error = control_images_register(control, &commands->images);
	if (!error)
		error = control_log_register(control, &commands->log);
	if (!error)
		error = control_nodes_register(control, &commands->nodes);
	if (!error)
		error = control_rollouts_register(control, &commands->rollouts);
	if (!error)
		error = control_node_commands_register(control, &commands->node_commands);
	if (!error)
		error = control_status_register(control, &commands->status);
	if (!error)
		error = control_telemetry_register(control, &commands->telemetry);
	if (!error)
		error = control_updates_register(control, &commands->updates);
	if (error) {
		commands_close(commands);
		return error;
	}
	*out = commands;
	return 0;
}

int64_t commands_tick(void *context, struct moment now)
{
	struct commands *commands = context;

	int64_t uploads_ms = control_uploads_tick(commands->uploads, now);
	int64_t drivers_ms = control_drivers_tick(commands->drivers, now);

	return uploads_ms < drivers_ms ? uploads_ms : drivers_ms;
}

void commands_close(struct commands *commands)
{
	if (!commands)
		return;
	control_uploads_close(commands->uploads);
	control_drivers_close(commands->drivers);
	free(commands);
}
