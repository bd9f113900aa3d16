#include "gateway/pattern.h"

#include <string.h>

#include "config/settings.h"

bool pattern_matches(const char *pattern, struct span text)
{
	const char *at = text.data;
	const char *end = text.data + text.size;
	const char *star = NULL; /* the last one met, and what it stood for so far ends here: */
	const char *resume = NULL;

	while (at < end) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = at;
		} else if (*pattern && (*pattern == '?' || *pattern == *at)) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool patterns_match(const struct setting_list *patterns, struct span text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_matches(patterns->items[i], text))
			return true;
	return patterns->count == 0;
}

size_t pattern_fill(char out[READING_NAME_MAX], const char *text, struct span name)
{
	size_t size = 0;

	while (*text && size < READING_NAME_MAX) {
		size_t left = READING_NAME_MAX - size;

		if (strncmp(text, PATTERN_NAME, strlen(PATTERN_NAME)) == 0) {
			size_t part = name.size < left ? name.size : left;
			memcpy(out + size, name.data, part);
			size += part;
			text += strlen(PATTERN_NAME);
		} else {
			out[size++] = *text++;
		}
	}
	return size;
}
