#include "drivers/mqtt_repeats.h"

#include <string.h>

#include "protocols/siphash.h"

/* The key names a report the same after a restart; it guards nothing. */
static uint64_t hash_payload(struct span payload, uint64_t salt)
{
	const struct siphash_key key = { 0x77616b6567617465, salt };

	return siphash(&key, payload.data, payload.size);
}

/* Which use of its identifier the message is, from 1. */
static uint16_t use_of(struct mqtt_repeats *repeats, const struct mqtt_arrival *arrival)
{
	uint16_t *uses = &repeats->uses[arrival->id];

	if (!arrival->message.repeated)
		repeats->kept[arrival->id] = 0;
	if (!arrival->message.repeated || *uses == 0)
		++*uses;
	if (*uses == 0)
		*uses = 1;
	return *uses;
}

uint64_t mqtt_repeats_exchange(
	struct mqtt_repeats *repeats, const char *node, const struct mqtt_arrival *arrival, bool dated)
{
	uint64_t salt = 0;

	if (!dated && arrival->message.quality == 0)
		return 0;
	/* Also where it is dated: the next message under this identifier may not be. */
	uint16_t use = arrival->message.quality > 0 ? use_of(repeats, arrival) : 0;
	if (!dated)
		salt = UINT64_C(1) << 32 | (uint64_t)arrival->id << 16 | use;
	const struct siphash_key key = { hash_payload(arrival->message.payload, salt), 1 };
	uint64_t exchange = siphash(&key, node, strlen(node));
	return exchange ? exchange : 1;
}

void mqtt_repeats_keep(struct mqtt_repeats *repeats, uint16_t id, uint64_t exchange)
{
	if (id != 0)
		repeats->kept[id] = exchange;
}

bool mqtt_repeats_is_kept(const struct mqtt_repeats *repeats, const struct mqtt_arrival *arrival, uint64_t exchange)
{
	return arrival->message.repeated && exchange != 0 && repeats->kept[arrival->id] == exchange;
}
