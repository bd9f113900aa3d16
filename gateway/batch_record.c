#include "gateway/batch_record.h"

#include <stdio.h>

#include "gateway/gaps.h"

#define GAP_RECORD_MAX 256

void batch_record_write(struct token_writer *tokens, const char *base_name, const char *name, const char *value)
{
	static const struct {
		const char *name;
		int8_t label;
	} keys[] = { { "bn", -2 }, { "n", 0 }, { "vs", 3 } };
	const char *values[] = { base_name, name, value };
	size_t from = base_name ? 0 : 1;

	token_map(tokens, 3 - from);
	for (size_t i = from; i < 3; i++) {
		if (tokens->format == FORMAT_CBOR)
			token_integer(tokens, keys[i].label);
		else
			token_string(tokens, keys[i].name);
		token_string(tokens, values[i]);
	}
	token_close(tokens);
}

size_t batch_record_gaps_bound(size_t count)
{
	return BATCH_RECORD_MAX + count * GAP_RECORD_MAX;
}

void batch_record_write_gaps(struct token_writer *tokens, const char *base_name, const struct gap *gaps, size_t count)
{
	token_array(tokens, count);
	for (size_t i = 0; i < count; i++) {
		char text[160];
		int used = snprintf(text, sizeof(text), "first=%llu last=%llu lost=%llu reason=%s",
			(unsigned long long)gaps[i].first, (unsigned long long)gaps[i].last,
			(unsigned long long)gaps[i].lost, gap_reason_name(gaps[i].reason));

		if (gaps[i].became > 0)
			snprintf(text + used, sizeof(text) - (size_t)used, " became=%llu",
				(unsigned long long)gaps[i].became);
		batch_record_write(tokens, i == 0 ? base_name : NULL, "gap", text);
	}
	token_close(tokens);
}
