#include "drivers/coap_strangers.h"

#include <string.h>
#include <sys/random.h>

#include "drivers/coap_resource.h"

#define BURST_US (COAP_STRANGERS_BURST_S * INT64_C(1000000))
#define PREFIX_SIZE 8 /* of an IPv6 address: whoever is one of a network is all of it */

void coap_strangers_init(struct coap_strangers *strangers, int64_t rate)
{
	memset(strangers, 0, sizeof(*strangers));
	strangers->rate = rate;
	if (getrandom(&strangers->key, sizeof(strangers->key), GRND_NONBLOCK) < 0)
		strangers->key.low = (uintptr_t)strangers; /* that somebody finds out who shares a bucket is no harm */
}

static int64_t *bucket_of(struct coap_strangers *strangers, const struct coap_peer *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t size = memcmp(peer->address, mapped, sizeof(mapped)) == 0 ? sizeof(peer->address) : PREFIX_SIZE;

	return &strangers->paid_us[siphash(&strangers->key, peer->address, size) % COAP_STRANGERS_BUCKETS];
}

int64_t coap_strangers_take(
	struct coap_strangers *strangers, const struct coap_peer *peer, size_t request, size_t answer, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;

	if (strangers->rate == 0 || answer <= COAP_STRANGERS_FACTOR * request)
		return 0;
	int64_t *paid_us = bucket_of(strangers, peer);
	int64_t from_us = *paid_us > now_us ? *paid_us : now_us;
	if (from_us - now_us > BURST_US)
		return (from_us - now_us - BURST_US + 999) / 1000;
	*paid_us = from_us + (int64_t)(answer - COAP_STRANGERS_FACTOR * request) * 1000000 / strangers->rate;
	return 0;
}
