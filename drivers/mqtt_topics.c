#include "drivers/mqtt_topics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/coap_keys.h"

#define PLACE "{node}"

int mqtt_template_parse(struct mqtt_template *out, const char *text)
{
	const char *place = strstr(text, PLACE);
	const char *after = place ? place + strlen(PLACE) : NULL;

	if (!place || strlen(text) > MQTT_TEMPLATE_MAX || strpbrk(text, "+#") || strstr(after, PLACE))
		return -EINVAL;
	if ((place > text && place[-1] != '/') || (*after && *after != '/'))
		return -EINVAL;
	(void)snprintf(out->before, sizeof(out->before), "%.*s", (int)(place - text), text);
	(void)snprintf(out->after, sizeof(out->after), "%s", after);
	return 0;
}

int mqtt_template_extend(struct mqtt_template *out, const struct mqtt_template *from, const char *tail)
{
	if (strlen(from->before) + strlen(from->after) + strlen(tail) + strlen(PLACE) > MQTT_TEMPLATE_MAX)
		return -EINVAL;
	*out = *from;
	strcat(out->after, tail);
	return 0;
}

void mqtt_template_filter(const struct mqtt_template *template, char out[MQTT_TOPIC_SIZE])
{
	(void)snprintf(out, MQTT_TOPIC_SIZE, "%s+%s", template->before, template->after);
}

int mqtt_template_topic(const struct mqtt_template *template, const char *node, char out[MQTT_TOPIC_SIZE])
{
	if (strpbrk(node, "+#/"))
		return -EINVAL;
	(void)snprintf(out, MQTT_TOPIC_SIZE, "%s%s%s", template->before, node, template->after);
	return 0;
}

int mqtt_template_match(const struct mqtt_template *template, struct span topic, char node[NODE_ID_MAX + 1])
{
	size_t before = strlen(template->before), after = strlen(template->after);

	if (topic.size <= before + after || memcmp(topic.data, template->before, before) != 0 ||
		memcmp(topic.data + topic.size - after, template->after, after) != 0)
		return -ENOENT;
	const char *level = topic.data + before;
	size_t size = topic.size - before - after;
	if (memchr(level, '/', size))
		return -ENOENT;
	if (!coap_identity_fits(level, size))
		return -EINVAL;
	memcpy(node, level, size);
	node[size] = '\0';
	return 0;
}
