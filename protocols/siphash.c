#include "protocols/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void mix_rounds(struct siphash_words *s, unsigned rounds)
{
	while (rounds-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 = rotate(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 = rotate(s->v2, 32);
	}
}

static inline uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

/* The bytes after the last whole word, fewer than eight. */
static inline uint64_t rest_of(const uint8_t *bytes, size_t size)
{
	size_t left = size & 7;
	uint64_t word = 0;

	if (left > 0 && size > 8)
		return word_at(bytes + size - 8) >> (64 - 8 * left);
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)bytes[size - left + i] << (8 * i);
	return word;
}

static inline void mix_word(struct siphash_words *s, uint64_t word, unsigned rounds)
{
	s->v3 ^= word;
	mix_rounds(s, rounds);
	s->v0 ^= word;
}

static inline struct siphash_words first_state(const struct siphash_key *key)
{
	return (struct siphash_words){ key->low ^ 0x736f6d6570736575, key->high ^ 0x646f72616e646f6d,
		key->low ^ 0x6c7967656e657261, key->high ^ 0x7465646279746573, 0 };
}

static inline uint64_t last_word(struct siphash_words *s, unsigned rounds)
{
	s->v2 ^= 0xff;
	mix_rounds(s, rounds);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t hash(
	const struct siphash_key *key, const void *data, size_t size, unsigned word_rounds, unsigned last_rounds)
{
	const uint8_t *bytes = data;
	struct siphash_words s = first_state(key);
	size_t whole = size & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8)
		mix_word(&s, word_at(bytes + i), word_rounds);
	mix_word(&s, (uint64_t)size << 56 | rest_of(bytes, size), word_rounds);
	return last_word(&s, last_rounds);
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t size)
{
	return hash(key, data, size, 2, 4);
}

uint64_t siphash_for_table(const struct siphash_key *key, const void *data, size_t size)
{
	return hash(key, data, size, 1, 3);
}

void siphash_words_begin(struct siphash_words *state, const struct siphash_key *key)
{
	*state = first_state(key);
}

void siphash_words_add(struct siphash_words *state, const uint64_t *words, size_t count)
{
	struct siphash_words s = *state;

	for (size_t i = 0; i < count; i++)
		mix_word(&s, words[i], 1);
	s.count += count;
	*state = s;
}

uint64_t siphash_words_end(const struct siphash_words *state)
{
	struct siphash_words s = *state;

	mix_word(&s, s.count * sizeof(uint64_t) << 56, 1);
	return last_word(&s, 3);
}
