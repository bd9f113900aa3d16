/* Firmware for Zigbee nodes: joins the OTA Upgrade server to the driver's nodes, stick and gateway. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_driver.h"

/* ---- what the server needs ---- */

static int send_frame(void *context, const struct zigbee_message *message, uint32_t tag)
{
	struct driver *driver = context;

	return driver->stick ? driver->ops->send(driver->stick, message, tag) : -ENETDOWN;
}

/* xorshift64* (Vigna 2016). */
static uint32_t next_chance(void *context)
{
	struct driver *driver = context;

	driver->chance ^= driver->chance >> 12;
	driver->chance ^= driver->chance << 25;
	driver->chance ^= driver->chance >> 27;
	return (uint32_t)((driver->chance * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

static void note_firmware(struct zigbee_node *node, const struct zigbee_upgrade *said)
{
	struct zigbee_firmware *firmware = &node->firmware;

	node->changed |= !firmware->known || firmware->version != said->file.version ||
			 firmware->image_type != said->file.image_type ||
			 firmware->manufacturer != said->file.manufacturer;
	firmware->known = true;
	firmware->manufacturer = said->file.manufacturer;
	firmware->image_type = said->file.image_type;
	firmware->version = said->file.version;
	if (said->has_hardware) {
		firmware->has_hardware = true;
		firmware->hardware = said->hardware;
	}
}

static void on_runs(void *context, const char *id, const struct zigbee_upgrade *said, struct image_source *image)
{
	struct driver *driver = context;
	struct zigbee_node *node = zigbee_nodes_named(&driver->nodes, id);

	if (!node)
		return;
	note_firmware(node, said);
	(void)zigbee_greet_running(driver, node, image);
}

/* ---- where nodes are ---- */

static bool peer_of(const struct zigbee_node *node, struct zigbee_upgrade_peer *out)
{
	for (size_t i = 0; i < node->endpoint_count; i++) {
		const struct zigbee_endpoint *endpoint = &node->endpoints[i];
		if (!endpoint->has_upgrade)
			continue;
		*out = (struct zigbee_upgrade_peer){
			.node = node->id,
			.model = node->model,
			.maker = node->maker,
			.nwk = node->nwk,
			.profile = endpoint->profile,
			.endpoint = endpoint->number,
			.own_endpoint = ZIGBEE_OWN_ENDPOINT,
			.sleeps = zigbee_node_sleeps(node),
			.relays = node->relays,
		};
		return true;
	}
	return false;
}

void zigbee_firmware_meet(struct driver *driver, const struct zigbee_node *node, bool heard)
{
	struct zigbee_upgrade_peer peer;

	if (driver->upgrades && node->nwk != ZIGBEE_NWK_NONE && peer_of(node, &peer))
		zigbee_upgrades_meet(driver->upgrades, &peer, heard, zigbee_now(driver));
}

void zigbee_firmware_joined(struct driver *driver, const struct zigbee_node *node)
{
	zigbee_firmware_meet(driver, node, true);
	zigbee_upgrades_on_joined(driver->upgrades, node->id, zigbee_now(driver));
}

void zigbee_firmware_network_up(struct driver *driver)
{
	zigbee_upgrades_on_network_up(driver->upgrades, zigbee_now(driver));
}

void zigbee_firmware_part(struct driver *driver, const struct zigbee_node *node)
{
	if (driver->upgrades)
		zigbee_upgrades_part(driver->upgrades, node->id);
}

void zigbee_firmware_forget(struct driver *driver, const struct zigbee_node *node)
{
	if (driver->upgrades)
		zigbee_upgrades_forget(driver->upgrades, node->id);
}

void zigbee_firmware_on_frame(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	const struct zigbee_message *message = heard->message;
	const struct zigbee_upgrade_peer from = {
		.node = heard->node->id,
		.model = heard->node->model,
		.maker = heard->node->maker,
		.nwk = message->peer,
		.profile = message->profile,
		.endpoint = message->peer_endpoint,
		.own_endpoint = message->own_endpoint,
		.sleeps = zigbee_node_sleeps(heard->node),
		.relays = heard->node->relays,
	};

	zigbee_upgrades_on_frame(driver->upgrades, &from, frame, zigbee_now(driver));
}

bool zigbee_firmware_on_sent(struct driver *driver, uint32_t tag, enum stick_sent outcome)
{
	if (!(tag & ZIGBEE_UPGRADES_TAG))
		return false;
	if (driver->upgrades)
		zigbee_upgrades_on_sent(driver->upgrades, tag, outcome, zigbee_now(driver));
	return true;
}

/* ---- offers ---- */

int zigbee_offer(struct driver *driver, const struct driver_offer *offer)
{
	int error = zigbee_upgrades_offer(driver->upgrades, offer, zigbee_now(driver));
	const struct zigbee_node *node = zigbee_nodes_named(&driver->nodes, offer->node);

	if (!error && node)
		zigbee_firmware_meet(driver, node, false);
	zigbee_wake(driver);
	return error;
}

int zigbee_withdraw(struct driver *driver, const char *node)
{
	zigbee_upgrades_withdraw(driver->upgrades, node, zigbee_now(driver));
	zigbee_wake(driver);
	return 0;
}

void zigbee_images_ready(struct driver *driver)
{
	zigbee_upgrades_images_ready(driver->upgrades, zigbee_now(driver));
	zigbee_wake(driver);
}

/* ---- life ---- */

int64_t zigbee_firmware_turn(struct driver *driver)
{
	return driver->network.state == NETWORK_UP ? zigbee_upgrades_run(driver->upgrades, zigbee_now(driver))
						   : INT64_MAX;
}

int zigbee_firmware_open(struct driver *driver)
{
	driver->upgrade_port = (struct zigbee_upgrades_port){
		.context = driver,
		.host = driver->host,
		.send = send_frame,
		.runs = on_runs,
		.chance = next_chance,
	};
	if (getrandom(&driver->chance, sizeof(driver->chance), 0) < 0)
		return -EIO;
	driver->chance |= 1;
	return zigbee_upgrades_open(
		&driver->upgrades, &driver->settings->upgrades, &driver->upgrade_port, zigbee_now(driver));
}
