/*
 * fuzz_node_profile: every map; the first byte chooses the format.
 */
#include "protocols/node_profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is handed on as JSON is a piece of the input that can be read by itself. */
static void check_json(struct span json)
{
	char scratch[PROFILE_RESULT_MAX];
	struct token_reader reader;

	tokens_init(&reader, FORMAT_JSON, json, scratch, sizeof(scratch));
	struct token token = tokens_next(&reader);
	tokens_skip(&reader, &token);
	if (tokens_next(&reader).kind != TOKEN_FINISH)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_checkin checkin;
	struct profile_answer answer;
	struct profile_status status;
	struct profile_node_status node_status;
	struct profile_block_request request;
	struct profile_command command;
	struct profile_reply reply;
	static char scratch[PROFILE_RESULT_MAX];
	char buffer[PROFILE_MESSAGE_MAX];
	struct writer out;

	if (size < 1)
		return 0;
	enum token_format format = data[0] & 1 ? FORMAT_CBOR : FORMAT_JSON;
	struct span text = { (const char *)data + 1, size - 1 };
	writer_init(&out, buffer, sizeof(buffer));
	if (profile_parse_checkin(&checkin, format, text) == 0)
		profile_write_checkin(&out, format, &checkin);
	if (profile_parse_answer(&answer, format, text) == 0)
		profile_write_answer(&out, format, &answer);
	if (profile_parse_status(&status, format, text) == 0)
		profile_write_status(&out, format, &status);
	(void)profile_parse_node_status(&node_status, format, text);
	(void)profile_parse_block_request(&request, format, text);
	if (profile_parse_command(&command, format, text) == 0)
		profile_write_command(&out, format, &command);
	if (profile_parse_reply(&reply, format, text, scratch) == 0 && reply.is_json)
		check_json(reply.result);
	return 0;
}
