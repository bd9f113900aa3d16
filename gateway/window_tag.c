#include "gateway/window_tag.h"

#include <errno.h>
#include <string.h>

#include "gateway/window_plan.h"

size_t window_tag_write(char out[WINDOW_TAG_MAX], const struct window_plan *plan, struct span name)
{
	size_t rule_size = strlen(plan->rule);
	size_t name_size = name.size < READING_NAME_MAX ? name.size : READING_NAME_MAX;

	out[0] = plan->held ? '-' : '+';
	memcpy(out + 1, plan->rule, rule_size);
	out[1 + rule_size] = '/';
	if (name_size > 0)
		memcpy(out + 2 + rule_size, name.data, name_size);
	return 2 + rule_size + name_size;
}

int window_tag_parse(struct window_tag *out, struct span tag)
{
	const char *slash = tag.size > 0 ? memchr(tag.data, '/', tag.size) : NULL;

	if (!slash || (tag.data[0] != '-' && tag.data[0] != '+') || slash - tag.data - 1 > RULE_NAME_MAX)
		return -EBADMSG;
	out->held = tag.data[0] == '-';
	out->rule = (struct span){ tag.data + 1, (size_t)(slash - tag.data) - 1 };
	out->name = (struct span){ slash + 1, tag.size - out->rule.size - 2 };
	return out->name.size > READING_NAME_MAX ? -EBADMSG : 0;
}
