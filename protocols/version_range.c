#include "protocols/version_range.h"

#include <errno.h>
#include <string.h>

static const struct relation {
	const char *sign;
	enum version_relation relation;
} relations[] = {
	/* A sign that another one begins with comes after it. */
	{ ">=", VERSION_FROM },
	{ "<=", VERSION_UP_TO },
	{ "!=", VERSION_IS_NOT },
	{ ">", VERSION_ABOVE },
	{ "<", VERSION_BELOW },
	{ "=", VERSION_IS },
	{ "", VERSION_IS },
};

static const char *read_sign(const char *at, enum version_relation *out)
{
	const struct relation *relation = relations;

	while (strncmp(at, relation->sign, strlen(relation->sign)) != 0)
		relation++;
	*out = relation->relation;
	at += strlen(relation->sign);
	return at + strspn(at, " ");
}

static int read_condition(struct version_condition *out, const char **at)
{
	char text[VERSION_TEXT_MAX + 1];
	const char *begin = read_sign(*at, &out->relation);
	size_t size = strcspn(begin, " ,");

	if (size > VERSION_TEXT_MAX)
		return -EINVAL;
	memcpy(text, begin, size);
	text[size] = '\0';
	*at = begin + size;
	return version_parse(&out->version, text);
}

int version_range_parse(struct version_range *out, const char *text)
{
	struct version_range range = { .count = 0 };
	const char *at = text + strspn(text, " ,");

	for (; *at; at += strspn(at, " ,")) {
		if (range.count == VERSION_CONDITIONS_MAX || read_condition(&range.conditions[range.count], &at) < 0)
			return -EINVAL;
		range.count++;
	}
	*out = range;
	return 0;
}

static bool holds(const struct version_condition *condition, const struct version *version)
{
	int order = version_compare(version, &condition->version);

	switch (condition->relation) {
	case VERSION_IS:
		return order == 0;
	case VERSION_IS_NOT:
		return order != 0;
	case VERSION_BELOW:
		return order < 0;
	case VERSION_UP_TO:
		return order <= 0;
	case VERSION_ABOVE:
		return order > 0;
	case VERSION_FROM:
		return order >= 0;
	}
	return false;
}

bool version_range_holds(const struct version_range *range, const struct version *version)
{
	for (size_t i = 0; i < range->count; i++)
		if (!holds(&range->conditions[i], version))
			return false;
	return true;
}
