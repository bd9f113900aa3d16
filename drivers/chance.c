#include "drivers/chance.h"

#include <sys/random.h>

uint32_t chance_bits(void)
{
	uint32_t bits = 0;

	return getrandom(&bits, sizeof(bits), GRND_NONBLOCK) == sizeof(bits) ? bits : 0;
}
