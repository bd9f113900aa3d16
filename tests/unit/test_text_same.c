#include "protocols/text_same.h"

#include "tests/unit/suite.h"

#define SIZE_MOST 40

/* Texts in memory of their own size, so that nothing behind them is looked at unseen. */
static bool same(const char *a, const char *b, size_t size)
{
	char *left = malloc(size ? size : 1), *right = malloc(size ? size : 1);

	memcpy(left, a, size);
	memcpy(right, b, size);
	bool result = text_same((struct span){ left, size }, (struct span){ right, size });
	free(left);
	free(right);
	return result;
}

START_TEST(any_byte_makes_two_texts_differ)
{
	char text[SIZE_MOST], other[SIZE_MOST];

	for (size_t i = 0; i < SIZE_MOST; i++)
		text[i] = other[i] = (char)(i * 37);
	for (size_t size = 0; size <= SIZE_MOST; size++) {
		ck_assert(same(text, other, size));
		for (size_t i = 0; i < size; i++) {
			other[i] ^= 0x40;
			ck_assert(!same(text, other, size));
			other[i] ^= 0x40;
		}
	}
}
END_TEST

START_TEST(a_text_is_not_its_beginning)
{
	ck_assert(!text_same((struct span){ "temperature", 11 }, (struct span){ "temperature", 10 }));
	ck_assert(!text_same((struct span){ "V", 1 }, (struct span){ NULL, 0 }));
	ck_assert(text_same((struct span){ NULL, 0 }, (struct span){ "V", 0 }));
}
END_TEST

TEST_SUITE(text_same, any_byte_makes_two_texts_differ, a_text_is_not_its_beginning)
