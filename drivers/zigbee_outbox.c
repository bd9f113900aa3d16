#include "drivers/zigbee_outbox.h"

#include <errno.h>
#include <string.h>

void zigbee_outbox_init(struct zigbee_outbox *outbox)
{
	*outbox = (struct zigbee_outbox){ 0 };
	for (size_t i = 0; i < ZIGBEE_OUTBOX_ROOM; i++) {
		outbox->parcels[i].next = outbox->unused;
		outbox->unused = &outbox->parcels[i];
	}
}

void zigbee_outbox_attach(struct zigbee_outbox *outbox, const struct stick_ops *ops, struct stick *stick)
{
	outbox->ops = ops;
	outbox->stick = stick;
}

/* Behind the last that is at least as urgent. */
static void enqueue(struct zigbee_outbox *outbox, struct zigbee_parcel *parcel)
{
	struct zigbee_parcel **at = &outbox->waiting;

	while (*at && ((*at)->urgent || !parcel->urgent))
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
}

int zigbee_outbox_put(struct zigbee_outbox *outbox, const struct zigbee_message *message, bool urgent,
	const struct zigbee_delivery *delivery, int64_t now_ms)
{
	struct zigbee_parcel *parcel = outbox->unused;
	size_t room = urgent ? ZIGBEE_OUTBOX_ROOM : ZIGBEE_OUTBOX_ROOM - ZIGBEE_OUTBOX_KEPT;

	if (message->payload.size > ZIGBEE_ASDU_MAX)
		return -EMSGSIZE;
	if (!parcel || outbox->count >= room)
		return -ENOBUFS;
	outbox->unused = parcel->next;
	outbox->count++;
	*parcel = (struct zigbee_parcel){
		.message = *message,
		.urgent = urgent,
		.due_ms = now_ms,
		.until_ms = now_ms + ZIGBEE_OUTBOX_PATIENCE_MS,
	};
	if (delivery)
		parcel->delivery = *delivery;
	memcpy(parcel->data, message->payload.data, message->payload.size);
	parcel->message.payload.data = (const char *)parcel->data;
	enqueue(outbox, parcel);
	return 0;
}

static struct zigbee_parcel *take_out(struct zigbee_parcel **list, const struct zigbee_parcel *parcel)
{
	for (; *list; list = &(*list)->next) {
		struct zigbee_parcel *found = *list;
		if (found != parcel)
			continue;
		*list = found->next;
		return found;
	}
	return NULL;
}

static void finish(struct zigbee_outbox *outbox, struct zigbee_parcel *parcel, enum stick_sent outcome)
{
	struct zigbee_delivery delivery = parcel->delivery;

	parcel->next = outbox->unused;
	outbox->unused = parcel;
	outbox->count--;
	if (delivery.done)
		delivery.done(delivery.context, delivery.about, outcome);
}

static uint32_t next_tag(struct zigbee_outbox *outbox)
{
	outbox->last_tag = outbox->last_tag % ZIGBEE_OUTBOX_TAG_MAX + 1;
	return outbox->last_tag;
}

/* False: the stick takes no more now. */
static bool hand_over(struct zigbee_outbox *outbox, struct zigbee_parcel *parcel)
{
	parcel->tag = next_tag(outbox);
	int error = outbox->ops->send(outbox->stick, &parcel->message, parcel->tag);
	if (error == -EAGAIN || error == -ENETDOWN) {
		parcel->tag = 0;
		return false;
	}
	(void)take_out(&outbox->waiting, parcel);
	if (error) {
		finish(outbox, parcel, error == -EMSGSIZE ? STICK_TOO_LONG : STICK_LOST);
		return true;
	}
	parcel->next = outbox->sent;
	outbox->sent = parcel;
	return true;
}

static void give_up_late(struct zigbee_outbox *outbox, int64_t now_ms)
{
	struct zigbee_parcel *parcel = outbox->waiting;

	/* Who is told may put another one in: look from the start again. */
	while (parcel) {
		struct zigbee_parcel *next = parcel->next;
		if (now_ms >= parcel->until_ms) {
			(void)take_out(&outbox->waiting, parcel);
			finish(outbox, parcel, STICK_BUSY);
			next = outbox->waiting;
		}
		parcel = next;
	}
}

void zigbee_outbox_turn(struct zigbee_outbox *outbox, int64_t now_ms)
{
	give_up_late(outbox, now_ms);
	if (!outbox->stick)
		return;
	for (struct zigbee_parcel *parcel = outbox->waiting; parcel;) {
		if (parcel->due_ms > now_ms) {
			parcel = parcel->next;
			continue;
		}
		if (!hand_over(outbox, parcel))
			return;
		parcel = outbox->waiting;
	}
}

void zigbee_outbox_on_sent(struct zigbee_outbox *outbox, uint32_t tag, enum stick_sent outcome, int64_t now_ms)
{
	struct zigbee_parcel *parcel = outbox->sent;

	while (parcel && parcel->tag != tag)
		parcel = parcel->next;
	if (!parcel)
		return;
	(void)take_out(&outbox->sent, parcel);
	parcel->tag = 0;
	if (outcome != STICK_BUSY || ++parcel->tries == ZIGBEE_OUTBOX_TRIES) {
		finish(outbox, parcel, outcome);
		return;
	}
	parcel->due_ms = now_ms + ((int64_t)ZIGBEE_OUTBOX_BUSY_MS << (parcel->tries - 1));
	enqueue(outbox, parcel);
}

int64_t zigbee_outbox_due_ms(const struct zigbee_outbox *outbox)
{
	int64_t due_ms = INT64_MAX;

	for (const struct zigbee_parcel *parcel = outbox->waiting; parcel; parcel = parcel->next) {
		/* What only waits for the stick is handed over as the stick says it has room. */
		int64_t next_ms = parcel->tries > 0 ? parcel->due_ms : parcel->until_ms;
		due_ms = next_ms < due_ms ? next_ms : due_ms;
	}
	return due_ms;
}
