#include "gateway/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control_arguments.h"
#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/log.h"
#include "gateway/moment.h"
#include "store/audit_store.h"

#define LIMIT_DEFAULT 50

struct audit {
	struct store *store;
	const struct clock *clock;
};

static void on_acted(void *context, const struct control_action *action)
{
	const struct audit *audit = context;
	/* What would be is not done. */
	if (json_is_true(json_object_get(action->ask, "dry_run")))
		return;
	struct stored_action record = {
		.at_ms = clock_moment(audit->clock).wall_ms,
		.uid = action->asker->uid_known ? (int64_t)action->asker->uid : -1,
		.pid = action->asker->uid_known ? action->asker->pid : -1,
	};

	snprintf(record.asker, sizeof(record.asker), "%s", action->asker->name);
	snprintf(record.by, sizeof(record.by), "%s", action->by);
	snprintf(record.command, sizeof(record.command), "%s", action->command->name);
	control_arguments_write(action->command, action->ask, record.arguments, sizeof(record.arguments));
	snprintf(record.outcome, sizeof(record.outcome), "%s", action->error ? control_code(action->error) : "ok");
	snprintf(record.reason, sizeof(record.reason), "%s", action->why);
	log_info("audit command=%s asker=%s uid=%lld pid=%lld by=\"%s\" outcome=%s arguments=%s", record.command,
		record.asker, (long long)record.uid, (long long)record.pid, record.by, record.outcome,
		record.arguments);
	/* What was done is done: that it could not be written is told by the store's own figures, and the log has it.
	 */
	(void)store_action_append(audit->store, &record, (struct store_reply){ 0 });
}

/* An answer that waits for the store. */
struct answer {
	struct control_request *request;
	json_t *actions;
};

static void on_action(void *context, const struct stored_action *action)
{
	const struct answer *answer = context;
	json_t *arguments = json_loads(action->arguments, 0, NULL);
	json_t *json = json_pack("{s:I, s:s, s:s, s:o, s:s}", "at_ms", (json_int_t)action->at_ms, "asker",
		action->asker, "command", action->command, "arguments", arguments ? arguments : json_object(),
		"outcome", action->outcome);

	if (action->uid >= 0) {
		(void)json_object_set_new(json, "uid", json_integer(action->uid));
		(void)json_object_set_new(json, "pid", json_integer(action->pid));
	}
	describe_text(json, "by", action->by);
	describe_text(json, "reason", action->reason);
	(void)json_array_append_new(answer->actions, json);
}

static void on_read(void *context, int result)
{
	struct answer *answer = context;

	if (result < 0) {
		json_decref(answer->actions);
		control_fail(answer->request, result, "the audit trail cannot be read");
	} else {
		control_done(answer->request, json_pack("{s:o}", "audit", answer->actions));
	}
	free(answer);
}

static const struct control_argument audit_arguments[] = {
	{ "since_ms", CONTROL_INTEGER, false, "only from then on, milliseconds since 1970" },
	{ "limit", CONTROL_INTEGER, false, "how many of the newest, 1000 at most" },
	{ 0 },
};

static void handle_audit(void *context, struct control_request *request)
{
	const struct audit *audit = context;
	int64_t limit = control_integer(request, "limit", LIMIT_DEFAULT);
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	*answer = (struct answer){ request, json_array() };
	limit = limit < 1 ? 1 : limit > AUDIT_LOAD_MAX ? AUDIT_LOAD_MAX : limit;
	struct action_reader reader = { on_action, on_read, answer };
	int failed = store_actions_load(audit->store, control_integer(request, "since_ms", 0), (unsigned)limit, reader);
	if (failed < 0)
		on_read(answer, failed);
}

static const struct control_command commands[] = {
	{ "audit", "what operators did, or tried to do, the newest first", audit_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_audit },
};

int audit_open(struct audit **out, struct control *control, struct store *store, const struct clock *clock)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return -ENOMEM;
	audit->store = store;
	audit->clock = clock;
	int error = control_register(control, commands, sizeof(commands) / sizeof(commands[0]), audit);
	if (error) {
		free(audit);
		return error;
	}
	control_watch(control, on_acted, audit);
	*out = audit;
	return 0;
}

void audit_close(struct audit *audit)
{
	free(audit);
}
