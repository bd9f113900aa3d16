#include "gateway/cli/zigbee_index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/digest.h"
#include "protocols/fault.h"
#include "protocols/hex.h"
#include "protocols/zigbee_ota.h"

#define IMAGES_FOLDER "images/" /* of the repository that the url points into */

/* ---- entries ---- */

/* False, leaving `out`: not there; -EBADMSG: no number, or out of range. */
static int read_number(const json_t *entry, const char *name, uint32_t most, uint32_t *out)
{
	const json_t *value = json_object_get(entry, name);

	if (!value)
		return -ENOENT;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > (json_int_t)most)
		return -EBADMSG;
	*out = (uint32_t)json_integer_value(value);
	return 0;
}

/* A range of which either end may be left out. */
static int read_range(const json_t *entry, const char *const names[2], uint32_t limit, uint32_t range[2], bool *has)
{
	range[0] = 0;
	range[1] = limit;
	int least = read_number(entry, names[0], limit, &range[0]);
	int most = read_number(entry, names[1], limit, &range[1]);
	*has = least == 0 || most == 0;
	return least == -EBADMSG || most == -EBADMSG || range[1] < range[0] ? -EBADMSG : 0;
}

static int add_name(struct zigbee_fit_names *names, const json_t *value)
{
	const char *name = json_string_value(value);

	if (!name || !*name || strlen(name) >= ZIGBEE_FIT_NAME_SIZE || names->count == ZIGBEE_FIT_NAMES_MAX)
		return -EBADMSG;
	strcpy(names->names[names->count++], name);
	return 0;
}

static int read_names(struct zigbee_fit_names *names, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (!value)
		return 0;
	if (!json_is_array(value))
		return add_name(names, value);
	json_array_foreach (value, i, one)
		if (add_name(names, one) < 0)
			return -EBADMSG;
	return 0;
}

static int read_fit(struct zigbee_fit *fit, const json_t *entry, const char **fault)
{
	static const char *const hardware[] = { "hardwareVersionMin", "hardwareVersionMax" };
	static const char *const versions[] = { "minFileVersion", "maxFileVersion" };
	uint32_t range[2];

	if (read_names(&fit->models, json_object_get(entry, "modelId")) < 0)
		return fault_malformed(fault, "modelId is not a text of 1 to 32 bytes");
	if (read_names(&fit->makers, json_object_get(entry, "manufacturerName")) < 0)
		return fault_malformed(fault, "manufacturerName is not a list of up to 8 texts of 1 to 32 bytes");
	if (read_range(entry, hardware, UINT16_MAX, range, &fit->has_hardware) < 0)
		return fault_malformed(fault, "hardwareVersionMin and hardwareVersionMax are no range");
	fit->hardware_least = range[0];
	fit->hardware_most = range[1];
	if (read_range(entry, versions, UINT32_MAX, range, &fit->has_versions) < 0)
		return fault_malformed(fault, "minFileVersion and maxFileVersion are no range");
	fit->version_least = range[0];
	fit->version_most = range[1];
	return 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int zigbee_index_read(struct zigbee_index_entry *out, const json_t *value, const char **fault)
{
	struct zigbee_index_entry entry = { .file_name = json_string_value(json_object_get(value, "fileName")),
		.url = json_string_value(json_object_get(value, "url")) };
	const char *sha512 = json_string_value(json_object_get(value, "sha512"));
	uint32_t manufacturer = 0, image_type = 0;

	if (!entry.file_name && entry.url)
		entry.file_name = last_part(entry.url);
	if (!entry.file_name || !*entry.file_name || strchr(entry.file_name, '/'))
		return fault_malformed(fault, "it names no file");
	if (!sha512 || strlen(sha512) != 2 * ZIGBEE_INDEX_SHA512_SIZE ||
		hex_parse(entry.sha512, sha512, 2 * ZIGBEE_INDEX_SHA512_SIZE) < 0)
		return fault_malformed(fault, "sha512 is not 128 hexadecimal digits");
	if (read_number(value, "fileSize", UINT32_MAX, &entry.size) < 0 ||
		read_number(value, "fileVersion", UINT32_MAX, &entry.version) < 0 ||
		read_number(value, "manufacturerCode", UINT16_MAX, &manufacturer) < 0 ||
		read_number(value, "imageType", UINT16_MAX, &image_type) < 0)
		return fault_malformed(fault, "fileSize, fileVersion, manufacturerCode and imageType are needed");
	entry.manufacturer = (uint16_t)manufacturer;
	entry.image_type = (uint16_t)image_type;
	int result = read_fit(&entry.fit, value, fault);
	if (result == 0)
		*out = entry;
	return result;
}

static bool names_models(const struct zigbee_index_entry *entry)
{
	return entry->fit.models.count > 0 || entry->fit.makers.count > 0;
}

bool zigbee_index_is_vague(const struct zigbee_index_entry *entries, size_t count, size_t index)
{
	const struct zigbee_index_entry *entry = &entries[index];

	if (names_models(entry))
		return false;
	for (size_t i = 0; i < count; i++)
		if (entries[i].manufacturer == entry->manufacturer && entries[i].image_type == entry->image_type &&
			entries[i].file_name && names_models(&entries[i]))
			return true;
	return false;
}

/* ---- files ---- */

static int try_path(char *path, size_t path_size, const char *folder, const char *name)
{
	int size = snprintf(path, path_size, "%s/%s", folder, name);

	if (size < 0 || (size_t)size >= path_size || access(path, F_OK) < 0)
		return -ENOENT;
	return 0;
}

int zigbee_index_find(const struct zigbee_index_entry *entry, const char *folder, char *path, size_t path_size)
{
	const char *below = entry->url ? strstr(entry->url, IMAGES_FOLDER) : NULL;

	if (try_path(path, path_size, folder, entry->file_name) == 0)
		return 0;
	/* What the index says is not trusted to stay below the folder. */
	if (!below || strstr(below, ".."))
		return -ENOENT;
	return try_path(path, path_size, folder, below);
}

int zigbee_index_check(const struct zigbee_index_entry *entry, const void *data, size_t size, const char **fault)
{
	uint8_t sha512[ZIGBEE_INDEX_SHA512_SIZE];
	struct zigbee_ota file;

	if (size != entry->size)
		return fault_malformed(fault, "the file has another size than the index says");
	digest_compute(DIGEST_SHA512, data, size, sha512);
	if (memcmp(sha512, entry->sha512, sizeof(sha512)) != 0)
		return fault_malformed(fault, "the file has another SHA-512 than the index says");
	int result = zigbee_ota_parse(&file, data, size, fault);
	if (result < 0)
		return result;
	if (file.manufacturer != entry->manufacturer || file.image_type != entry->image_type)
		return fault_malformed(fault, "its header has another manufacturer or image type than the index says");
	if (file.file_version != entry->version)
		return fault_malformed(fault, "its header has another version than the index says");
	return 0;
}
