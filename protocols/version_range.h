/*
 * version_range: conditions that a version must meet, such as ">=1.2.0 <2".
 */
#ifndef WAKEGATE_PROTOCOLS_VERSION_RANGE_H
#define WAKEGATE_PROTOCOLS_VERSION_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/version.h"

#define VERSION_CONDITIONS_MAX 4
#define VERSION_RANGE_TEXT_MAX 160

enum version_relation { VERSION_IS, VERSION_IS_NOT, VERSION_BELOW, VERSION_UP_TO, VERSION_ABOVE, VERSION_FROM };

struct version_condition {
	enum version_relation relation;
	struct version version;
};

/* All conditions have to hold; without any all versions are in. */
struct version_range {
	struct version_condition conditions[VERSION_CONDITIONS_MAX];
	size_t count;
};

/* Conditions with blanks or commas between; each is one of = != < <= > >= (none: =) and a version. -EINVAL. */
int version_range_parse(struct version_range *out, const char *text);

bool version_range_holds(const struct version_range *range, const struct version *version);

#endif
