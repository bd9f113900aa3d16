#include "drivers/zigbee_node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/cursor.h"
#include "protocols/hex.h"
#include "protocols/zdo.h"

bool zigbee_node_sleeps(const struct zigbee_node *node)
{
	return node->described && !(node->capabilities & ZDO_AWAKE_WHEN_IDLE);
}

struct zigbee_endpoint *zigbee_node_endpoint(struct zigbee_node *node, uint8_t number)
{
	for (size_t i = 0; i < node->endpoint_count; i++)
		if (node->endpoints[i].number == number)
			return &node->endpoints[i];
	return NULL;
}

void zigbee_endpoint_init(struct zigbee_endpoint *endpoint, uint8_t number)
{
	*endpoint = (struct zigbee_endpoint){ .number = number };
	for (size_t i = 0; i < ZIGBEE_SCALES; i++)
		endpoint->scales[i] = (struct zigbee_scale){ 1, 1 };
}

void zigbee_id_print(char out[ZIGBEE_ID_SIZE], uint64_t eui64)
{
	(void)snprintf(out, ZIGBEE_ID_SIZE, "0x%016llx", (unsigned long long)eui64);
}

int zigbee_id_parse(uint64_t *out, const char *id)
{
	uint8_t bytes[8];
	struct reader in;

	if (strlen(id) != ZIGBEE_ID_SIZE - 1 || id[0] != '0' || id[1] != 'x' || hex_parse(bytes, id + 2, 16) < 0)
		return -EINVAL;
	reader_init(&in, bytes, sizeof(bytes));
	*out = read_be64(&in);
	return 0;
}
