#include "drivers/stick_dummy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool stick_dummy_permitted(struct stick *stick, const char *failed)
{
	if (!stick->permit_asked)
		return false;
	stick->permit_asked = false;
	stick->host.permitted(stick->host.context, failed);
	return true;
}

void stick_dummy_state(struct stick *stick, enum stick_state state, const char *why)
{
	bool says_what_it_is = state != STICK_OPENING && state != STICK_DOWN;

	stick->has_network = state == STICK_UP || stick->has_network;
	stick->is_up = state == STICK_UP;
	stick->host.state(stick->host.context, &(struct stick_report){
						       .state = state,
						       .network = state == STICK_UP ? &stick->network : NULL,
						       .firmware = says_what_it_is ? "dummy 1.0" : "",
						       .why = why,
					       });
	if (!stick->is_up)
		(void)stick_dummy_permitted(stick, why);
}

void stick_dummy_receive(struct stick *stick, const struct zigbee_message *message)
{
	stick->host.received(stick->host.context, message);
}

bool stick_dummy_deliver(struct stick *stick, enum stick_sent outcome, struct stick_dummy_sent *out)
{
	struct stick_dummy_sent first;

	if (stick->sent_count == 0)
		return false;
	first = stick->sent[0];
	memmove(stick->sent, stick->sent + 1, --stick->sent_count * sizeof(stick->sent[0]));
	if (out) {
		*out = first;
		out->message.payload.data = (const char *)out->data;
	}
	stick->host.sent(stick->host.context, first.tag, outcome);
	return true;
}

static int dummy_open(struct stick **out, struct uv_loop_s *loop, const struct stick_port *port,
	const struct stick_host *host, char *why, size_t why_size)
{
	struct stick *stick = calloc(1, sizeof(*stick));

	if (!stick) {
		(void)snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	stick->host = *host;
	*out = stick;
	return 0;
}

static int dummy_form(struct stick *stick, const struct stick_network *network)
{
	if (stick->refuses)
		return stick->refuses;
	stick->forms++;
	stick->network = *network;
	stick->network.eui64 = 0x00124b00deadbeef;
	return 0;
}

static int dummy_restore(
	struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys, size_t key_count)
{
	if (stick->refuses)
		return stick->refuses;
	stick->restores++;
	stick->network = *network;
	stick->key_count = 0;
	while (stick->key_count < key_count && stick->key_count < sizeof(stick->keys) / sizeof(stick->keys[0])) {
		stick->keys[stick->key_count] = keys[stick->key_count];
		stick->key_count++;
	}
	return 0;
}

static int dummy_backup(struct stick *stick)
{
	if (stick->refuses)
		return stick->refuses;
	stick->backups++;
	stick_dummy_state(stick, STICK_UP, "");
	for (size_t i = 0; i < stick->key_count; i++)
		stick->host.key(stick->host.context, &stick->keys[i]);
	stick->host.key(stick->host.context, NULL);
	return 0;
}

static int dummy_scan(struct stick *stick)
{
	if (stick->refuses || !stick->is_up)
		return stick->refuses ? stick->refuses : -ENETDOWN;
	stick->scans++;
	return 0;
}

static int dummy_permit(struct stick *stick, uint8_t seconds)
{
	if (stick->refuses || !stick->is_up || stick->permit_asked)
		return stick->refuses ? stick->refuses : stick->is_up ? -EBUSY : -ENETDOWN;
	stick->permit_s = seconds;
	stick->permit_asked = true;
	return 0;
}

static int dummy_send(struct stick *stick, const struct zigbee_message *message, uint32_t tag)
{
	struct stick_dummy_sent *sent = &stick->sent[stick->sent_count];

	if (stick->sent_count == STICK_DUMMY_ROOM)
		return -EAGAIN;
	if (message->payload.size > sizeof(sent->data))
		return -EMSGSIZE;
	*sent = (struct stick_dummy_sent){ .message = *message, .tag = tag };
	memcpy(sent->data, message->payload.data, message->payload.size);
	sent->message.payload.data = (const char *)sent->data;
	stick->sent_count++;
	return 0;
}

static void dummy_close(struct stick *stick)
{
	if (!stick)
		return;
	while (stick_dummy_deliver(stick, STICK_LOST, NULL))
		;
	(void)stick_dummy_permitted(stick, "it is let go");
	free(stick);
}

const struct stick_ops stick_dummy = {
	.name = "dummy",
	.open = dummy_open,
	.form = dummy_form,
	.restore = dummy_restore,
	.backup = dummy_backup,
	.scan = dummy_scan,
	.permit = dummy_permit,
	.send = dummy_send,
	.close = dummy_close,
};
