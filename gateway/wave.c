#include "gateway/wave.h"

#include <string.h>

#include "gateway/digest.h"

#define NAME_MAX_BYTES 64

__extension__ typedef unsigned __int128 wide;

int wave_place(const char *rollout, const char *node, uint32_t *out)
{
	char text[2 * NAME_MAX_BYTES + 1];
	size_t rollout_size = strnlen(rollout, NAME_MAX_BYTES);
	size_t node_size = strnlen(node, NAME_MAX_BYTES);
	uint8_t digest[DIGEST_MAX];
	uint64_t head = 0;

	memcpy(text, rollout, rollout_size);
	text[rollout_size] = '\0';
	memcpy(text + rollout_size + 1, node, node_size);
	int error = digest_compute(DIGEST_SHA256, text, rollout_size + 1 + node_size, digest);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof(head); i++)
		head = head << 8 | digest[i];
	*out = (uint32_t)((wide)head * WAVE_ALL >> 64);
	return 0;
}

unsigned wave_of(uint32_t place, const uint32_t *shares, unsigned count)
{
	unsigned wave = 0;

	while (wave < count && place >= shares[wave])
		wave++;
	return wave;
}
