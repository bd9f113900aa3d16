#include "protocols/zcl_value.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define OCTETS_UNKNOWN 0xff        /* as the length of a short text */
#define LONG_OCTETS_UNKNOWN 0xffff /* of a long one, or the number of elements */

static bool is_row_of(uint8_t type, uint8_t first)
{
	return type >= first && type <= first + 7;
}

int zcl_type_size(uint8_t type)
{
	if (is_row_of(type, ZCL_DATA8) || is_row_of(type, ZCL_BITMAP8) || is_row_of(type, ZCL_UINT8) ||
		is_row_of(type, ZCL_INT8))
		return (type & 7) + 1;
	switch (type) {
	case ZCL_NO_DATA:
	case ZCL_UNKNOWN:
		return 0;
	case ZCL_BOOL:
	case ZCL_ENUM8:
		return 1;
	case ZCL_ENUM16:
	case ZCL_HALF:
	case ZCL_CLUSTER_ID:
	case ZCL_ATTRIBUTE_ID:
		return 2;
	case ZCL_SINGLE:
	case ZCL_TIME_OF_DAY:
	case ZCL_DATE:
	case ZCL_UTC:
	case ZCL_BACNET_ID:
		return 4;
	case ZCL_DOUBLE:
	case ZCL_EUI64:
		return 8;
	case ZCL_KEY:
		return 16;
	default:
		return -1;
	}
}

bool zcl_type_is_analog(uint8_t type)
{
	return is_row_of(type, ZCL_UINT8) || is_row_of(type, ZCL_INT8) || (type >= ZCL_HALF && type <= ZCL_DOUBLE) ||
	       (type >= ZCL_TIME_OF_DAY && type <= ZCL_UTC);
}

static void skip_value(struct reader *in, uint8_t type, int depth);

static void skip_elements(struct reader *in, int depth)
{
	uint8_t type = read_u8(in);
	uint16_t count = read_le16(in);
	int size = zcl_type_size(type);

	if (count == LONG_OCTETS_UNKNOWN || in->failed)
		return;
	if (size >= 0) {
		(void)read_bytes(in, (size_t)count * (size_t)size);
		return;
	}
	for (uint16_t i = 0; i < count && !in->failed; i++)
		skip_value(in, type, depth + 1);
}

static void skip_members(struct reader *in, int depth)
{
	uint16_t count = read_le16(in);

	if (count == LONG_OCTETS_UNKNOWN)
		return;
	for (uint16_t i = 0; i < count && !in->failed; i++)
		skip_value(in, read_u8(in), depth + 1);
}

/* Every turn of the loops above takes at least one byte, so a value costs no more turns than it has bytes. */
static void skip_value(struct reader *in, uint8_t type, int depth)
{
	int size = zcl_type_size(type);

	if (size >= 0) {
		(void)read_bytes(in, (size_t)size);
		return;
	}
	if (depth > ZCL_NESTING_MAX) {
		in->failed = true;
		return;
	}
	switch (type) {
	case ZCL_OCTETS:
	case ZCL_TEXT: {
		uint8_t length = read_u8(in);
		(void)read_bytes(in, length == OCTETS_UNKNOWN ? 0 : length);
		return;
	}
	case ZCL_LONG_OCTETS:
	case ZCL_LONG_TEXT: {
		uint16_t length = read_le16(in);
		(void)read_bytes(in, length == LONG_OCTETS_UNKNOWN ? 0 : length);
		return;
	}
	case ZCL_ARRAY:
	case ZCL_SET:
	case ZCL_BAG:
		skip_elements(in, depth);
		return;
	case ZCL_STRUCTURE:
		skip_members(in, depth);
		return;
	default:
		in->failed = true;
	}
}

void zcl_value_read(struct zcl_value *out, struct reader *in, uint8_t type)
{
	const uint8_t *start = in->at;

	skip_value(in, type, 0);
	*out = (struct zcl_value){ .type = type };
	if (!in->failed)
		out->data = (struct bytes){ start, (size_t)(in->at - start) };
}

bool zcl_value_bits(const struct zcl_value *value, uint64_t *out)
{
	int size = zcl_type_size(value->type);
	uint64_t bits = 0;

	if (size < 1 || size > 8 || value->data.size != (size_t)size)
		return false;
	for (int i = size; i > 0; i--)
		bits = bits << 8 | value->data.data[i - 1];
	*out = bits;
	return true;
}

/* The largest number of so many bytes, which is also the pattern that means "not known" of the types without sign. */
static uint64_t all_ones(int size)
{
	return size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

static bool signed_integer(uint64_t bits, int size, int64_t *out)
{
	uint64_t sign = UINT64_C(1) << (8 * size - 1);

	if (bits == sign)
		return false;
	if (bits & sign)
		bits |= ~all_ones(size);
	memcpy(out, &bits, sizeof(bits));
	return true;
}

bool zcl_value_integer(const struct zcl_value *value, int64_t *out)
{
	uint64_t bits;
	uint8_t type = value->type;
	int size = zcl_type_size(type);

	if (!zcl_value_bits(value, &bits))
		return false;
	if (is_row_of(type, ZCL_INT8))
		return signed_integer(bits, size, out);
	bool any_pattern = is_row_of(type, ZCL_BITMAP8) || is_row_of(type, ZCL_DATA8);
	bool counts = any_pattern || is_row_of(type, ZCL_UINT8) || type == ZCL_BOOL || type == ZCL_ENUM8 ||
		      type == ZCL_ENUM16 || (type >= ZCL_TIME_OF_DAY && type <= ZCL_UTC);
	if (!counts || bits > INT64_MAX || (!any_pattern && bits == all_ones(size)))
		return false;
	*out = (int64_t)bits;
	return true;
}

/* IEEE 754 binary16, as section 2.6.2.10 has it. */
static double half_to_double(uint16_t bits)
{
	int exponent = bits >> 10 & 0x1f;
	double fraction = bits & 0x3ff;
	double sign = bits & 0x8000 ? -1.0 : 1.0;

	if (exponent == 0x1f)
		return NAN;
	if (exponent == 0)
		return sign * ldexp(fraction, -24);
	return sign * ldexp(fraction + 1024, exponent - 25);
}

bool zcl_value_real(const struct zcl_value *value, double *out)
{
	uint64_t bits;
	double real;

	if (!zcl_value_bits(value, &bits))
		return false;
	if (value->type == ZCL_HALF) {
		real = half_to_double((uint16_t)bits);
	} else if (value->type == ZCL_SINGLE) {
		uint32_t low = (uint32_t)bits;
		float single;
		memcpy(&single, &low, sizeof(single));
		real = (double)single;
	} else if (value->type == ZCL_DOUBLE) {
		memcpy(&real, &bits, sizeof(real));
	} else {
		return false;
	}
	if (!isfinite(real))
		return false;
	*out = real;
	return true;
}

bool zcl_value_text(const struct zcl_value *value, struct span *out)
{
	struct reader in;
	bool is_long = value->type == ZCL_LONG_OCTETS || value->type == ZCL_LONG_TEXT;

	if (!is_long && value->type != ZCL_OCTETS && value->type != ZCL_TEXT)
		return false;
	reader_init(&in, value->data.data, value->data.size);
	uint16_t length = is_long ? read_le16(&in) : read_u8(&in);
	if (length == (is_long ? LONG_OCTETS_UNKNOWN : OCTETS_UNKNOWN))
		return false;
	const uint8_t *text = read_bytes(&in, length);
	if (in.failed)
		return false;
	*out = (struct span){ (const char *)text, length };
	return true;
}

struct zcl_value zcl_value_make(uint8_t type, uint64_t bits, uint8_t room[8])
{
	int size = zcl_type_size(type);
	struct zcl_value value = { .type = type, .data = { room, size > 0 && size <= 8 ? (size_t)size : 0 } };

	for (size_t i = 0; i < value.data.size; i++)
		room[i] = (uint8_t)(bits >> (8 * i));
	return value;
}
