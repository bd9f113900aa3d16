/*
 * reading: one measured value of a node, as SenML (RFC 8428) can say it, after base values are resolved.
 *
 * A plain value: strings are borrowed from the packet it was parsed from.
 */
#ifndef WAKEGATE_PROTOCOLS_READING_H
#define WAKEGATE_PROTOCOLS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READING_NAME_MAX 128 /* bytes of a resolved name (base name + name) */
#define READING_UNIT_MAX 32
#define READING_TEXT_MAX 1024 /* bytes of a string or data value */
#define READINGS_MAX 256      /* records in one report */

/* Borrowed bytes, not terminated. */
struct span {
	const char *data;
	size_t size;
};

/* A number exactly as sent: mantissa * 10^exponent where it was written in decimal, else the IEEE 754 double. */
struct number {
	bool is_double;
	int8_t exponent; /* 0 of a double */
	union {
		int64_t mantissa; /* of a decimal */
		double real;      /* of a double */
	};
};

enum reading_kind {
	READING_NOTHING, /* a record with a sum only */
	READING_NUMBER,
	READING_STRING,
	READING_BOOLEAN,
	READING_DATA,
};

struct reading {
	struct span name;
	struct span unit; /* empty: none */
	enum reading_kind kind;
	bool has_time; /* false: the reading was taken now, as far as the node knows */
	bool is_dated; /* the time is a date of the node's own, not counted from when it was received */
	bool has_sum;
	bool boolean;
	struct number number;
	struct span text;        /* string or data */
	struct number sum;       /* SenML "s": the integral over time */
	int64_t time_us;         /* microseconds since 1970-01-01 UTC */
	uint32_t update_time_ms; /* SenML "ut": longest time until the next reading; 0: not said */
};

/* The nearest double. */
double number_value(const struct number *number);

#endif
