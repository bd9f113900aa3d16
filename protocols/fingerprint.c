#include "protocols/fingerprint.h"

#include <endian.h>
#include <string.h>

/* What a reading is hashed as: at most five words, and its texts, each filled up with zeros to whole words. */
#define WORDS 5
#define WORDS_OF(size) (((size) + sizeof(uint64_t) - 1) / sizeof(uint64_t))
#define WORDS_MAX (WORDS + WORDS_OF(READING_NAME_MAX) + WORDS_OF(READING_UNIT_MAX) + WORDS_OF(READING_TEXT_MAX))

enum flag {
	FLAG_TRUE = 1,
	FLAG_SUM = 2,
	FLAG_DOUBLE = 4,
	FLAG_SUM_DOUBLE = 8,
	FLAG_MORE = 16, /* an update time, a string or data */
};

struct image {
	uint64_t words[WORDS_MAX];
	size_t count;
};

static void add_word(struct image *image, uint64_t word)
{
	image->words[image->count++] = word;
}

static void add_text(struct image *image, struct span text)
{
	size_t end = image->count + WORDS_OF(text.size);

	if (text.size == 0)
		return;
	image->words[end - 1] = 0;
	memcpy(image->words + image->count, text.data, text.size);
	for (; image->count < end; image->count++)
		image->words[image->count] = le64toh(image->words[image->count]);
}

/* The node's identity is as long as its driver lets it be. */
void fingerprint_begin(struct fingerprint *fingerprint, struct span node)
{
	static const struct siphash_key key = { 0x77616b6567617465, 0x7265706f7274 };
	struct image image;

	image.count = 0;
	fingerprint->has_readings = fingerprint->failed = false;
	siphash_words_begin(&fingerprint->state, &key);
	add_word(&image, node.size);
	if (node.size > READING_TEXT_MAX)
		fingerprint->failed = true;
	else
		add_text(&image, node);
	siphash_words_add(&fingerprint->state, image.words, image.count);
}

/* The number's word; its exponent, and `flag` if it is a double, go into the reading's first one. */
static uint64_t number_word(const struct number *number, uint64_t flag, unsigned shift, uint64_t *first)
{
	uint64_t bits;

	memcpy(&bits, &number->real, sizeof(bits));
	if (!number->is_double) {
		*first |= (uint64_t)(uint8_t)number->exponent << shift;
		return (uint64_t)number->mantissa;
	}
	*first |= flag << 8;
	return bits;
}

static void add_reading(struct image *image, const struct reading *reading, struct span text)
{
	uint64_t first =
		(uint64_t)reading->kind | (uint64_t)reading->name.size << 32 | (uint64_t)reading->unit.size << 48;

	image->count = 1;
	add_word(image, (uint64_t)reading->time_us);
	if (reading->update_time_ms > 0 || text.size > 0) {
		first |= FLAG_MORE << 8;
		add_word(image, (uint64_t)reading->update_time_ms | (uint64_t)text.size << 32);
	}
	if (reading->kind == READING_NUMBER)
		add_word(image, number_word(&reading->number, FLAG_DOUBLE, 16, &first));
	else if (reading->kind == READING_BOOLEAN && reading->boolean)
		first |= FLAG_TRUE << 8;
	if (reading->has_sum) {
		first |= FLAG_SUM << 8;
		add_word(image, number_word(&reading->sum, FLAG_SUM_DOUBLE, 24, &first));
	}
	image->words[0] = first;
	add_text(image, reading->name);
	add_text(image, reading->unit);
	add_text(image, text);
}

static bool is_dated(const struct reading *reading)
{
	return reading->has_time && reading->is_dated;
}

void fingerprint_add(struct fingerprint *fingerprint, const struct reading *reading)
{
	bool has_text = reading->kind == READING_STRING || reading->kind == READING_DATA;
	struct span text = has_text ? reading->text : (struct span){ 0 };
	struct image image;

	fingerprint->has_readings = true;
	if (!is_dated(reading) || reading->name.size > READING_NAME_MAX || reading->unit.size > READING_UNIT_MAX ||
		text.size > READING_TEXT_MAX)
		fingerprint->failed = true;
	if (fingerprint->failed)
		return;
	add_reading(&image, reading, text);
	siphash_words_add(&fingerprint->state, image.words, image.count);
}

uint64_t fingerprint_end(const struct fingerprint *fingerprint)
{
	return fingerprint->has_readings && !fingerprint->failed ? siphash_words_end(&fingerprint->state) | 1 : 0;
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
