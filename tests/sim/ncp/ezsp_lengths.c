/* How long the parameters of each command are, apart from the code that reads them: a host that miscounts is told. */
#include "tests/sim/ncp/ezsp_stick.h"

#define NONE (-1) /* these versions do not have the command */

/* What follows the parameters of fixed length. */
enum tail {
	NOTHING,
	BYTES,      /* as many as the last byte says */
	LONG_BYTES, /* as many as the last four bytes say */
	CLUSTERS,   /* of two bytes, as many as the last two bytes say */
	PERHAPS_ONE /* a byte that zigbee-herdsman does not send and bellows does: sticks take either */
};

struct length {
	uint16_t id;
	uint8_t since; /* version */
	int8_t before_13, at_13, wide;
	enum tail tail;
};

/* UG100; the numbers agree with those that bellows 1.2.1 has for versions 8 to 16. */
static const struct length lengths[] = {
	{ 0x0000, 8, 1, 1, 1, NOTHING }, /* version */
	{ 0x0002, 8, 8, 8, 8, CLUSTERS },
	{ 0x0003, 8, 5, 5, 5, NOTHING },
	{ 0x0005, 8, 0, 0, 0, NOTHING },
	{ 0x000b, 8, 1, 1, 1, NOTHING },
	{ 0x0010, 8, 10, 10, 10, NOTHING },
	{ 0x0015, 8, 2, 2, 2, NOTHING },
	{ 0x0017, 8, 2, 2, 2, NOTHING },
	{ 0x0018, 8, 0, 0, 0, NOTHING },
	{ 0x001a, 8, 6, 6, 6, NOTHING },
	{ 0x001e, 8, 20, 20, 20, NOTHING },
	{ 0x0020, 8, 0, 0, 1, NOTHING },
	{ 0x0022, 8, 1, 1, 1, NOTHING },
	{ 0x0026, 8, 0, 0, 0, NOTHING },
	{ 0x0027, 8, 0, 0, 0, NOTHING },
	{ 0x0028, 8, 0, 0, 0, NOTHING },
	{ 0x0029, 8, 0, 0, 0, NOTHING },
	{ 0x0033, 8, 0, 0, 0, NOTHING },
	{ 0x0034, 8, 16, 16, 17, BYTES },
	{ 0x0036, 8, 16, 16, 20, BYTES },
	{ 0x0038, 8, 15, 15, 20, BYTES },
	{ 0x0041, 8, 3, 3, 3, NOTHING },
	{ 0x0049, 8, 0, 0, 0, NOTHING },
	{ 0x004a, 8, 1, 1, 1, NOTHING },
	{ 0x0052, 8, 1, 1, 1, NOTHING },
	{ 0x0053, 8, 3, 3, 3, NOTHING },
	{ 0x0055, 8, 2, 2, 2, NOTHING },
	{ 0x0056, 8, 1, 1, 1, NOTHING },
	{ 0x005a, 8, 1, 1, 1, NOTHING },
	{ 0x005e, 8, 1, 1, 1, NOTHING },
	{ 0x005f, 8, 1, 1, NONE, NOTHING },
	{ 0x0060, 8, 8, 8, 8, NOTHING },
	{ 0x0061, 8, 2, 2, 2, NOTHING },
	{ 0x0063, 8, 1, 1, 1, NOTHING },
	{ 0x0064, 8, 5, 5, 5, NOTHING },
	{ 0x0065, 8, 0, 0, 0, NOTHING },
	{ 0x0068, 8, 43, 43, 43, NOTHING },
	{ 0x0069, 8, 0, 0, 0, NOTHING },
	{ 0x006a, 8, 1, NONE, NONE, NOTHING },
	{ 0x006b, 8, 0, 0, 0, NOTHING },
	{ 0x0071, 8, 1, NONE, NONE, NOTHING },
	{ 0x0072, 8, 26, NONE, NONE, NOTHING },
	{ 0x0075, 8, 9, 9, 9, NOTHING },
	{ 0x0076, 8, 1, 1, 1, NOTHING },
	{ 0x0077, 8, 2, 2, 2, NOTHING },
	{ 0x007e, 8, 9, 9, 9, NOTHING },
	{ 0x007f, 8, 8, 8, 8, NOTHING },
	{ 0x0081, 8, 1, 1, 1, BYTES },
	{ 0x0099, 8, 1, 1, 1, NOTHING },
	{ 0x00aa, 8, 1, 1, 1, NOTHING },
	{ 0x00ab, 8, 2, 2, 2, BYTES },
	{ 0x00af, 8, 24, NONE, NONE, NOTHING },
	{ 0x00b1, 8, 0, 0, 0, NOTHING },
	{ 0x00b9, 8, 1, 1, 1, NOTHING },
	{ 0x00f1, 8, 0, 0, 0, NOTHING },
	{ 0x0103, 9, 12, 12, 12, LONG_BYTES },
	{ 0x0105, 9, 2, 2, 2, NOTHING },
	{ 0x010c, 12, 17, 18, 18, NOTHING },
	{ 0x010d, 12, 8, 8, 8, NOTHING },
	{ 0x010e, 12, 25, 25, 25, NOTHING },
	{ 0x010f, 12, 1, 1, 1, NOTHING },
	{ 0x0111, 12, 25, 25, 24, PERHAPS_ONE },
	{ 0x0114, 12, 17, 18, 18, NOTHING },
	{ 0x0116, 8, NONE, 0, 0, NOTHING },
};

static size_t tail_size(enum tail tail, const uint8_t *end)
{
	switch (tail) {
	case BYTES:
		return end[-1];
	case LONG_BYTES:
		return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
	case CLUSTERS:
		return 2 * ((size_t)end[-1] + end[-2]);
	default:
		return 0;
	}
}

bool ezsp_length_fits(const struct ezsp_stick *stick, uint16_t id, struct bytes parameters)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct length *row = &lengths[i];
		if (row->id != id)
			continue;
		int head = stick->version >= EZSP_WIDE ? row->wide : stick->version == 13 ? row->at_13 : row->before_13;
		if (head == NONE || stick->version < row->since || parameters.size < (size_t)head)
			return false;
		size_t more = parameters.size - (size_t)head;
		return more == tail_size(row->tail, parameters.data + head) ||
		       (more == 1 && row->tail == PERHAPS_ONE && stick->version >= EZSP_WIDE);
	}
	return false;
}
