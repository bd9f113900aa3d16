#include "tests/sim/ncp/ezsp_stick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/port.h"

#define RESTLESS_US (2 * AIR_S)
#define USUAL_VERSION 13
#define OLD_VERSION 4
#define STACK_MESH 2
#define FRAME_RESPONSE 0x80
#define FRAME_CALLBACK 0x90
#define FRAME_FORMAT 0x01
#define ID_VERSION 0x0000
#define ID_INVALID 0x0058
#define INVALID_FRAME 0x31 /* EzspStatus: no such command */
#define INVALID_VALUE 0x36
#define SHORT_VERSION_BYTES 4
#define POWERED 0x02
#define SOFTWARE 0x0b
#define ERROR_TIMEOUTS 0x51

static void send_frame(struct ezsp_stick *stick, uint8_t control, uint16_t id, struct bytes parameters)
{
	uint8_t room[ASH_DATA_MAX];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_u8(&out, stick->sequence);
	write_u8(&out, control);
	if (stick->is_negotiated) {
		write_u8(&out, FRAME_FORMAT);
		write_le16(&out, id);
	} else {
		write_u8(&out, (uint8_t)id);
	}
	write_bytes(&out, parameters.data, parameters.size);
	if (!out.failed)
		ash_link_send(&stick->link, (struct bytes){ room, writer_size(&out) });
}

void ezsp_say(struct ezsp_stick *stick, uint16_t id, struct bytes parameters)
{
	if (stick->is_negotiated)
		send_frame(stick, FRAME_CALLBACK, id, parameters);
}

void ezsp_write_status(const struct ezsp_stick *stick, enum ezsp_status status, struct writer *out)
{
	/* EmberStatus, and sl_status_t. */
	static const struct {
		uint8_t narrow;
		uint32_t wide;
	} numbers[] = {
		[EZSP_OK] = { 0x00, 0x0000 },
		[EZSP_INVALID] = { 0x02, 0x0021 },
		[EZSP_NOT_JOINED] = { 0x93, 0x0017 },
		[EZSP_FULL] = { 0x72, 0x0c03 },
		[EZSP_TOO_LONG] = { 0x74, 0x0038 },
		[EZSP_FAILED] = { 0x66, 0x0c02 },
		[EZSP_NOT_FOUND] = { 0xb1, 0x002d },
		[EZSP_UP] = { 0x90, 0x0015 },
		[EZSP_DOWN] = { 0x91, 0x0016 },
	};

	if (stick->version >= EZSP_WIDE)
		write_le32(out, numbers[status].wide);
	else
		write_u8(out, numbers[status].narrow);
}

static void answer_version(struct ezsp_stick *stick, struct writer *out)
{
	write_u8(out, stick->version);
	write_u8(out, STACK_MESH);
	write_le16(out, stick->version >= EZSP_WIDE ? 0x8000 : 0x7410);
}

static bool answer_command(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	return ezsp_answer_setup(stick, id, in, out) || ezsp_answer_network(stick, id, in, out) ||
	       ezsp_answer_keys(stick, id, in, out) || ezsp_answer_message(stick, id, in, out);
}

static void refuse(struct ezsp_stick *stick, uint8_t why, struct writer *out)
{
	stick->site.coordinator->not_understood++;
	out->at = out->start;
	out->failed = false;
	if (stick->version >= EZSP_WIDE)
		write_le32(out, why);
	else
		write_u8(out, why);
}

static void take_long(struct ezsp_stick *stick, struct reader *in)
{
	uint8_t room[EZSP_PARAMETERS_MAX];
	struct writer out;

	(void)read_le16(in);
	uint16_t id = read_le16(in);
	if (in->failed)
		return;
	writer_init(&out, room, sizeof(room));
	bool fits = ezsp_length_fits(stick, id, (struct bytes){ in->at, reader_left(in) });
	if (id == ID_VERSION && fits) {
		answer_version(stick, &out);
	} else if (!fits || !answer_command(stick, id, in, &out) || in->failed || out.failed) {
		refuse(stick, fits ? INVALID_FRAME : INVALID_VALUE, &out);
		id = ID_INVALID;
	}
	send_frame(stick, FRAME_RESPONSE, id, (struct bytes){ room, writer_size(&out) });
}

static void on_take(void *context, struct bytes data)
{
	struct ezsp_stick *stick = context;
	uint8_t room[8];
	struct writer out;
	struct reader in;

	reader_init(&in, data.data, data.size);
	stick->sequence = read_u8(&in);
	if (data.size != SHORT_VERSION_BYTES || data.data[2] != ID_VERSION) {
		stick->is_negotiated = true;
		take_long(stick, &in);
		return;
	}
	stick->is_negotiated = false;
	writer_init(&out, room, sizeof(room));
	answer_version(stick, &out);
	send_frame(stick, FRAME_RESPONSE, ID_VERSION, (struct bytes){ room, writer_size(&out) });
}

static void on_restless(void *context, uint64_t life)
{
	struct ezsp_stick *stick = context;

	if (life == stick->life)
		ash_link_restart(&stick->link, SOFTWARE);
}

static void on_reset(void *context)
{
	struct ezsp_stick *stick = context;

	stick->life++;
	stick->is_negotiated = stick->is_joined = false;
	memset(stick->configuration, 0, sizeof(stick->configuration));
	memset(stick->tags, 0, sizeof(stick->tags));
	ezsp_load_address(stick);
	coordinator_stop(stick->site.coordinator);
	if (stick->restless == 0)
		return;
	stick->restless--;
	air_clock_after(stick->site.clock, RESTLESS_US, on_restless, stick, stick->life);
}

static void power(void *front)
{
	struct ezsp_stick *stick = front;

	if (!stick->site.in_bootloader)
		ash_link_restart(&stick->link, POWERED);
}

/* Silicon Labs UG489: a menu at a carriage return; 2 runs what is there. It does not answer to ASH. */
static void take_in_bootloader(struct ezsp_stick *stick, struct bytes in)
{
	static const char menu[] = "\r\nGecko Bootloader v2.4.0\r\n1. upload gbl\r\n2. run\r\n3. ebl info\r\nBL > ";

	if (memchr(in.data, '2', in.size) && !stick->site.stays_in_bootloader) {
		stick->site.in_bootloader = false;
		power(stick);
	} else if (memchr(in.data, '\r', in.size)) {
		port_send(stick->link.port, (struct bytes){ (const uint8_t *)menu, sizeof(menu) - 1 });
	}
}

static void take(void *front, struct bytes in)
{
	struct ezsp_stick *stick = front;

	if (stick->site.in_bootloader)
		take_in_bootloader(stick, in);
	else
		ash_link_take(&stick->link, in);
}

static bool misbehave(void *front, const char *what, uint32_t times)
{
	struct ezsp_stick *stick = front;

	if (strcmp(what, "busy") == 0)
		stick->busies = times;
	else if (strcmp(what, "restless") == 0)
		stick->restless = times;
	else if (strcmp(what, "reset") == 0)
		ash_link_restart(&stick->link, SOFTWARE);
	else if (strcmp(what, "error") == 0)
		ash_link_fail(&stick->link, ERROR_TIMEOUTS);
	else
		return false;
	return true;
}

static void close_stick(void *front)
{
	struct ezsp_stick *stick = front;

	if (!stick)
		return;
	stick_memory_close(stick->memory);
	free(stick);
}

static int open_stick(void **out, const struct front_site *site)
{
	bool is_new;
	struct ezsp_stick *stick = calloc(1, sizeof(*stick));

	if (!stick)
		return -ENOMEM;
	stick->site = *site;
	stick->version = (uint8_t)(site->is_old ? OLD_VERSION : site->version ? site->version : USUAL_VERSION);
	if (stick_memory_open(&stick->memory, site->memory, &is_new) < 0) {
		free(stick);
		return -ENOMEM;
	}
	stick->link = (struct ash_link){
		.clock = site->clock, .port = site->port, .context = stick, .reset = on_reset, .take = on_take
	};
	ash_link_init(&stick->link);
	site->coordinator->host =
		(struct coordinator_host){ stick, ezsp_on_received, ezsp_on_sent, ezsp_on_joined, ezsp_on_left };
	*out = stick;
	return 0;
}

const struct front_ops front_ezsp = {
	.name = "ezsp",
	.open = open_stick,
	.take = take,
	.power = power,
	.misbehave = misbehave,
	.close = close_stick,
};
