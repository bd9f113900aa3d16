#include "gateway/fleet_document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/hex.h"

static const char *const wishes[] = {
	[FLEET_RUN] = "run", [FLEET_PAUSE] = "pause", [FLEET_ABORT] = "abort", [FLEET_ROLL_BACK] = "rollback"
};

__attribute__((format(printf, 3, 4))) static int refuse(char *why, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, FLEET_SENTENCE_SIZE, format, arguments);
	va_end(arguments);
	return error;
}

/* Takes the member out of the document: NULL if it is not there. Yours. */
static json_t *take(json_t *json, const char *name)
{
	json_t *value = json_incref(json_object_get(json, name));

	(void)json_object_del(json, name);
	return value;
}

static int read_wish(struct fleet_document *document, json_t *json, char *why)
{
	json_t *value = take(json, "state");
	const char *text = value ? json_string_value(value) : "run";
	int found = -1;

	for (int i = 0; text && i < (int)(sizeof(wishes) / sizeof(wishes[0])); i++)
		if (strcmp(text, wishes[i]) == 0)
			found = i;
	json_decref(value);
	if (found < 0)
		return refuse(why, -EINVAL, "\"state\" is none of \"run\", \"pause\", \"abort\" and \"rollback\"");
	document->wish = (enum fleet_wish)found;
	return 0;
}

static int read_own(struct fleet_document *document, json_t *json, char *why)
{
	json_t *approved = take(json, "approved"), *manifest = take(json, "manifest");
	bool fits = (!approved || json_is_boolean(approved)) && (!manifest || json_is_object(manifest));

	document->approved = json_is_true(approved);
	document->manifest = manifest ? json_dumps(manifest, JSON_COMPACT) : NULL;
	json_decref(approved);
	json_decref(manifest);
	return fits ? read_wish(document, json, why)
		    : refuse(why, -EINVAL, "\"approved\" is true or false, \"manifest\" is an object");
}

/* All gateways must mean the same image, so it is named by its whole digest. */
static int read_image(struct fleet_document *document, const json_t *json, char *why)
{
	const char *text = json_string_value(json_object_get(json, "image"));

	if (!text || strlen(text) != 64 || hex_parse(document->sha256, text, 64) < 0)
		return refuse(why, -EINVAL, "\"image\" is not the whole SHA-256 in hexadecimal digits");
	return 0;
}

static int read_name(json_t *json, const char *name, char *why)
{
	json_t *said = take(json, "rollout");
	bool fits = !said || (json_is_string(said) && strcmp(json_string_value(said), name) == 0);

	json_decref(said);
	return fits ? 0 : refuse(why, -EINVAL, "\"rollout\" is not the name in the topic, \"%.40s\"", name);
}

/* What is left are arguments; a document that says nothing of it is of a fleet, and none may say what a command is. */
static void make_request(json_t *json, const char *name)
{
	if (!json_object_get(json, "fleet"))
		(void)json_object_set_new(json, "fleet", json_true());
	(void)json_object_set_new(json, "command", json_string("rollout.create"));
	(void)json_object_set_new(json, "rollout", json_string(name));
}

int fleet_document_parse(struct fleet_document *out, const char *name, const void *data, size_t size, char *why)
{
	struct fleet_document document = { 0 };
	json_error_t fault;

	if (size > FLEET_DOCUMENT_MAX)
		return refuse(why, -EMSGSIZE, "a document has at most %d bytes", FLEET_DOCUMENT_MAX);
	document.request = json_loadb(data, size, JSON_REJECT_DUPLICATES, &fault);
	if (!document.request)
		return refuse(why, -EBADMSG, "not JSON: %.100s at byte %d", fault.text, fault.position);
	int error = json_is_object(document.request) ? 0 : refuse(why, -EBADMSG, "a document is an object");
	if (!error && (json_object_get(document.request, "command") || json_object_get(document.request, "dry_run")))
		error = refuse(why, -EINVAL, "a document has neither \"command\" nor \"dry_run\"");
	if (!error)
		error = read_name(document.request, name, why);
	if (!error)
		error = read_own(&document, document.request, why);
	if (!error)
		error = read_image(&document, document.request, why);
	if (error) {
		fleet_document_finish(&document);
		return error;
	}
	make_request(document.request, name);
	*out = document;
	return 0;
}

void fleet_document_finish(struct fleet_document *document)
{
	if (!document)
		return;
	json_decref(document->request);
	free(document->manifest);
	*document = (struct fleet_document){ 0 };
}
