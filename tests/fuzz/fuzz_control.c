/*
 * fuzz_control: any bytes as a control request: answered exactly once, with JSON, within the limits.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void handle(void *context, struct control_request *request)
{
	const char *text = control_text(request, "text");
	const json_t *list = control_list(request, "list");

	if (!text || strlen(text) > CONTROL_TEXT_MAX || (list && json_array_size(list) > CONTROL_LIST_MAX))
		abort();
	(void)control_event(request, json_pack("{s:I}", "integer", (json_int_t)control_integer(request, "integer", 0)));
	if (control_boolean(request, "boolean"))
		control_fail(request, -EACCES, "%s", text);
	else
		control_done(request, NULL);
}

static const struct control_argument arguments[] = { { "text", CONTROL_TEXT, true, "" },
	{ "integer", CONTROL_INTEGER, false, "" }, { "boolean", CONTROL_BOOLEAN, false, "" },
	{ "list", CONTROL_LIST, false, "" }, { 0 } };
static const struct control_command command = { "a", "", arguments, CONTROL_REMOTE, handle };

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	unsigned *lasts = context;
	json_t *reply = json_loadb(json, size, 0, NULL);

	if (!json_is_object(reply) || *lasts)
		abort();
	json_decref(reply);
	*lasts += last;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control *control = control_open();
	unsigned lasts = 0;
	const struct control_asker asker = { "fuzz", size & 1, on_reply, &lasts };

	if (!control || control_register(control, &command, 1, NULL) < 0)
		abort();
	if (control_dispatch(control, &asker, (const char *)data, size, NULL) || lasts != 1)
		abort();
	control_close(control);
	return 0;
}
