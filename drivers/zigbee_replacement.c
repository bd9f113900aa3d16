/* Another network for the stick, another stick for the network: form, adopt, backup and restore. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/zigbee_questions.h"
#include "protocols/zdo.h"
#include "protocols/zigbee_backup.h"

#define BACKUP_MS 60000
#define NETWORK_MS 120000
#define KEYS_FIRST 16

static bool has_stick(const struct driver *driver, const struct driver_question *question)
{
	enum zigbee_network_state state = driver->network.state;

	if (driver->network_question.waits || state == NETWORK_FORMING || state == NETWORK_SCANNING) {
		zigbee_refuse(question, -EBUSY, "the stick is about another network already");
		return false;
	}
	if (driver->stick && state != NETWORK_NO_STICK)
		return true;
	zigbee_refuse(question, -ENETDOWN, "the stick does not answer: \"wakegate zigbee status\"");
	return false;
}

/* ---- another network ---- */

void zigbee_ask_form(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	if (!has_stick(driver, question))
		return;
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.form_ordered nodes=%zu", driver->nodes.count);
	driver->forgets = true;
	zigbee_form(driver);
	zigbee_wait(driver, &driver->network_question, question, NETWORK_MS);
}

void zigbee_ask_adopt(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_network *network = &driver->network;
	char firmware[sizeof(network->firmware)];

	if (!has_stick(driver, question))
		return;
	if (network->state == NETWORK_UP || !network->stick_has) {
		zigbee_refuse(question, -EALREADY, "the stick has no network but the one that this gateway uses");
		return;
	}
	const struct stick_network own = network->own;
	(void)snprintf(firmware, sizeof(firmware), "%s", network->firmware);
	zigbee_network_accept_any(network);
	zigbee_network_take(
		driver, &(struct stick_report){ .state = STICK_UP, .network = &own, .firmware = firmware, .why = "" });
	zigbee_answer_status(driver, question);
}

void zigbee_questions_on_network(struct driver *driver)
{
	enum zigbee_network_state state = driver->network.state;
	struct driver_question question = { 0 };

	if (state == NETWORK_UP && !driver->must_form && zigbee_wait_end(&driver->network_question, &question))
		zigbee_answer_status(driver, &question);
	else if (state == NETWORK_REFUSED && zigbee_wait_end(&driver->network_question, &question))
		zigbee_refuse(&question, -EIO, driver->network.why);
}

void zigbee_questions_on_unformed(struct driver *driver, int error)
{
	struct driver_question question = { 0 };

	if (zigbee_wait_end(&driver->network_question, &question))
		zigbee_refuse(&question, error, "the stick cannot form a network now: \"wakegate zigbee status\"");
}

/* ---- backup ---- */

static void forget_keys(struct driver *driver)
{
	if (driver->keys)
		explicit_bzero(driver->keys, driver->key_room * sizeof(*driver->keys));
	free(driver->keys);
	driver->keys = NULL;
	driver->key_count = driver->key_room = 0;
}

static void note_key(struct driver *driver, const struct stick_link_key *key)
{
	if (driver->key_count == driver->key_room) {
		size_t room = driver->key_room ? driver->key_room * 2 : KEYS_FIRST;
		struct stick_link_key *keys = room <= ZIGBEE_LINK_KEYS_MAX * 2 ? malloc(room * sizeof(*keys)) : NULL;
		if (!keys)
			return;
		if (driver->keys)
			memcpy(keys, driver->keys, driver->key_count * sizeof(*keys));
		size_t count = driver->key_count;
		forget_keys(driver);
		driver->keys = keys;
		driver->key_count = count;
		driver->key_room = room;
	}
	driver->keys[driver->key_count++] = *key;
}

static struct zigbee_backup_device *device_of(struct zigbee_backup *backup, uint64_t eui64)
{
	for (size_t i = 0; i < backup->device_count; i++)
		if (backup->devices[i].eui64 == eui64)
			return &backup->devices[i];
	struct zigbee_backup_device *device = &backup->devices[backup->device_count++];
	*device = (struct zigbee_backup_device){ .eui64 = eui64 };
	return device;
}

static void list_devices(const struct driver *driver, struct zigbee_backup *backup)
{
	for (size_t i = 0; i < driver->nodes.count; i++) {
		const struct zigbee_node *node = driver->nodes.list[i];
		if (node->left)
			continue;
		struct zigbee_backup_device *device = device_of(backup, node->eui64);
		device->has_nwk = node->nwk != ZIGBEE_NWK_NONE;
		device->nwk = node->nwk;
		device->is_child = node->parent == 0 && node->kind == ZDO_END_DEVICE;
	}
	for (size_t i = 0; i < driver->key_count; i++) {
		struct zigbee_backup_device *device = device_of(backup, driver->keys[i].eui64);
		device->has_key = true;
		memcpy(device->key, driver->keys[i].key, sizeof(device->key));
		device->tx_counter = driver->keys[i].tx_counter;
		device->rx_counter = driver->keys[i].rx_counter;
	}
}

static struct zigbee_backup backup_of(const struct driver *driver)
{
	const struct stick_network *network = &driver->network.kept;
	struct zigbee_backup backup = {
		.coordinator = network->eui64,
		.extended_pan = network->extended_pan,
		.pan = network->pan,
		.channel = network->channel,
		.update_id = network->update_id,
		.key_sequence = network->key_sequence,
		.frame_counter = network->frame_counter,
		.has_link_key = true,
		.made_s = driver->clock.wall_ms(driver->clock.context) / 1000,
	};

	memcpy(backup.key, network->key, sizeof(backup.key));
	memcpy(backup.link_key, network->link_key, sizeof(backup.link_key));
	return backup;
}

static void answer_backup(struct driver *driver, const struct driver_question *question)
{
	size_t room = driver->nodes.count + driver->key_count;
	size_t size = ZIGBEE_BACKUP_HEAD_BYTES + room * ZIGBEE_BACKUP_DEVICE_BYTES;
	struct zigbee_backup backup = backup_of(driver);
	char *text = malloc(size);
	struct writer out;

	backup.devices = calloc(room + 1, sizeof(*backup.devices));
	backup.device_room = room;
	if (!text || !backup.devices) {
		zigbee_refuse(question, -ENOMEM, "out of memory");
	} else {
		list_devices(driver, &backup);
		writer_init(&out, text, size);
		zigbee_backup_write(&out, &backup);
		question->done(question->context, 0, (struct span){ text, writer_size(&out) });
		explicit_bzero(text, size);
		explicit_bzero(backup.devices, room * sizeof(*backup.devices));
	}
	free(text);
	free(backup.devices);
	explicit_bzero(&backup, sizeof(backup));
}

void zigbee_on_key(void *context, const struct stick_link_key *key)
{
	struct driver *driver = context;
	struct driver_question question = { 0 };

	if (key) {
		if (driver->backup_question.waits)
			note_key(driver, key);
		return;
	}
	if (zigbee_wait_end(&driver->backup_question, &question))
		answer_backup(driver, &question);
	forget_keys(driver);
}

void zigbee_ask_backup(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	if (driver->backup_question.waits) {
		zigbee_refuse(question, -EBUSY, "a backup is under way");
		return;
	}
	/* Without a stick that answers, what the gateway remembers is all there is. */
	if (driver->network.state != NETWORK_UP) {
		if (driver->network.remembers)
			answer_backup(driver, question);
		else
			zigbee_refuse(question, -ENETDOWN, "there is no network yet: \"wakegate zigbee status\"");
		return;
	}
	forget_keys(driver);
	zigbee_wait(driver, &driver->backup_question, question, BACKUP_MS);
	int error = driver->ops->backup(driver->stick);
	if (!error)
		return;
	struct driver_question waiting = { 0 };
	if (zigbee_wait_end(&driver->backup_question, &waiting))
		zigbee_refuse(&waiting, error, "the stick is busy, try again in a moment");
}

/* ---- restore ---- */

static void network_of(const struct zigbee_backup *backup, struct stick_network *out)
{
	static const char well_known[16] = "ZigBeeAlliance09";

	*out = (struct stick_network){
		.eui64 = backup->coordinator,
		.extended_pan = backup->extended_pan,
		.pan = backup->pan,
		.channel = backup->channel,
		.update_id = backup->update_id,
		.key_sequence = backup->key_sequence,
		.frame_counter = backup->frame_counter + ZIGBEE_COUNTER_MARGIN,
	};
	memcpy(out->key, backup->key, sizeof(out->key));
	memcpy(out->link_key, backup->has_link_key ? (const void *)backup->link_key : well_known,
		sizeof(out->link_key));
}

/* Nodes of the backup that are not known yet are asked what they are, once they are heard. */
static void take_devices(struct driver *driver, const struct zigbee_backup *backup)
{
	for (size_t i = 0; i < backup->device_count; i++) {
		const struct zigbee_backup_device *device = &backup->devices[i];
		struct zigbee_node *known = zigbee_nodes_find(&driver->nodes, device->eui64);
		struct zigbee_node *node = known ? known : zigbee_nodes_add(&driver->nodes, device->eui64);
		if (!node)
			return;
		if (device->has_nwk && zigbee_nwk_is_node(device->nwk))
			zigbee_move(driver, node, device->nwk);
		if (!known)
			zigbee_interview_begin(node, zigbee_now(driver));
		zigbee_presence_begin(node, zigbee_now(driver));
	}
}

static int restore(struct driver *driver, const struct stick_network *network, const struct zigbee_backup *backup)
{
	struct stick_link_key *keys = calloc(backup->device_count + 1, sizeof(*keys));
	size_t count = 0;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < backup->device_count; i++) {
		const struct zigbee_backup_device *device = &backup->devices[i];
		if (!device->has_key)
			continue;
		keys[count] = (struct stick_link_key){
			.eui64 = device->eui64,
			.tx_counter = device->tx_counter,
			.rx_counter = device->rx_counter,
		};
		memcpy(keys[count++].key, device->key, sizeof(device->key));
	}
	int error = driver->ops->restore(driver->stick, network, keys, count);
	explicit_bzero(keys, count * sizeof(*keys));
	free(keys);
	return error;
}

static void restore_backup(
	struct driver *driver, const struct driver_question *question, const struct zigbee_backup *backup)
{
	struct stick_network network;

	if (driver->must_form) /* an order to form that had to wait is taken back */
		driver->must_form = false;
	if (backup->device_room)
		network_of(backup, &network);
	else
		zigbee_network_revive(&driver->network, &network);
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.restore_ordered extended_pan=%016llx devices=%zu",
		(unsigned long long)network.extended_pan, backup->device_count);
	int error = restore(driver, &network, backup);
	explicit_bzero(&network, sizeof(network));
	if (error) {
		zigbee_refuse(question, error, "the stick did not take the network, try again in a moment");
		return;
	}
	zigbee_network_accept_any(&driver->network);
	driver->network.state = NETWORK_FORMING;
	take_devices(driver, backup);
	zigbee_wait(driver, &driver->network_question, question, NETWORK_MS);
}

void zigbee_ask_restore(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_backup backup = { .device_room = asked->has_backup ? ZIGBEE_NODES_MAX : 0 };
	const char *fault = "there is no backup, and no network that this gateway remembers";
	int error = 0;

	if (!has_stick(driver, question))
		return;
	backup.devices = calloc(ZIGBEE_NODES_MAX, sizeof(*backup.devices));
	if (!backup.devices)
		error = -ENOMEM;
	else if (asked->has_backup)
		error = zigbee_backup_parse(&backup, asked->arguments, &fault);
	else if (!driver->network.remembers)
		error = -ENOENT;
	if (error)
		zigbee_refuse(question, error, error == -ENOMEM ? "out of memory" : fault);
	else
		restore_backup(driver, question, &backup);
	if (backup.devices)
		explicit_bzero(backup.devices, ZIGBEE_NODES_MAX * sizeof(*backup.devices));
	free(backup.devices);
	explicit_bzero(&backup, sizeof(backup));
}
