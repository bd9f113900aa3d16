/* Letting nodes join: asked of the stick, true when the stick has said so, asked anew of one that was away. */
#include <errno.h>
#include <stdio.h>

#include "drivers/zigbee_questions.h"

#define ANSWER_MS 20000 /* for the stick */

static int ask_stick(struct driver *driver, int64_t seconds)
{
	int error = driver->ops->permit(driver->stick, (uint8_t)seconds);

	driver->permit_seconds = error ? driver->permit_seconds : (uint8_t)seconds;
	driver->permit_asked |= !error;
	return error;
}

void zigbee_ask_permit(struct driver *driver, const struct driver_question *question, const struct zigbee_asked *asked)
{
	int64_t limit_s = driver->settings->permit_limit_ms / 1000;
	int64_t seconds = asked->has_seconds ? asked->seconds : limit_s;
	char sentence[96];

	if (driver->network.state != NETWORK_UP) {
		zigbee_refuse(question, -ENETDOWN,
			*driver->network.why ? driver->network.why
					     : "the network is not up: \"wakegate zigbee status\"");
		return;
	}
	if (seconds < 0 || seconds > limit_s) {
		(void)snprintf(
			sentence, sizeof(sentence), "seconds are 0 to %lld (zigbee.permit_limit)", (long long)limit_s);
		zigbee_refuse(question, -EINVAL, sentence);
		return;
	}
	int error = driver->permit_asked ? -EBUSY : ask_stick(driver, seconds);
	if (error)
		zigbee_refuse(question, error, "the stick is busy, try again in a moment");
	else
		zigbee_wait(driver, &driver->permit_question, question, ANSWER_MS);
}

static void take_answer(struct driver *driver)
{
	int64_t until_ms = zigbee_now(driver) + (int64_t)driver->permit_seconds * 1000;
	struct driver_question question = { 0 };
	char answer[32];

	driver->permit_until_ms = driver->permit_ordered_ms = driver->permit_seconds > 0 ? until_ms : 0;
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.permit seconds=%u", driver->permit_seconds);
	int size = snprintf(answer, sizeof(answer), "{\"seconds\":%u}", driver->permit_seconds);
	if (zigbee_wait_end(&driver->permit_question, &question))
		question.done(question.context, 0, (struct span){ answer, (size_t)size });
}

static void take_refusal(struct driver *driver, const char *why)
{
	struct driver_question question = { 0 };
	char sentence[320];

	zigbee_tell(
		driver, DRIVER_WARNING, "zigbee.permit_failed seconds=%u reason=\"%s\"", driver->permit_seconds, why);
	(void)snprintf(sentence, sizeof(sentence), "the stick was asked to let nodes join, but %s", why);
	if (zigbee_wait_end(&driver->permit_question, &question))
		zigbee_refuse(&question, -EIO, sentence);
	/* One that is gone is asked again when it is back. */
	if (driver->network.state == NETWORK_UP)
		driver->permit_ordered_ms = driver->permit_until_ms;
}

void zigbee_on_permitted(void *context, const char *failed)
{
	struct driver *driver = context;

	driver->permit_asked = false;
	if (failed)
		take_refusal(driver, failed);
	else
		take_answer(driver);
	zigbee_wake(driver);
}

int64_t zigbee_permit_turn(struct driver *driver)
{
	int64_t left_s = (driver->permit_ordered_ms - zigbee_now(driver)) / 1000;

	if (driver->network.state == NETWORK_UP && driver->permit_until_ms == 0 && left_s > 0 && !driver->permit_asked)
		(void)ask_stick(driver, left_s);
	return INT64_MAX;
}
