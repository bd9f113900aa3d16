/*
 * Sending nodes away. A message waits 7.68 s for a node that sleeps, so the wish is kept: the node is told to leave at
 * each of its contacts, and now and then in case it only polls its parent, until it has left or an operator takes the
 * wish back.
 */
#include <errno.h>
#include <stdio.h>

#include "drivers/chance.h"
#include "drivers/zigbee_questions.h"
#include "protocols/zdo.h"

#define LEAVE_PAUSE_MS 5000     /* between two words to a node that is heard */
#define SAID_MS 5000            /* to a node that said it leaves: so long it may still have something to say */
#define GONE_MS 30000           /* of silence after that: it has left, also where nobody told of it */
#define REFUSED_PAUSE_MS 600000 /* to one that says it does not leave */

/* To one that sleeps and is not heard. */
#define HELD_MS 7000           /* a little shorter than its parent holds a word, so that one follows the other */
#define HELD_TRIES 8           /* that follow so: who polls once a minute gets one of them */
#define UNHEARD_MOST_MS 600000 /* the pause after these, which doubles */

/* Mgmt_Leave_req (Zigbee specification, section 2.4.3.3.5). To a node that is heard it is urgent: it is about to sleep.
 * Otherwise it goes without acknowledgement, whose repetitions would hold one of the stick's places. */
static void send_leave(struct driver *driver, const struct zigbee_node *node, bool heard)
{
	const struct zdo_message leave = { .cluster = ZDO_LEAVE, .sequence = ++driver->sequence, .eui64 = node->eui64 };
	uint8_t data[ZIGBEE_ASDU_MAX];
	size_t size = zdo_write(&leave, data, sizeof(data));

	(void)zigbee_send(driver,
		&(struct zigbee_message){ .peer = node->nwk,
			.profile = ZDO_PROFILE,
			.cluster = ZDO_LEAVE,
			.wants_ack = heard,
			.to_sleeper = zigbee_node_sleeps(node),
			.payload = { (const char *)data, size } },
		heard && zigbee_node_sleeps(node), NULL);
}

static void tell_to_leave(struct driver *driver, struct zigbee_node *node)
{
	int64_t now_ms = zigbee_now(driver);

	if (node->nwk == ZIGBEE_NWK_NONE || now_ms < node->leave_due_ms)
		return;
	node->leave_said_ms = 0;
	node->leave_due_ms = now_ms + LEAVE_PAUSE_MS;
	node->unheard_due_ms = now_ms + HELD_MS;
	send_leave(driver, node, true);
}

static void end(struct driver *driver, struct zigbee_node *node)
{
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_removed node=%s", node->id);
	zigbee_forget(driver, node);
	zigbee_wake(driver);
}

void zigbee_removal_contact(struct driver *driver, struct zigbee_node *node)
{
	if (node->leaving)
		tell_to_leave(driver, node);
}

bool zigbee_removal_left(struct driver *driver, struct zigbee_node *node)
{
	if (!node->leaving)
		return false;
	end(driver, node);
	return true;
}

void zigbee_removal_answered(struct driver *driver, struct zigbee_node *node, uint8_t status)
{
	int64_t now_ms = zigbee_now(driver);

	if (!node->leaving)
		return;
	if (status == ZDO_SUCCESS) {
		node->leave_said_ms = now_ms;
		node->leave_due_ms = now_ms + SAID_MS;
		return;
	}
	node->leave_due_ms = now_ms + REFUSED_PAUSE_MS;
	zigbee_tell(driver, DRIVER_WARNING, "zigbee.leave_refused node=%s status=0x%02x", node->id, status);
}

/* ---- time passes ---- */

/* A random part of it, so that it does not keep step with when the node polls. */
static int64_t pause_after(unsigned tries)
{
	int64_t pause_ms = HELD_MS;

	if (tries < HELD_TRIES)
		return pause_ms;
	for (unsigned i = HELD_TRIES; i <= tries && pause_ms < UNHEARD_MOST_MS; i++)
		pause_ms *= 2;
	pause_ms = pause_ms < UNHEARD_MOST_MS ? pause_ms : UNHEARD_MOST_MS;
	return pause_ms * 3 / 4 + chance_bits() % (pause_ms / 2);
}

/* INT64_MAX: it is heard, or says that it leaves, or nobody knows where it is. */
static int64_t unheard_due_ms(const struct zigbee_node *node)
{
	if (!node->leaving || node->leave_said_ms > 0 || node->nwk == ZIGBEE_NWK_NONE || !zigbee_node_sleeps(node))
		return INT64_MAX;
	return node->leave_due_ms > node->unheard_due_ms ? node->leave_due_ms : node->unheard_due_ms;
}

static struct zigbee_node *first_unheard(const struct zigbee_nodes *nodes)
{
	struct zigbee_node *first = NULL;

	for (size_t i = 0; i < nodes->count; i++)
		if (!first || unheard_due_ms(nodes->list[i]) < unheard_due_ms(first))
			first = nodes->list[i];
	return first;
}

/* One after another, however many are to leave: each takes a place with the stick for as long as its parent holds it.
 */
static int64_t tell_unheard(struct driver *driver)
{
	struct zigbee_node *node = first_unheard(&driver->nodes);
	int64_t now_ms = zigbee_now(driver), due_ms = node ? unheard_due_ms(node) : INT64_MAX;

	if (due_ms == INT64_MAX || driver->network.state != NETWORK_UP || !driver->stick)
		return INT64_MAX;
	if (due_ms < driver->leave_free_ms)
		due_ms = driver->leave_free_ms;
	if (now_ms < due_ms)
		return due_ms;
	driver->leave_free_ms = now_ms + HELD_MS;
	node->unheard_tries += node->unheard_tries < UINT8_MAX;
	node->unheard_due_ms = now_ms + pause_after(node->unheard_tries);
	send_leave(driver, node, false);
	return driver->leave_free_ms;
}

/* Forgets those that said that they leave and were not heard since. */
static int64_t end_gone(struct driver *driver)
{
	int64_t now_ms = zigbee_now(driver), due_ms = INT64_MAX;

	for (size_t i = driver->nodes.count; i > 0; i--) {
		struct zigbee_node *node = driver->nodes.list[i - 1];
		int64_t gone_ms = node->leave_said_ms + GONE_MS;
		if (node->leaving && node->leave_said_ms > 0 && now_ms >= gone_ms)
			end(driver, node);
		else if (node->leaving && node->leave_said_ms > 0 && gone_ms < due_ms)
			due_ms = gone_ms;
	}
	return due_ms;
}

int64_t zigbee_removal_turn(struct driver *driver)
{
	int64_t gone_ms = end_gone(driver), unheard_ms = tell_unheard(driver);

	return gone_ms < unheard_ms ? gone_ms : unheard_ms;
}

/* ---- the operator ---- */

static void answer_state(const struct driver_question *question, const char *state)
{
	char answer[32];
	int size = snprintf(answer, sizeof(answer), "{\"state\":\"%s\"}", state);

	question->done(question->context, 0, (struct span){ answer, (size_t)size });
}

void zigbee_ask_remove(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_node *node = zigbee_node_asked(driver, question, asked);

	if (!node)
		return;
	node->leave_due_ms = 0;
	node->unheard_tries = 0;
	tell_to_leave(driver, node);
	if (asked->forget || node->left) {
		end(driver, node);
		answer_state(question, "gone");
		return;
	}
	node->leaving = true;
	zigbee_keep_node(driver, node);
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_leaving node=%s", node->id);
	zigbee_wake(driver);
	answer_state(question, "leaving");
}

void zigbee_ask_keep(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	struct zigbee_node *node = zigbee_node_asked(driver, question, asked);
	char sentence[NODE_ID_MAX + 64];

	if (!node)
		return;
	if (!node->leaving) {
		(void)snprintf(sentence, sizeof(sentence), "%s was not to leave", node->id);
		zigbee_refuse(question, -EALREADY, sentence);
		return;
	}
	node->leaving = false;
	zigbee_keep_node(driver, node);
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_kept node=%s", node->id);
	zigbee_wake(driver);
	zigbee_answer_ok(question);
}
