#include "protocols/column_integers.h"

#include <stdbool.h>
#include <string.h>

/* The first byte: how many bytes each difference takes, how often differences are taken, and whether they are scaled.
 */
#define WIDTH_MASK 0x0f
#define WIDTH_MAX 8
#define ORDER_SHIFT 4
#define ORDER_MASK 0x30
#define ORDER_MAX 2
#define FLAG_SCALED 0x40
#define SCALE_MAX 15 /* power of ten that all differences are multiples of */

uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static int64_t subtract(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static unsigned bit_length(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* Differences of all but the first; those before `from` are told as they are. */
static void take_differences(int64_t *values, size_t from, size_t count)
{
	for (size_t i = count; i > from; i--)
		values[i - 1] = subtract(values[i - 1], values[i - 2]);
}

static int64_t difference_at(const int64_t *values, size_t i, unsigned order)
{
	if (order == 0)
		return values[i];
	int64_t difference = subtract(values[i], values[i - 1]);
	return order == 1 ? difference : subtract(difference, subtract(values[i - 1], values[i - 2]));
}

/*
 * A guess, in bits, at what the differences of this order take: whole bytes as they are written, and what a compressor
 * makes of them. Differences of what is random anyway are wider by half a bit.
 */
static uint64_t cost(const int64_t *values, size_t count, unsigned order)
{
	int64_t least = INT64_MAX, most = INT64_MIN;
	uint64_t bits = 0;

	for (size_t i = order; i < count; i++) {
		int64_t value = difference_at(values, i, order);

		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	uint64_t range = (uint64_t)subtract(most, least);
	if (count <= order || range == 0)
		return 16 * order;
	int64_t middle = add(least, (int64_t)(range / 2));
	for (size_t i = order; i < count; i++)
		bits += bit_length(zigzag(subtract(difference_at(values, i, order), middle)));
	return bits + (count - order) * ((bit_length(range) + 7) / 8 * 8) + order * (count / 2 + 16);
}

static unsigned best_order(const int64_t *values, size_t count)
{
	uint64_t least = UINT64_MAX;
	unsigned best = 0;

	for (unsigned order = 0; order <= ORDER_MAX && least > 0; order++) {
		uint64_t bits = cost(values, count, order);

		if (bits < least) {
			least = bits;
			best = order;
		}
	}
	return best;
}

/* The power of ten that all `values` above `least` are multiples of; 0 where they are small anyway. */
static unsigned common_scale(const int64_t *values, size_t count, int64_t least)
{
	unsigned scale = SCALE_MAX;
	bool any = false;

	for (size_t i = 0; i < count && scale > 0; i++) {
		uint64_t above = (uint64_t)subtract(values[i], least);
		unsigned zeros = 0;

		if (above == 0)
			continue;
		any = true;
		for (; zeros < scale && above % 10 == 0; above /= 10)
			zeros++;
		scale = zeros;
	}
	return any ? scale : 0;
}

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;

	for (; exponent > 0; exponent--)
		power *= 10;
	return power;
}

/* Makes each value what it is above the least one, in the scale; the bytes that the largest takes. */
static unsigned rebase(int64_t *values, size_t count, int64_t least, unsigned scale)
{
	uint64_t power = power_of_ten(scale);
	uint64_t all = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t above = (uint64_t)subtract(values[i], least);

		above = scale ? above / power : above;
		values[i] = (int64_t)above;
		all |= above;
	}
	return (bit_length(all) + 7) / 8;
}

static void write_planes(struct writer *out, const int64_t *values, size_t count, unsigned width)
{
	if (out->failed || (size_t)(out->end - out->at) < count * width) {
		out->failed = true;
		return;
	}
	uint8_t *at = out->at;
	for (unsigned plane = 0; plane < width; plane++, at += count)
		for (size_t i = 0; i < count; i++)
			at[i] = (uint8_t)((uint64_t)values[i] >> (8 * plane));
	out->at = at;
}

void integers_write(struct writer *out, int64_t *values, size_t count)
{
	if (count == 0)
		return;
	unsigned order = best_order(values, count);
	for (unsigned i = 0; i < order; i++)
		take_differences(values, i + 1, count);
	int64_t *rest = values + order;
	size_t left = count - order;
	int64_t least = left ? rest[0] : 0;
	for (size_t i = 1; i < left; i++)
		least = rest[i] < least ? rest[i] : least;
	unsigned scale = common_scale(rest, left, least);
	unsigned width = rebase(rest, left, least, scale);

	write_u8(out, (uint8_t)(width | order << ORDER_SHIFT | (scale ? FLAG_SCALED : 0)));
	for (unsigned i = 0; i < order; i++)
		write_varint(out, zigzag(values[i]));
	write_varint(out, zigzag(least));
	if (scale)
		write_u8(out, (uint8_t)scale);
	write_planes(out, rest, left, width);
}

static void read_planes(struct reader *in, int64_t *values, size_t count, unsigned width)
{
	const uint8_t *planes = read_bytes(in, count * width);

	for (unsigned plane = 0; planes && plane < width; plane++, planes += count)
		for (size_t i = 0; i < count; i++)
			values[i] |= (int64_t)((uint64_t)planes[i] << (8 * plane));
}

static void sum_up(int64_t *values, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++)
		values[i] = add(values[i], values[i - 1]);
}

void integers_read(struct reader *in, int64_t *values, size_t count)
{
	if (count == 0)
		return;
	memset(values, 0, count * sizeof(*values));
	uint8_t head = read_u8(in);
	unsigned width = head & WIDTH_MASK;
	unsigned order = (head & ORDER_MASK) >> ORDER_SHIFT;
	if (width > WIDTH_MAX || order > ORDER_MAX || order > count || head & 0x80)
		in->failed = true;
	for (unsigned i = 0; i < order && !in->failed; i++)
		values[i] = unzigzag(read_varint(in));
	int64_t least = unzigzag(read_varint(in));
	unsigned scale = head & FLAG_SCALED ? read_u8(in) : 0;
	if (scale > SCALE_MAX)
		in->failed = true;
	if (in->failed)
		return;
	read_planes(in, values + order, count - order, width);
	uint64_t power = power_of_ten(scale);
	for (size_t i = order; i < count; i++)
		values[i] = add(least, (int64_t)((uint64_t)values[i] * power));
	for (unsigned i = order; i > 0; i--)
		sum_up(values, i, count);
}
