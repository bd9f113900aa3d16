#include "drivers/zigbee_upgrades_turns.h"

void upgrade_enqueue(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	struct upgrade_node **at = &upgrades->ready;

	if (node->want.queued)
		return;
	while (*at && (!node->peer.sleeps || (*at)->peer.sleeps))
		at = &(*at)->next_ready;
	node->want.queued = true;
	node->next_ready = *at;
	*at = node;
}

void upgrade_dequeue(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	struct upgrade_node **at = &upgrades->ready;

	if (!node->want.queued)
		return;
	while (*at != node)
		at = &(*at)->next_ready;
	*at = node->next_ready;
	node->want.queued = false;
}

void upgrade_drop_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	upgrade_dequeue(upgrades, node);
	node->want.active = node->want.starved = false;
}
