#include "gateway/random.h"

__extension__ typedef unsigned __int128 wide;

static uint64_t split_mix(uint64_t *seed)
{
	uint64_t value = *seed += 0x9e3779b97f4a7c15;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

void random_init(struct random *random, uint64_t seed)
{
	random->state[0] = split_mix(&seed);
	random->state[1] = split_mix(&seed);
}

/* xoroshiro128++ */
uint64_t random_next(struct random *random)
{
	uint64_t a = random->state[0];
	uint64_t b = random->state[1];
	uint64_t sum = a + b;
	uint64_t result = (sum << 17 | sum >> 47) + a;

	b ^= a;
	random->state[0] = (a << 49 | a >> 15) ^ b ^ b << 21;
	random->state[1] = b << 28 | b >> 36;
	return result;
}

uint64_t random_below(struct random *random, uint64_t limit)
{
	return limit ? (uint64_t)((wide)random_next(random) * limit >> 64) : 0;
}
