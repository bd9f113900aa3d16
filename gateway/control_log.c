#include "gateway/control_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/log.h"
#include "store/update_store.h"

#define ENTRIES_DEFAULT 50
#define ENTRIES_MOST 1000

static const struct control_argument journal_arguments[] = {
	{ "subject", CONTROL_TEXT, false, "only about this node, image or asker" },
	{ "limit", CONTROL_INTEGER, false, "how many of the newest, 1000 at most" },
	{ 0 },
};

/* An answer that waits for the store. */
struct journal_answer {
	struct control_request *request;
	json_t *result;
	json_t *entries;
};

static void on_entry(void *context, const struct journal_entry *entry)
{
	struct journal_answer *answer = context;

	(void)json_array_append_new(answer->entries, describe_journal_entry(entry));
}

static void on_read(void *context, int result)
{
	struct journal_answer *answer = context;

	(void)json_object_set_new(answer->result, "journal", answer->entries);
	if (result < 0) {
		json_decref(answer->result);
		control_fail(answer->request, result, "the journal cannot be read");
	} else {
		control_done(answer->request, answer->result);
	}
	free(answer);
}

void control_answer_with_journal(
	struct control_request *request, json_t *result, struct store *store, const char *subject, unsigned limit)
{
	struct journal_answer *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		json_decref(result);
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	*answer = (struct journal_answer){ request, result, json_array() };
	struct journal_reader reader = { on_entry, on_read, answer };
	int failed = store_journal_load(store, subject, limit, reader);
	if (failed < 0)
		on_read(answer, failed);
}

void control_note(struct store *store, struct moment now, const char *event, const char *subject, const char *asker)
{
	struct journal_entry entry = { .at_ms = now.wall_ms };

	snprintf(entry.subject, sizeof(entry.subject), "%s", subject);
	snprintf(entry.event, sizeof(entry.event), "%s", event);
	snprintf(entry.detail, sizeof(entry.detail), "by %s", asker);
	/* That nothing can be written is told by the store's own figures; what was asked for is done all the same. */
	(void)store_update_save(store, NULL, &entry, (struct store_reply){ 0 });
	log_notice("%s subject=%s by=%s", event, subject, asker);
}

static void handle_journal(void *context, struct control_request *request)
{
	const struct control_log *parts = context;
	int64_t limit = control_integer(request, "limit", ENTRIES_DEFAULT);

	limit = limit < 1 ? 1 : limit > ENTRIES_MOST ? ENTRIES_MOST : limit;
	control_answer_with_journal(
		request, json_object(), parts->store, control_text(request, "subject"), (unsigned)limit);
}

static const struct control_argument level_arguments[] = {
	{ "level", CONTROL_TEXT, false, "error, warning, notice, info or debug; without it nothing is changed" },
	{ 0 },
};

static void handle_level(void *context, struct control_request *request)
{
	const char *name = control_text(request, "level");
	const char *before = log_level_name(log_get_level());
	int level = name ? log_level_parse(name) : (int)log_get_level();

	if (level < 0) {
		control_fail(request, -EINVAL,
			"there is no level \"%.32s\"; there are error, warning, notice, info and debug", name);
		return;
	}
	if (name)
		log_notice("log.level level=%s before=%s by=%s", name, before, control_asker_name(request));
	log_set_level((enum log_level)level);
	control_done(
		request, json_pack("{s:s, s:s}", "level", log_level_name((enum log_level)level), "before", before));
}

static const struct control_command commands[] = {
	{ "journal", "the newest entries of the journal, newest first", journal_arguments,
		CONTROL_REMOTE | CONTROL_READS, handle_journal },
	{ "log.level", "how much the daemon logs, until it restarts", level_arguments, CONTROL_REMOTE, handle_level },
};

int control_log_register(struct control *control, struct control_log *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
