#include "drivers/zigbee_presence.h"

void zigbee_presence_begin(struct zigbee_node *node, int64_t now_ms)
{
	node->presence = (struct zigbee_presence){ .heard_ms = now_ms };
}

bool zigbee_presence_on_heard(struct zigbee_node *node, int64_t now_ms)
{
	bool was_lost = node->presence.lost;

	zigbee_presence_begin(node, now_ms);
	return was_lost;
}

/* How long a sleeper may be silent. */
static int64_t patience_ms(const struct zigbee_node *node, const struct zigbee_presence_rules *rules)
{
	uint32_t reported = 0, batteries = zigbee_measures_of(CLUSTER_BATTERY);

	for (size_t i = 0; i < node->endpoint_count; i++)
		reported |= node->endpoints[i].reported;
	if (reported & ~batteries)
		return ZIGBEE_INTERVALS_MISSED * rules->report_most_ms;
	return reported ? ZIGBEE_INTERVALS_MISSED * rules->battery_most_ms : rules->sleeper_lost_ms;
}

int64_t zigbee_presence_due_ms(const struct zigbee_node *node, const struct zigbee_presence_rules *rules)
{
	const struct zigbee_presence *presence = &node->presence;

	if (presence->lost || node->left || !node->described)
		return INT64_MAX;
	if (zigbee_node_sleeps(node))
		return presence->heard_ms + patience_ms(node, rules);
	return presence->pings > 0 ? presence->ping_ms + ZIGBEE_PING_PAUSE_MS
				   : presence->heard_ms + rules->ping_after_ms;
}

enum zigbee_presence_turn zigbee_presence_turn(
	struct zigbee_node *node, const struct zigbee_presence_rules *rules, int64_t now_ms)
{
	struct zigbee_presence *presence = &node->presence;

	if (now_ms < zigbee_presence_due_ms(node, rules))
		return PRESENCE_NOTHING;
	if (zigbee_node_sleeps(node) || presence->pings == ZIGBEE_PINGS) {
		presence->lost = true;
		return PRESENCE_LOST;
	}
	presence->pings++;
	presence->ping_ms = now_ms;
	return PRESENCE_PING;
}
