#include "protocols/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocols/base64.h"
#include "protocols/hex.h"
#include "protocols/version.h"

/* The document under the reader's eye and the room for its verdict; the first fault is kept. */
struct reading_glass {
	const json_t *document;
	char *why;
	size_t why_size;
	bool failed;
};

static void refuse(struct reading_glass *glass, const char *member, const char *allowed)
{
	if (glass->failed)
		return;
	glass->failed = true;
	snprintf(glass->why, glass->why_size, "%s: %s", member, allowed);
}

static bool is_printable(const char *text, size_t size, bool space_allowed)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] < (space_allowed ? 0x20 : 0x21) || text[i] > 0x7e)
			return false;
	return true;
}

/* The text of a member, or NULL where it is absent or refused. */
static const char *find_text(struct reading_glass *glass, const char *member, bool required)
{
	const json_t *value = json_object_get(glass->document, member);

	if (!value && required)
		refuse(glass, member, "missing, a text is required");
	if (!value)
		return NULL;
	if (!json_is_string(value)) {
		refuse(glass, member, "found another type, allowed is a text");
		return NULL;
	}
	return json_string_value(value);
}

static void copy_text(struct reading_glass *glass, const char *member, char *out, size_t room)
{
	const char *text = find_text(glass, member, true);
	size_t size = text ? strlen(text) : 0;
	char allowed[64];

	if (!text)
		return;
	snprintf(allowed, sizeof(allowed), "allowed are 1 to %zu printable ASCII characters", room - 1);
	if (size == 0 || size >= room || !is_printable(text, size, true)) {
		refuse(glass, member, allowed);
		return;
	}
	memcpy(out, text, size + 1);
}

static void read_size(struct reading_glass *glass, uint32_t *out)
{
	const json_t *value = json_object_get(glass->document, "size");
	json_int_t size = json_integer_value(value);

	if (!json_is_integer(value) || size < 1 || size > UINT32_MAX)
		refuse(glass, "size", "an integer from 1 to 4294967295 is required");
	else
		*out = (uint32_t)size;
}

static void read_digest(struct reading_glass *glass, uint8_t out[32])
{
	const char *text = find_text(glass, "sha256", true);

	if (!text || strlen(text) != 64 || hex_parse(out, text, 64) < 0)
		refuse(glass, "sha256", "allowed are exactly 64 hexadecimal digits");
}

static void read_format(struct reading_glass *glass, char *out, size_t room)
{
	static const char *const formats[] = { "mcuboot", "esp-idf", "zigbee-ota", "raw" };
	const char *text = find_text(glass, "format", false);

	for (size_t i = 0; text && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(text, formats[i]) == 0) {
			snprintf(out, room, "%s", text);
			return;
		}
	if (text)
		refuse(glass, "format", "allowed are mcuboot, esp-idf, zigbee-ota and raw");
}

static void read_signature(struct reading_glass *glass, struct manifest *out)
{
	const char *text = find_text(glass, "signature", false);
	int size = text ? base64_parse(out->signature, sizeof(out->signature), text, strlen(text)) : 0;

	if (text && size <= 0)
		refuse(glass, "signature", "allowed is base64 of 1 to 512 bytes");
	else
		out->signature_size = (size_t)size;
}

static void read_uri(struct reading_glass *glass, struct manifest *out)
{
	static const char *const prefixes[] = {
		[MANIFEST_HTTP] = "http://",
		[MANIFEST_HTTPS] = "https://",
		[MANIFEST_MQTT] = "mqtt:",
	};
	const char *text = find_text(glass, "uri", true);
	size_t size = text ? strlen(text) : 0;

	if (!text)
		return;
	if (size > MANIFEST_URI_MAX || !is_printable(text, size, false)) {
		refuse(glass, "uri", "allowed are up to 1024 printable ASCII characters without space");
		return;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t prefix = strlen(prefixes[i]);

		if (strncasecmp(text, prefixes[i], prefix) != 0 || (i != MANIFEST_MQTT && size == prefix))
			continue;
		out->scheme = (enum manifest_scheme)i;
		memcpy(out->uri, text, size + 1);
		return;
	}
	refuse(glass, "uri", "allowed are https://…, http://… and mqtt:");
}

/* The last part of the path, without query; the version where the URI ends in no name. */
static void name_from_uri(struct manifest *out)
{
	size_t end = strcspn(out->uri, "?#");
	size_t start = end;

	while (start > 0 && out->uri[start - 1] != '/' && out->uri[start - 1] != ':')
		start--;
	if (start == end)
		snprintf(out->name, sizeof(out->name), "%s", out->version);
	else
		snprintf(out->name, sizeof(out->name), "%.*s", (int)(end - start), out->uri + start);
}

static void read_requires(struct reading_glass *glass, struct manifest *out)
{
	struct version version;

	if (!json_object_get(glass->document, "requires"))
		return;
	copy_text(glass, "requires", out->requires, sizeof(out->requires));
	if (!glass->failed && version_parse(&version, out->requires) < 0)
		refuse(glass, "requires", "allowed is a version such as 1.2.0");
}

static void read_members(struct reading_glass *glass, struct manifest *out)
{
	copy_text(glass, "version", out->version, sizeof(out->version));
	copy_text(glass, "hardware", out->hardware, sizeof(out->hardware));
	read_size(glass, &out->size_bytes);
	read_digest(glass, out->sha256);
	read_uri(glass, out);
	read_format(glass, out->format, sizeof(out->format));
	read_signature(glass, out);
	read_requires(glass, out);
	if (json_object_get(glass->document, "name"))
		copy_text(glass, "name", out->name, sizeof(out->name));
	else
		name_from_uri(out);
}

int manifest_parse(struct manifest *out, const void *data, size_t size, char *why, size_t why_size)
{
	struct manifest manifest = { 0 };
	struct reading_glass glass = { .why = why, .why_size = why_size };
	json_error_t error;

	if (size > MANIFEST_MAX) {
		snprintf(why, why_size, "found %zu bytes, allowed are %d", size, MANIFEST_MAX);
		return -EMSGSIZE;
	}
	json_t *document = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	if (!document) {
		snprintf(why, why_size, "not JSON: line %d: %s", error.line, error.text);
		return -EBADMSG;
	}
	glass.document = document;
	if (json_is_object(document))
		read_members(&glass, &manifest);
	else
		refuse(&glass, "manifest", "found another type, allowed is an object");
	json_decref(document);
	if (glass.failed)
		return -EBADMSG;
	*out = manifest;
	return 0;
}

void manifest_shown_uri(const struct manifest *manifest, char out[MANIFEST_URI_MAX + 1])
{
	const char *host = strstr(manifest->uri, "://");
	size_t start = host ? (size_t)(host + 3 - manifest->uri) : 0;
	size_t end = start + strcspn(manifest->uri + start, "?#");
	size_t authority = start + strcspn(manifest->uri + start, "/?#"), after_user = start;

	for (size_t i = start; host && i < authority; i++)
		if (manifest->uri[i] == '@')
			after_user = i + 1;
	memcpy(out, manifest->uri, start);
	memcpy(out + start, manifest->uri + after_user, end - after_user);
	out[start + end - after_user] = '\0';
}
