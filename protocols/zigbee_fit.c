#include "protocols/zigbee_fit.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "protocols/fault.h"

/* ---- text to value ---- */

static int read_names(struct zigbee_fit_names *out, const json_t *array, const char **fault)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0 || count > ZIGBEE_FIT_NAMES_MAX)
		return fault_malformed(fault, "models and makers are lists of 1 to 8 names");
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(array, i));
		if (!name || !*name || strlen(name) >= ZIGBEE_FIT_NAME_SIZE)
			return fault_malformed(fault, "a model or maker has 1 to 32 bytes");
		strcpy(out->names[i], name);
	}
	out->count = count;
	return 0;
}

static int read_range(uint32_t *least, uint32_t *most, const json_t *array, uint32_t limit, const char **fault)
{
	const json_t *first = json_array_get(array, 0), *last = json_array_get(array, 1);
	json_int_t from = json_integer_value(first), to = json_integer_value(last);

	if (json_array_size(array) != 2 || !json_is_integer(first) || !json_is_integer(last) || from < 0 || to < from ||
		to > (json_int_t)limit)
		return fault_malformed(fault, "hardware and versions are two numbers each, the lower one first");
	*least = (uint32_t)from;
	*most = (uint32_t)to;
	return 0;
}

static int read_member(struct zigbee_fit *out, const char *name, const json_t *value, const char **fault)
{
	if (strcmp(name, "models") == 0)
		return read_names(&out->models, value, fault);
	if (strcmp(name, "makers") == 0)
		return read_names(&out->makers, value, fault);
	if (strcmp(name, "hardware") == 0) {
		out->has_hardware = true;
		return read_range(&out->hardware_least, &out->hardware_most, value, UINT16_MAX, fault);
	}
	if (strcmp(name, "versions") == 0) {
		out->has_versions = true;
		return read_range(&out->version_least, &out->version_most, value, UINT32_MAX, fault);
	}
	return fault_malformed(fault, "it may have models, makers, hardware and versions, nothing else");
}

int zigbee_fit_parse(struct zigbee_fit *out, const char *text, const char **fault)
{
	struct zigbee_fit fit = { 0 };
	const char *name;
	json_t *value;
	int result = 0;

	if (*text == '\0') {
		*out = fit;
		return 0;
	}
	if (strlen(text) >= ZIGBEE_FIT_MAX)
		return fault_malformed(fault, "it has more than 511 bytes");
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(document))
		result = fault_malformed(fault, "it is not a JSON object");
	else
		json_object_foreach (document, name, value) {
			if (result == 0)
				result = read_member(&fit, name, value, fault);
		}
	json_decref(document);
	if (result == 0)
		*out = fit;
	return result;
}

/* ---- value to text ---- */

static void add_names(json_t *object, const char *member, const struct zigbee_fit_names *names)
{
	if (names->count == 0)
		return;
	json_t *array = json_array();
	for (size_t i = 0; i < names->count; i++)
		(void)json_array_append_new(array, json_string(names->names[i]));
	(void)json_object_set_new(object, member, array);
}

static void add_range(json_t *object, const char *member, uint32_t least, uint32_t most)
{
	(void)json_object_set_new(object, member, json_pack("[I, I]", (json_int_t)least, (json_int_t)most));
}

int zigbee_fit_write(char out[ZIGBEE_FIT_MAX], const struct zigbee_fit *fit)
{
	json_t *object = json_object();

	add_names(object, "models", &fit->models);
	add_names(object, "makers", &fit->makers);
	if (fit->has_hardware)
		add_range(object, "hardware", fit->hardware_least, fit->hardware_most);
	if (fit->has_versions)
		add_range(object, "versions", fit->version_least, fit->version_most);
	size_t size = 0;
	if (json_object_size(object) > 0)
		size = json_dumpb(object, out, ZIGBEE_FIT_MAX, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(object);
	if (size >= ZIGBEE_FIT_MAX)
		return -ENOBUFS;
	out[size] = '\0';
	return 0;
}

/* ---- nodes ---- */

static enum zigbee_fits check_name(const struct zigbee_fit_names *names, const char *name)
{
	if (names->count == 0)
		return ZIGBEE_FITS;
	if (!name || !*name)
		return ZIGBEE_FIT_UNKNOWN;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return ZIGBEE_FITS;
	return ZIGBEE_FITS_NOT;
}

enum zigbee_fits zigbee_fit_check(const struct zigbee_fit *fit, const struct zigbee_fit_node *node)
{
	enum zigbee_fits model = check_name(&fit->models, node->model);
	enum zigbee_fits maker = check_name(&fit->makers, node->maker);
	bool other_hardware = fit->has_hardware && node->has_hardware &&
			      (node->hardware < fit->hardware_least || node->hardware > fit->hardware_most);
	bool other_version = fit->has_versions && node->has_version &&
			     (node->version < fit->version_least || node->version > fit->version_most);

	if (model == ZIGBEE_FITS_NOT || maker == ZIGBEE_FITS_NOT || other_hardware || other_version)
		return ZIGBEE_FITS_NOT;
	if (model == ZIGBEE_FIT_UNKNOWN || maker == ZIGBEE_FIT_UNKNOWN || (fit->has_versions && !node->has_version))
		return ZIGBEE_FIT_UNKNOWN;
	return ZIGBEE_FITS;
}
