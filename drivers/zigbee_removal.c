/*
 * Sending nodes away. A message waits 7.68 s for a node that sleeps, so the wish is kept: the node is told to leave at
 * each of its contacts, until it has left or an operator takes the wish back.
 */
#include <errno.h>
#include <stdio.h>

#include "drivers/zigbee_questions.h"
#include "protocols/zdo.h"

#define LEAVE_PAUSE_MS 5000     /* between two words to a node that is heard */
#define SAID_MS 5000            /* to a node that said it leaves: so long it may still have something to say */
#define GONE_MS 30000           /* of silence after that: it has left, also where nobody told of it */
#define REFUSED_PAUSE_MS 600000 /* to one that says it does not leave */

static void tell_to_leave(struct driver *driver, struct zigbee_node *node)
{
	int64_t now_ms = zigbee_now(driver);

	if (node->nwk == ZIGBEE_NWK_NONE || now_ms < node->leave_due_ms)
		return;
	node->leave_said_ms = 0;
	node->leave_due_ms = now_ms + LEAVE_PAUSE_MS;
	zigbee_send_away(driver, node);
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

int64_t zigbee_removal_turn(struct driver *driver)
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
	tell_to_leave(driver, node);
	if (asked->forget || node->left) {
		end(driver, node);
		answer_state(question, "gone");
		return;
	}
	node->leaving = node->changed = true;
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
	node->changed = true;
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_kept node=%s", node->id);
	zigbee_wake(driver);
	zigbee_answer_ok(question);
}
