#include "tests/sim/ncp/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"
#include "tests/sim/ncp/port.h"
#include "tests/sim/ncp/znp_stick.h"

#define BOOT_US (100 * AIR_MS)
#define RESTLESS_US (2 * AIR_S)
#define SKIP_BOOTLOADER 0xef
#define SYS_PING 0x2101
#define SYS_VERSION 0x2102
#define SYS_EXT_ADDR 0x2104
#define SYS_RANDOM 0x210c
#define SYS_STACK_TUNE 0x210f
#define SYS_TX_POWER 0x2114
#define SYS_RESET 0x4100
#define SYS_RESET_TOLD 0x4180
#define UTIL_LED 0x270a
#define NO_SUCH_COMMAND 0x6000
#define CAPABILITIES 0x0659
#define PRODUCT_3X0 1
#define PRODUCT_30X 2
#define PRODUCT_12 0
#define REVISION 20230507

void znp_say(struct znp_stick *stick, uint16_t command, struct bytes data)
{
	uint8_t room[UNPI_FRAME_MAX];
	struct writer out;
	struct unpi_frame frame = { .command = command, .data = data };

	if (stick->in_bootloader)
		return;
	writer_init(&out, room, sizeof(room));
	unpi_frame_write(&out, &frame);
	port_send(stick->site.port, (struct bytes){ room, writer_size(&out) });
}

static void on_say(void *context, uint64_t unused)
{
	struct znp_later *later = context;

	(void)unused;
	if (later->life == later->stick->life)
		znp_say(later->stick, later->command, (struct bytes){ later->data, later->size });
	later->stick = NULL;
}

static struct znp_later *free_later(struct znp_stick *stick)
{
	for (size_t i = 0; i < ZNP_LATER_MAX; i++) {
		if (!stick->later[i].stick)
			return &stick->later[i];
	}
	return NULL;
}

void znp_say_later(struct znp_stick *stick, int64_t delay_us, uint16_t command, struct bytes data)
{
	struct znp_later *later = free_later(stick);

	if (!later || data.size > sizeof(later->data))
		return;
	*later = (struct znp_later){ .stick = stick, .life = stick->life, .command = command, .size = data.size };
	memcpy(later->data, data.data, data.size);
	air_clock_after(stick->site.clock, delay_us, on_say, later, 0);
}

static uint8_t product_of(const struct znp_stick *stick)
{
	if (stick->site.is_old)
		return PRODUCT_12;
	return stick->site.has_tables ? PRODUCT_3X0 : PRODUCT_30X;
}

static void write_version(const struct znp_stick *stick, struct writer *out)
{
	write_u8(out, 2);
	write_u8(out, product_of(stick));
	write_u8(out, 2);
	write_u8(out, stick->site.is_old ? 6 : 7);
	write_u8(out, stick->site.is_old ? 3 : 1);
	write_le32(out, stick->site.is_old ? 20160101 : REVISION);
}

static bool answer_system(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	switch (command) {
	case SYS_PING:
		write_le16(out, CAPABILITIES);
		return true;
	case SYS_VERSION:
		write_version(stick, out);
		return true;
	case SYS_EXT_ADDR:
		write_bytes(out, stick_memory_get(stick->memory, STICK_ITEM(ZNP_EXTADDR)).data, 8);
		return true;
	case SYS_RANDOM:
		write_le16(out, (uint16_t)random_next(stick->site.random));
		return true;
	case SYS_STACK_TUNE:
		(void)read_u8(in);
		write_u8(out, read_u8(in));
		return true;
	case SYS_TX_POWER:
	case UTIL_LED:
		write_u8(out, ZNP_SUCCESS);
		return true;
	default:
		return false;
	}
}

static void restart(struct znp_stick *stick);

static void on_restless(void *context, uint64_t life)
{
	struct znp_stick *stick = context;

	if (life == stick->life)
		restart(stick);
}

static void on_started(void *context, uint64_t life)
{
	struct znp_stick *stick = context;
	uint8_t data[] = { 0, 2, product_of(stick), 2, 7, 1 };

	if (life != stick->life)
		return;
	stick->is_starting = false;
	znp_say(stick, SYS_RESET_TOLD, (struct bytes){ data, sizeof(data) });
	if (stick->restless == 0)
		return;
	stick->restless--;
	air_clock_after(stick->site.clock, RESTLESS_US, on_restless, stick, stick->life);
}

/* Where a host deleted the address, the stick takes its own again. */
static void provide_address(struct znp_stick *stick)
{
	uint8_t eui64[8];
	struct writer writer;

	if (stick_memory_get(stick->memory, STICK_ITEM(ZNP_EXTADDR)).size > 0)
		return;
	writer_init(&writer, eui64, sizeof(eui64));
	write_le64(&writer, stick->site.eui64);
	(void)stick_memory_set(stick->memory, STICK_ITEM(ZNP_EXTADDR), (struct bytes){ eui64, sizeof(eui64) });
}

static void restart(struct znp_stick *stick)
{
	stick->life++;
	stick->is_starting = true;
	stick->tells_all_zdo = false;
	stick->state = ZNP_HOLD;
	unpi_parser_init(&stick->parser);
	coordinator_stop(stick->site.coordinator);
	znp_network_clear(stick);
	provide_address(stick);
	air_clock_after(stick->site.clock, BOOT_US, on_started, stick, stick->life);
}

static bool answer_request(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	return answer_system(stick, command, in, out) || znp_answer_memory(stick, command, in, out) ||
	       znp_answer_network(stick, command, in, out) || znp_answer_zdo(stick, command, in, out) ||
	       znp_answer_data(stick, command, in, out);
}

static void take_frame(struct znp_stick *stick, const struct unpi_frame *frame)
{
	uint8_t room[UNPI_DATA_MAX];
	struct reader in;
	struct writer out;
	uint16_t response = unpi_response(frame->command);
	uint8_t unknown[] = { 2, (uint8_t)(frame->command >> 8), (uint8_t)frame->command };

	if (frame->command == SYS_RESET) {
		restart(stick);
		return;
	}
	if (unpi_type(frame->command) != UNPI_SREQ || stick->is_starting)
		return;
	if (stick->mute > 0) {
		stick->mute--;
		return;
	}
	reader_init(&in, frame->data.data, frame->data.size);
	writer_init(&out, room, sizeof(room));
	if (!answer_request(stick, frame->command, &in, &out) || in.failed || out.failed) {
		writer_init(&out, room, sizeof(room));
		write_bytes(&out, unknown, sizeof(unknown));
		stick->site.coordinator->not_understood++;
		response = NO_SUCH_COMMAND;
	}
	znp_say(stick, response, (struct bytes){ room, writer_size(&out) });
}

static void leave_bootloader(struct znp_stick *stick)
{
	stick->in_bootloader = false;
	restart(stick);
}

static void take(void *front, struct bytes in)
{
	struct znp_stick *stick = front;
	struct unpi_frame frame;

	if (stick->in_bootloader) {
		if (memchr(in.data, SKIP_BOOTLOADER, in.size) && !stick->site.stays_in_bootloader)
			leave_bootloader(stick);
		return;
	}
	while (unpi_parser_take(&stick->parser, &in, &frame) == 0)
		take_frame(stick, &frame);
}

static void power(void *front)
{
	struct znp_stick *stick = front;

	stick->in_bootloader = stick->site.in_bootloader;
	restart(stick);
}

static bool misbehave(void *front, const char *what, uint32_t times)
{
	struct znp_stick *stick = front;
	const struct {
		const char *name;
		uint32_t *counter;
	} kinds[] = {
		{ "overflow", &stick->overflows },
		{ "busy", &stick->busies },
		{ "no_resources", &stick->no_resources },
		{ "mute", &stick->mute },
		{ "restless", &stick->restless },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, what) == 0) {
			*kinds[i].counter = times;
			return true;
		}
	}
	if (strcmp(what, "reset") != 0)
		return false;
	restart(stick);
	return true;
}

static void close_stick(void *front)
{
	struct znp_stick *stick = front;

	if (!stick)
		return;
	stick_memory_close(stick->memory);
	free(stick);
}

static int open_stick(void **out, const struct front_site *site)
{
	bool is_new;
	struct znp_stick *stick = calloc(1, sizeof(*stick));

	if (!stick)
		return -ENOMEM;
	stick->site = *site;
	int result = stick_memory_open(&stick->memory, site->memory, &is_new);
	if (result < 0) {
		free(stick);
		return result;
	}
	if (is_new)
		znp_items_fill(stick->memory, stick->site.has_tables);
	site->coordinator->host =
		(struct coordinator_host){ stick, znp_on_received, znp_on_sent, znp_on_joined, znp_on_left };
	unpi_parser_init(&stick->parser);
	*out = stick;
	power(stick);
	return 0;
}

const struct front_ops front_znp = {
	.name = "znp",
	.open = open_stick,
	.take = take,
	.power = power,
	.misbehave = misbehave,
	.close = close_stick,
};
