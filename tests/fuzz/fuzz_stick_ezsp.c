/*
 * fuzz_stick_ezsp: a stick with EmberZNet that answers with anything: frames made of the input, at any moment, while it
 * is brought up, formed, sent through and read out. Nothing may be told twice of a message.
 */
#include "drivers/stick_ezsp.h"

#include "drivers/ezsp_stick.h"
#include "tests/fuzz/stick_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct stick *stick, const struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	stick_on_bytes(stick, wire, writer_size(&out));
}

/*
 * A frame: its length, then the data of EZSP, in which the sequence number is put right. All numbers of ASH fit, so
 * that they are no obstacle; fuzz_ash is about those.
 */
static void feed(struct stick *stick, struct bytes *in)
{
	struct ezsp *ezsp = (struct ezsp *)stick;
	uint8_t data[128];
	size_t size = in->data[0] % 128;

	in->data++;
	in->size--;
	if (size > in->size)
		size = in->size;
	if (size > 0)
		memcpy(data, in->data, size);
	in->data += size;
	in->size -= size;
	if (size < ASH_DATA_MIN) {
		put(stick, &(struct ash_frame){ .kind = size ? ASH_ERROR : ASH_RSTACK, .version = 2, .code = 1 });
		return;
	}
	data[0] = ezsp->sequence;
	uint8_t acknowledged = (uint8_t)(ezsp->link.first + ezsp->link.sent) % ASH_NUMBERS;
	put(stick, &(struct ash_frame){ .kind = ASH_DATA,
			   .number = ezsp->link.expected,
			   .acknowledged = acknowledged,
			   .data = { data, size } });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stick_world world;
	struct bytes in = { data, size };

	stick_world_init(&world);
	world.stick = stick_ezsp_make(&world.host, &world.line, 0);
	stick_on_up(world.stick);
	put(world.stick, &(struct ash_frame){ .kind = ASH_RSTACK, .version = ASH_VERSION, .code = 11 });
	while (in.size > 0) {
		if (in.data[0] < 0xf0) {
			feed(world.stick, &in);
			continue;
		}
		stick_world_act(&world, &stick_ezsp, in.data[0]);
		in.data++;
		in.size--;
	}
	stick_ezsp.close(world.stick);
	stick_world_check(&world);
	return 0;
}
