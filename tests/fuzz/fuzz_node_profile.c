/*
 * fuzz_node_profile: the maps of check-in, answer and status; the first byte chooses the format.
 */
#include "protocols/node_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_checkin checkin;
	struct profile_answer answer;
	struct profile_status status;
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
	return 0;
}
