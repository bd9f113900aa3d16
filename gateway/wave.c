#include "gateway/wave.h"

#include <string.h>

#include "gateway/digest.h"

#define NAME_MAX_BYTES 64

__extension__ typedef unsigned __int128 wide;

uint32_t wave_place(const char *rollout, const char *node)
{
	char text[2 * NAME_MAX_BYTES + 1];
	size_t rollout_size = strnlen(rollout, NAME_MAX_BYTES);
	size_t node_size = strnlen(node, NAME_MAX_BYTES);
	uint8_t digest[DIGEST_MAX];
	uint64_t head = 0;

	memcpy(text, rollout, rollout_size);
	text[rollout_size] = '\0';
	memcpy(text + rollout_size + 1, node, node_size);
	digest_compute(DIGEST_SHA256, text, rollout_size + 1 + node_size, digest);
	for (size_t i = 0; i < sizeof(head); i++)
		head = head << 8 | digest[i];
	return (uint32_t)((wide)head * WAVE_ALL >> 64);
}

unsigned wave_of(uint32_t place, const uint32_t *shares, unsigned count)
{
	unsigned wave = 0;

	while (wave < count && place >= shares[wave])
		wave++;
	return wave;
}
