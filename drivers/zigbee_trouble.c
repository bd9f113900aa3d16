#include "drivers/zigbee_trouble.h"

#include <stdio.h>
#include <string.h>

void zigbee_trouble_init(struct zigbee_trouble *trouble, int64_t now_ms)
{
	*trouble = (struct zigbee_trouble){ .changed_ms = now_ms };
}

void zigbee_trouble_follow(struct zigbee_trouble *trouble, bool up, const char *why, int64_t now_ms)
{
	/* While it is tried again nobody says why: what was said last holds. */
	if (!up && *why)
		(void)snprintf(trouble->why, sizeof(trouble->why), "%s", why);
	if (up == trouble->up)
		return;
	if (!up && *why)
		trouble->fell_ms[trouble->falls++ % ZIGBEE_FALLS] = now_ms;
	else if (!up)
		trouble->why[0] = '\0';
	trouble->up = up;
	trouble->changed_ms = now_ms;
}

static bool falls_often(const struct zigbee_trouble *trouble, int64_t now_ms)
{
	/* The place of the next one is that of the oldest of the last ones. */
	return trouble->falls >= ZIGBEE_FALLS &&
	       now_ms - trouble->fell_ms[trouble->falls % ZIGBEE_FALLS] < ZIGBEE_FALLS_MS;
}

enum zigbee_trouble_kind zigbee_trouble_look(
	const struct zigbee_trouble *trouble, int64_t now_ms, char sentence[ZIGBEE_TROUBLE_TEXT])
{
	const char *why = *trouble->why ? trouble->why : "the stick does not say why";

	sentence[0] = '\0';
	if (falls_often(trouble, now_ms)) {
		(void)snprintf(sentence, ZIGBEE_TROUBLE_TEXT, "its network goes down again and again: %s", why);
		return TROUBLE_FALLS;
	}
	if (trouble->up || now_ms - trouble->changed_ms < ZIGBEE_DOWN_MS)
		return TROUBLE_NONE;
	(void)snprintf(sentence, ZIGBEE_TROUBLE_TEXT, "its network is not up: %s", why);
	return TROUBLE_DOWN;
}
