#include "gateway/control_alerts.h"

#include "gateway/alert_text.h"
#include "gateway/alerts.h"
#include "gateway/control_request.h"

static const struct control_argument list_arguments[] = {
	{ "all", CONTROL_BOOLEAN, false, "also those that were cleared in the last 24 hours" },
	{ 0 },
};

static void handle_list(void *context, struct control_request *request)
{
	const struct alerts *alerts = context;
	bool all = control_boolean(request, "all");
	json_t *list = json_array();
	json_int_t standing = 0;

	for (size_t i = alerts_count(alerts); i-- > 0;) {
		const struct alert *alert = alerts_at(alerts, i);
		standing += alert->stands;
		if (alert->stands || all)
			(void)json_array_append_new(list, alert_json(alert));
	}
	control_done(request, json_pack("{s:o, s:I, s:I}", "alerts", list, "standing", standing, "unlisted",
				      (json_int_t)alerts_unlisted(alerts)));
}

static const struct control_command commands[] = {
	{ "alert.list", "what an operator should know of now, the latest first", list_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_list },
};

int control_alerts_register(struct control *control, const struct alerts *alerts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), (void *)alerts);
}
