#include "protocols/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the character at `at`, which is not ASCII, or 0 if it is not UTF-8 (the table of RFC 3629 section 4). */
static size_t character_size(const uint8_t *at, size_t left)
{
	size_t size = at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

	if (size == 0 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
		(at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return size;
}

/* Of texts that are not tiny, eight bytes at once; the last ones may be looked at twice. */
static bool is_ascii(struct span text)
{
	uint64_t word, all = 0;
	size_t i = 0;

	if (text.size < sizeof(word)) {
		for (; i < text.size; i++)
			all |= (uint8_t)text.data[i];
		return all < 0x80;
	}
	for (; i + sizeof(word) < text.size; i += sizeof(word)) {
		memcpy(&word, text.data + i, sizeof(word));
		all |= word;
	}
	memcpy(&word, text.data + text.size - sizeof(word), sizeof(word));
	return ((all | word) & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_valid(struct span text)
{
	const uint8_t *data = (const uint8_t *)text.data;

	if (is_ascii(text))
		return true;
	for (size_t i = 0; i < text.size;) {
		if (data[i] < 0x80) {
			i++;
			continue;
		}
		size_t size = character_size(data + i, text.size - i);

		if (size == 0)
			return false;
		i += size;
	}
	return true;
}
