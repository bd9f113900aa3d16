/*
 * zcl_value: the data types of the Zigbee Cluster Library (ZCL revision 8, section 2.6.2), their sizes and what their
 * bytes mean.
 */
#ifndef WAKEGATE_PROTOCOLS_ZCL_VALUE_H
#define WAKEGATE_PROTOCOLS_ZCL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define ZCL_NESTING_MAX 15 /* arrays in structures in arrays … (section 2.6.2.14) */

/* Those of n bytes stand in rows: ZCL_UINT8 + 1 is of 16 bits, and so on up to 64. */
enum zcl_type {
	ZCL_NO_DATA = 0x00,
	ZCL_DATA8 = 0x08,
	ZCL_BOOL = 0x10,
	ZCL_BITMAP8 = 0x18,
	ZCL_BITMAP16 = 0x19,
	ZCL_BITMAP32 = 0x1b,
	ZCL_UINT8 = 0x20,
	ZCL_UINT16 = 0x21,
	ZCL_UINT24 = 0x22,
	ZCL_UINT32 = 0x23,
	ZCL_UINT48 = 0x25,
	ZCL_UINT64 = 0x27,
	ZCL_INT8 = 0x28,
	ZCL_INT16 = 0x29,
	ZCL_INT24 = 0x2a,
	ZCL_INT32 = 0x2b,
	ZCL_INT64 = 0x2f,
	ZCL_ENUM8 = 0x30,
	ZCL_ENUM16 = 0x31,
	ZCL_HALF = 0x38,
	ZCL_SINGLE = 0x39,
	ZCL_DOUBLE = 0x3a,
	ZCL_OCTETS = 0x41,
	ZCL_TEXT = 0x42,
	ZCL_LONG_OCTETS = 0x43,
	ZCL_LONG_TEXT = 0x44,
	ZCL_ARRAY = 0x48,
	ZCL_STRUCTURE = 0x4c,
	ZCL_SET = 0x50,
	ZCL_BAG = 0x51,
	ZCL_TIME_OF_DAY = 0xe0,
	ZCL_DATE = 0xe1,
	ZCL_UTC = 0xe2,
	ZCL_CLUSTER_ID = 0xe8,
	ZCL_ATTRIBUTE_ID = 0xe9,
	ZCL_BACNET_ID = 0xea,
	ZCL_EUI64 = 0xf0,
	ZCL_KEY = 0xf1,
	ZCL_UNKNOWN = 0xff,
};

/* A value as it stands in the frame: with the length of a text, the head of an array. */
struct zcl_value {
	uint8_t type;
	struct bytes data; /* borrowed */
};

/* Bytes of a type whose values are all of one size; 0 also for ZCL_NO_DATA and ZCL_UNKNOWN, which have none; -1 where
 * the size stands in the value, or the type is not one of the standard's. */
int zcl_type_size(uint8_t type);

/* Whether a difference of two values has a meaning (the "analog" types), so that reports may wait for one. */
bool zcl_type_is_analog(uint8_t type);

/* Reads a value of any type of the standard, nested as far as ZCL_NESTING_MAX; otherwise the reader has failed. */
void zcl_value_read(struct zcl_value *out, struct reader *in, uint8_t type);

/* The bits of a value of 1 to 8 bytes, not sign-extended. False for others. */
bool zcl_value_bits(const struct zcl_value *value, uint64_t *out);

/* What a value of an integer type, boolean, enumeration, bitmap or time is, sign-extended. False for others, for what
 * int64_t cannot hold, and for the pattern of each type that means "not known" (section 2.6.2, "invalid"). */
bool zcl_value_integer(const struct zcl_value *value, int64_t *out);

/* What a value of a floating point type is. False for others, NaN ("not known") and infinities. */
bool zcl_value_real(const struct zcl_value *value, double *out);

/* The bytes of a text or octet string; false for others and for the length that means "not known". */
bool zcl_value_text(const struct zcl_value *value, struct span *out);

/* Makes a value of a type of 1 to 8 bytes; its bytes lie in `room`. */
struct zcl_value zcl_value_make(uint8_t type, uint64_t bits, uint8_t room[8]);

#endif
