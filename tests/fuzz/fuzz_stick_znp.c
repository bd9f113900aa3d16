/*
 * fuzz_stick_znp: a Z-Stack stick that answers with anything: frames made of the input, at any moment, while it is
 * brought up, formed, sent through and read out. Nothing may be told twice of a message.
 */
#include "drivers/stick_znp.h"

#include "protocols/unpi.h"
#include "tests/fuzz/stick_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A frame: its length, its command's two bytes and its data, so that checksums are no obstacle. */
static void feed(struct stick *stick, struct bytes *in)
{
	uint8_t wire[UNPI_FRAME_MAX];
	struct writer out;
	size_t size = in->data[0] % 128;

	in->data++;
	in->size--;
	if (in->size < 2)
		return;
	if (size > in->size - 2)
		size = in->size - 2;
	const struct unpi_frame frame = { (uint16_t)(in->data[0] << 8 | in->data[1]), { in->data + 2, size } };
	in->data += size + 2;
	in->size -= size + 2;
	writer_init(&out, wire, sizeof(wire));
	unpi_frame_write(&out, &frame);
	stick_on_bytes(stick, wire, writer_size(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stick_world world;
	struct bytes in = { data, size };

	stick_world_init(&world);
	world.stick = stick_znp_make(&world.host, &world.line, 0);
	stick_on_up(world.stick);
	while (in.size > 0) {
		if (in.data[0] < 0xf0) {
			feed(world.stick, &in);
			continue;
		}
		stick_world_act(&world, &stick_znp, in.data[0]);
		in.data++;
		in.size--;
	}
	stick_znp.close(world.stick);
	stick_world_check(&world);
	return 0;
}
