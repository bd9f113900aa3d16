#include "config/found.h"

#include <libconfig.h>
#include <stdio.h>

#include "config/nearest.h"

void found_describe(const struct config_setting_t *found, char *out, size_t size)
{
	switch (config_setting_type(found)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(out, size, "%lld", config_setting_get_int64(found));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(out, size, "%g", config_setting_get_float(found));
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(out, size, "%s", config_setting_get_bool(found) ? "true" : "false");
		break;
	case CONFIG_TYPE_STRING:
		snprintf(out, size, "\"%.60s\"", config_setting_get_string(found));
		break;
	case CONFIG_TYPE_GROUP:
		snprintf(out, size, "a group { }");
		break;
	default:
		snprintf(out, size, "a list of %d", config_setting_length(found));
		break;
	}
}

void found_refuse_name(
	struct config_faults *faults, struct place place, const char *name, const struct found_names *names)
{
	char known[256] = "";
	size_t used = 0;
	const char *near = NULL;
	const char *one;

	for (size_t i = 0; (one = names->at(names->table, i)); i++) {
		if (nearest_is_typo(names->written, one) &&
			(!near || nearest_distance(names->written, one) < nearest_distance(names->written, near)))
			near = one;
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", one);
	}
	if (near)
		fault_add(faults, place, "%.100s is unknown, did you mean %s?", name, near);
	else
		fault_add(faults, place, "%.100s is unknown, allowed are %s%s", name, known,
			used >= sizeof(known) ? "..." : "");
}
