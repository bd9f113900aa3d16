#include "drivers/stick_endpoints.h"

#include <stddef.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Basic, Time and OTA Upgrade are served; what reports is asked as a client. */
static const uint16_t home_servers[] = { 0x0000, 0x000a, 0x0019 };
static const uint16_t home_clients[] = { 0x0000, 0x0001, 0x0003, 0x0006, 0x0020, 0x0400, 0x0402, 0x0403, 0x0405, 0x0406,
	0x0500, 0x0702, 0x0b04 };
static const uint16_t digi_clusters[] = { 0x0011, 0x0019 };

const struct stick_endpoint stick_endpoints[STICK_ENDPOINTS] = {
	{ 1, STICK_HOME_PROFILE, 0x0005, COUNT(home_servers), COUNT(home_clients), home_servers, home_clients },
	{ STICK_DIGI_ENDPOINT, STICK_DIGI_PROFILE, 0x0001, COUNT(digi_clusters), COUNT(digi_clusters), digi_clusters,
		digi_clusters },
};

void stick_write_clusters(struct writer *out, const uint16_t *clusters, uint8_t count)
{
	for (uint8_t i = 0; i < count; i++)
		write_le16(out, clusters[i]);
}
