#include "protocols/fingerprint.h"

#include <endian.h>
#include <string.h>

#include "protocols/siphash.h"

/* What a reading is hashed as: five words, little-endian, and its texts. */
#define WORDS 5
#define TEXTS_MAX (READING_NAME_MAX + READING_UNIT_MAX + READING_TEXT_MAX)

enum flag {
	FLAG_TRUE = 1,
	FLAG_SUM = 2,
	FLAG_DOUBLE = 4,
	FLAG_SUM_DOUBLE = 8,
};

struct image {
	uint64_t words[WORDS];
	char texts[TEXTS_MAX];
};

void fingerprint_begin(struct fingerprint *fingerprint, struct span node)
{
	static const struct siphash_key key = { 0x77616b6567617465, 0x7265706f7274 };

	*fingerprint = (struct fingerprint){ .state = siphash(&key, node.data, node.size) };
}

/* The number's word, its exponent and whether it is a double; zeros for none. */
static uint64_t number_word(const struct number *number, uint8_t *exponent, bool *is_double)
{
	uint64_t bits;

	*is_double = number->is_double;
	*exponent = number->is_double ? 0 : (uint8_t)number->exponent;
	memcpy(&bits, &number->real, sizeof(bits));
	return number->is_double ? bits : (uint64_t)number->mantissa;
}

static void fill_words(uint64_t words[WORDS], const struct reading *reading, struct span text)
{
	static const struct number none = { .mantissa = 0 };
	bool is_true = reading->kind == READING_BOOLEAN && reading->boolean;
	bool is_double, is_sum_double;
	uint8_t exponent, sum_exponent;

	words[3] = number_word(reading->kind == READING_NUMBER ? &reading->number : &none, &exponent, &is_double);
	words[4] = number_word(reading->has_sum ? &reading->sum : &none, &sum_exponent, &is_sum_double);
	unsigned flags = (is_true ? FLAG_TRUE : 0) | (reading->has_sum ? FLAG_SUM : 0) | (is_double ? FLAG_DOUBLE : 0) |
			 (is_sum_double ? FLAG_SUM_DOUBLE : 0);
	words[0] = (uint64_t)reading->kind | (uint64_t)flags << 8 | (uint64_t)exponent << 16 |
		   (uint64_t)sum_exponent << 24 | (uint64_t)reading->name.size << 32 |
		   (uint64_t)reading->unit.size << 48;
	words[1] = (uint64_t)reading->time_us;
	words[2] = (uint64_t)reading->update_time_ms | (uint64_t)text.size << 32;
	for (int i = 0; i < WORDS; i++)
		words[i] = htole64(words[i]);
}

static size_t append(char *texts, size_t used, struct span text)
{
	if (text.size > 0)
		memcpy(texts + used, text.data, text.size);
	return used + text.size;
}

static bool is_dated(const struct reading *reading)
{
	return reading->has_time && reading->is_dated;
}

void fingerprint_add(struct fingerprint *fingerprint, const struct reading *reading)
{
	const struct siphash_key key = { fingerprint->state, 0x72656164696e67 };
	bool has_text = reading->kind == READING_STRING || reading->kind == READING_DATA;
	struct span text = has_text ? reading->text : (struct span){ 0 };
	struct image image;

	fingerprint->has_readings = true;
	if (!is_dated(reading) || reading->name.size > READING_NAME_MAX || reading->unit.size > READING_UNIT_MAX ||
		text.size > READING_TEXT_MAX)
		fingerprint->failed = true;
	if (fingerprint->failed)
		return;
	fill_words(image.words, reading, text);
	size_t used = append(image.texts, 0, reading->name);
	used = append(image.texts, used, reading->unit);
	used = append(image.texts, used, text);
	fingerprint->state = siphash(&key, &image, sizeof(image.words) + used);
}

uint64_t fingerprint_end(const struct fingerprint *fingerprint)
{
	return fingerprint->has_readings && !fingerprint->failed ? fingerprint->state | 1 : 0;
}

uint64_t fingerprint_of_report(struct span node, const struct reading *readings, size_t count)
{
	struct fingerprint fingerprint;

	/* Most reports have no dates at all. */
	if (count == 0 || !is_dated(&readings[0]))
		return 0;
	fingerprint_begin(&fingerprint, node);
	for (size_t i = 0; i < count; i++)
		fingerprint_add(&fingerprint, &readings[i]);
	return fingerprint_end(&fingerprint);
}

uint64_t fingerprint_of_message(uint64_t hash)
{
	uint64_t fingerprint = hash << 1;

	return fingerprint ? fingerprint : 2;
}

bool fingerprint_lasts(uint64_t fingerprint)
{
	return fingerprint & 1;
}
