#include "protocols/coap.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

/* Whatever parses is written again and must parse to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buffer[70000];
	struct coap_message message, again;
	struct coap_options options, options_again;
	struct coap_option option, option_again;
	struct coap_block block;
	struct coap_writer writer;
	uint32_t number;

	if (size > sizeof(buffer) / 2 || coap_message_parse(&message, data, size) < 0)
		return 0;
	coap_options_start(&options, &message);
	coap_write_start(&writer, buffer, sizeof(buffer), &message);
	while (coap_options_next(&options, &option)) {
		(void)coap_option_uint(&option, &number);
		if (coap_block_parse(&block, &option) == 0)
			must(coap_block_offset(&block) + coap_block_size(block.szx) <= 1u << 30);
		coap_write_option(&writer, option.number, option.value, option.size);
	}
	int written = coap_write_payload(&writer, message.payload, message.payload_size);
	must(written > 0 && (size_t)written <= size);
	must(coap_message_parse(&again, buffer, (size_t)written) == 0);
	must(again.id == message.id && again.type == message.type && again.code == message.code);
	must(again.payload_size == message.payload_size);
	coap_options_start(&options, &message);
	coap_options_start(&options_again, &again);
	while (coap_options_next(&options, &option)) {
		must(coap_options_next(&options_again, &option_again));
		must(option.number == option_again.number && option.size == option_again.size);
		must(memcmp(option.value, option_again.value, option.size) == 0);
	}
	must(!coap_options_next(&options_again, &option_again));
	return 0;
}
