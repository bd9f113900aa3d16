/*
 * value: what one setting says, as text and as a value in the module's struct.
 */
#ifndef WAKEGATE_CONFIG_VALUE_H
#define WAKEGATE_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/settings.h"

#define VALUE_TEXT_MAX 4096 /* bytes of a text or path whose table says nothing */
#define VALUE_ITEMS_MAX 64  /* of a list whose table says nothing */
#define VALUE_GROUPS_MAX 1000

/* Where texts live and what relative paths belong to. */
struct value_home {
	struct arena *arena;
	const char *folder;
};

/* "15 min" in milliseconds, "64 KB" in bytes: digits, perhaps a space, a unit. 0 or -EINVAL, also on overflow. */
int value_parse_duration(int64_t *out_ms, const char *text);
int value_parse_size(int64_t *out_bytes, const char *text);
/* "1 GB/day" in bytes a day; "0" is fine too. */
int value_parse_daily(int64_t *out_bytes, const char *text);

/* The same the other way round, with the largest unit that leaves no rest. */
void value_write_duration(char *out, size_t size, int64_t ms);
void value_write_size(char *out, size_t size, int64_t bytes);
void value_write_daily(char *out, size_t size, int64_t bytes);

/* Whether a number, or the length of a text, is within the setting's range. */
bool value_in_range(const struct setting *setting, int64_t value);
bool value_real_in_range(const struct setting *setting, double value);

/*
 * Stores into `slot` what the text says, for every type but lists and groups; texts are copied into the arena. 0,
 * -EINVAL if it is malformed or out of range, -ENOMEM.
 */
int value_store(const struct setting *setting, const char *text, const struct value_home *home, void *slot);

/* Bytes of a value of this setting's type in the module's struct. */
size_t value_size(const struct setting *setting);

/* Whether two values of this type are the same. */
bool value_equal(const struct setting *setting, const void *a, const void *b);

#endif
