#include "drivers/zigbee_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/stick_flights.h"

#define OFFSET(member) offsetof(struct zigbee_settings, member)

static const char *const stick_choices[] = { "auto", "znp", "ezsp", NULL };
static const char *const flow_choices[] = { "none", "hardware", "software", NULL };

static const struct setting settings_list[] = {
	{ .name = "port",
		.type = SETTING_TEXT,
		.offset = OFFSET(port),
		.least = 1,
		.most = 200,
		.required = true,
		.example = "/dev/serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus-if00-port0",
		.help = "Where the stick is: a serial port, best by its stable name, or \"tcp://HOST:PORT\"." },
	{ .name = "process",
		.type = SETTING_BOOLEAN,
		.offset = OFFSET(process),
		.initial = "true",
		.help = "Runs the driver in a process of its own, which the gateway starts and watches." },
	{ .name = "stick",
		.type = SETTING_CHOICE,
		.offset = OFFSET(stick),
		.initial = "auto",
		.choices = stick_choices,
		.help = "What it speaks: Texas Instruments' ZNP, Silicon Labs' EZSP, or try one after the other." },
	{ .name = "baud",
		.type = SETTING_INTEGER,
		.offset = OFFSET(baud),
		.initial = "115200",
		.least = 9600,
		.most = 1000000,
		.help = "Speed of the serial port in bits a second." },
	{ .name = "flow_control",
		.type = SETTING_CHOICE,
		.offset = OFFSET(flow_control),
		.initial = "none",
		.choices = flow_choices,
		.help = "Flow control of the serial port, as the stick's firmware was built: RTS/CTS or XON/XOFF." },
	{ .name = "channel",
		.type = SETTING_TEXT,
		.offset = OFFSET(channel),
		.initial = "scan",
		.least = 1,
		.most = 4,
		.help = "Channel of a network that is formed, \"11\" to \"26\", or \"scan\": the one with the least "
			"energy on it." },
	{ .name = "pan",
		.type = SETTING_INTEGER,
		.offset = OFFSET(pan),
		.initial = "0",
		.least = 0,
		.most = 0xfffd,
		.help = "PAN identifier of a network that is formed; 0: chosen by chance." },
	{ .name = "permit_limit",
		.type = SETTING_DURATION,
		.offset = OFFSET(permit_limit_ms),
		.initial = "180 s",
		.least = 1000,
		.most = 254000,
		.help = "The longest time for which nodes may be let in at a time." },
	{ .name = "concurrent",
		.type = SETTING_INTEGER,
		.offset = OFFSET(concurrent),
		.initial = "0",
		.least = 0,
		.most = STICK_FLIGHTS_MAX,
		.help = "Messages that the stick has at a time; 0: what suits it." },
	{ .name = "report_min",
		.type = SETTING_DURATION,
		.offset = OFFSET(report_least_ms),
		.initial = "10 s",
		.least = 0,
		.most = 3600000,
		.help = "Nodes are asked to report a value at most so often." },
	{ .name = "report_max",
		.type = SETTING_DURATION,
		.offset = OFFSET(report_most_ms),
		.initial = "30 min",
		.least = 10000,
		.most = 64800000,
		.help = "Nodes are asked to report a value at least so often, also unchanged." },
	{ .name = "battery_report_max",
		.type = SETTING_DURATION,
		.offset = OFFSET(battery_most_ms),
		.initial = "12 h",
		.least = 60000,
		.most = 64800000,
		.help = "The same for batteries." },
	{ .name = "ping_after",
		.type = SETTING_DURATION,
		.offset = OFFSET(ping_after_ms),
		.initial = "10 min",
		.least = 10000,
		.most = 86400000,
		.help = "A mains node that is silent for so long is asked whether it is there." },
	{ .name = "sleeper_lost",
		.type = SETTING_DURATION,
		.offset = OFFSET(sleeper_lost_ms),
		.initial = "25 h",
		.least = 60000,
		.most = 2592000000,
		.help = "A sleeping node that reports nothing at intervals is lost after so long; others after "
			"three." },
	{ .name = "transfers",
		.type = SETTING_INTEGER,
		.offset = OFFSET(upgrades.transfers),
		.initial = "64",
		.least = 1,
		.most = 64,
		.help = "Nodes that are awake and fetch firmware at a time, at most; as many do as fill the air." },
	{ .name = "sleepy_transfers",
		.type = SETTING_INTEGER,
		.offset = OFFSET(upgrades.sleepy_transfers),
		.initial = "20",
		.least = 1,
		.most = 500,
		.help = "The same for nodes that sleep, which need little of the air." },
	{ .name = "airtime",
		.type = SETTING_INTEGER,
		.offset = OFFSET(upgrades.airtime_percent),
		.initial = "100",
		.least = 1,
		.most = 100,
		.help = "Percent of the channel's time for firmware; 100: no limit." },
	{ .name = "block_max",
		.type = SETTING_INTEGER,
		.offset = OFFSET(upgrades.block_most),
		.initial = "65",
		.least = 10,
		.most = 65,
		.help = "Bytes of firmware in a frame, where the kind of node does not demand another size." },
};

uint8_t zigbee_settings_channel(const struct zigbee_settings *settings)
{
	long channel = strtol(settings->channel, NULL, 10);

	return channel >= ZIGBEE_CHANNEL_FIRST && channel <= ZIGBEE_CHANNEL_LAST ? (uint8_t)channel : 0;
}

static int check(const void *values, bool present, char *why, size_t why_size)
{
	const struct zigbee_settings *settings = values;

	if (!present)
		return 0;
	if (strcmp(settings->channel, "scan") != 0 && zigbee_settings_channel(settings) == 0) {
		(void)snprintf(why, why_size, "channel is \"%s\", but may be \"scan\" or \"%d\" to \"%d\"",
			settings->channel, ZIGBEE_CHANNEL_FIRST, ZIGBEE_CHANNEL_LAST);
		return -EINVAL;
	}
	if (settings->report_least_ms > settings->report_most_ms) {
		(void)snprintf(why, why_size, "report_min is longer than report_max");
		return -EINVAL;
	}
	return 0;
}

const struct settings_table zigbee_settings_table = {
	.group = "zigbee",
	.help = "A Zigbee network through a coordinator stick: its nodes' readings and firmware.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct zigbee_settings),
	.check = check,
};
