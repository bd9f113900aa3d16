#include "drivers/driver_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static char why[128];

static int parse(struct driver_message *out, const char *text)
{
	return driver_message_parse(out, (struct span){ text, strlen(text) }, why, sizeof(why));
}

static void ck_refused(const char *text, int error, const char *sentence)
{
	struct driver_message message;

	ck_assert_int_eq(parse(&message, text), error);
	ck_assert_str_eq(why, sentence);
}

/* As it stands after it was written and read. */
static struct driver_message passed(const struct driver_message *message)
{
	char head[DRIVER_HEAD_MAX];
	struct driver_message out;
	size_t size = driver_message_write(message, head);

	ck_assert_msg(driver_message_parse(&out, (struct span){ head, size }, why, sizeof(why)) == 0, "%.*s: %s",
		(int)size, head, why);
	return out;
}

START_TEST(a_contact_comes_out_as_it_went_in)
{
	struct driver_message message, out;

	driver_message_init(&message, DRIVER_CONTACT);
	message.id = 7;
	strcpy(message.node, "n1");
	strcpy(message.hardware, "sim-m4");
	strcpy(message.parent, "router-2");
	message.reports = true;
	message.digest_size = 8;
	memcpy(message.digest, "\1\2\3\4\5\6\7\xff", 8);
	message.battery = 0;
	message.signal = -87;
	message.exchange = UINT64_C(0xfedcba9876543210);
	message.bytes_in = UINT32_MAX;
	out = passed(&message);
	ck_assert_int_eq(memcmp(&out, &message, sizeof(out)), 0);
}
END_TEST

START_TEST(what_is_not_said_is_left_out)
{
	char head[DRIVER_HEAD_MAX];
	struct driver_message message;

	driver_message_init(&message, DRIVER_CONTACT);
	message.id = 1;
	strcpy(message.node, "n1");
	size_t size = driver_message_write(&message, head);
	ck_assert_msg(size == strlen("{\"type\":\"contact\",\"id\":1,\"node\":\"n1\"}"), "%.*s", (int)size, head);
	ck_assert_int_eq(passed(&message).battery, -1);
}
END_TEST

START_TEST(every_type_can_be_written_and_read)
{
	for (int type = 0; type < DRIVER_MESSAGE_TYPES; type++) {
		struct driver_message message;
		driver_message_init(&message, (enum driver_message_type)type);
		ck_assert_int_eq(passed(&message).type, type);
	}
}
END_TEST

START_TEST(the_longest_texts_have_room)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_COMMAND);
	memset(message.text, '\x01', DRIVER_TEXT_MAX);
	memset(message.node, '"', NODE_ID_MAX);
	message.within_ms = INT64_MIN;
	ck_assert_str_eq(passed(&message).text, message.text);
}
END_TEST

START_TEST(a_text_that_is_not_utf8_is_made_plain)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_EVENT);
	strcpy(message.text, "a\xff");
	ck_assert_str_eq(passed(&message).text, "a?");
}
END_TEST

START_TEST(results_are_words)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_REPORT_DONE);
	message.result = -EALREADY;
	ck_assert_int_eq(passed(&message).result, -EALREADY);
	message.result = -EXDEV;
	ck_assert_int_eq(passed(&message).result, -EIO);
	ck_assert_str_eq(driver_result_word(-EACCES), "refused");
}
END_TEST

START_TEST(what_a_later_version_adds_is_passed_over)
{
	struct driver_message message;

	ck_assert_int_eq(parse(&message, "{\"node\":\"n1\",\"new\":{\"a\":[1,2]},\"type\":\"lost\"}"), 0);
	ck_assert_str_eq(message.node, "n1");
}
END_TEST

START_TEST(faults_are_named)
{
	ck_refused("{\"type\":\"lost\"}", -EBADMSG, "lost.node lacks");
	ck_refused("{\"type\":\"dance\"}", -ENOTSUP, "a message.type is not known");
	ck_refused("{\"node\":\"n1\"}", -EBADMSG, "a message.type lacks");
	ck_refused("{\"type\":\"lost\",\"node\":7}", -EBADMSG, "lost.node is out of range or of the wrong type");
	ck_refused("{\"type\":\"lost\",\"node\":\"a\",\"node\":\"b\"}", -EBADMSG, "lost.node is there twice");
	ck_refused("{\"type\":\"beat\",\"id\":-1}", -ERANGE, "beat.id is out of range or of the wrong type");
	ck_refused("{\"type\":\"beat\",\"id\":4294967296}", -ERANGE, "beat.id is out of range or of the wrong type");
	ck_refused("{\"type\":\"beat\",\"id\":1.5}", -ERANGE, "beat.id is out of range or of the wrong type");
	ck_refused("{\"type\":\"contact\",\"id\":1,\"node\":\"n\",\"sha256\":\"abc\"}", -EBADMSG,
		"contact.sha256 is out of range or of the wrong type");
	ck_refused("{\"type\":\"contact\",\"id\":1,\"node\":\"n\",\"exchange\":\"12\"}", -EBADMSG,
		"contact.exchange is out of range or of the wrong type");
	ck_refused("{\"type\":\"progress\",\"node\":\"n\",\"state\":\"dancing\"}", -EBADMSG,
		"progress.state is out of range or of the wrong type");
	ck_refused("[]", -EBADMSG, "a message is not a JSON object");
	ck_refused("{\"type\":\"ready\"", -EBADMSG, "ready is not a JSON object");
	ck_refused("", -EBADMSG, "a message is not a JSON object");
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused)
{
	struct driver_message message;
	char head[256];

	snprintf(head, sizeof(head), "{\"type\":\"lost\",\"node\":\"%0*d\"}", NODE_ID_MAX + 1, 0);
	ck_assert_int_eq(parse(&message, head), -ENOBUFS);
}
END_TEST

START_TEST(members_of_other_types_are_not_heeded)
{
	const char *head = "{\"type\":\"hello\",\"protocol\":1,\"driver\":\"coap\",\"id\":7,\"node\":\"n1\"}";
	struct driver_message message;

	ck_assert_int_eq(parse(&message, head), 0);
	ck_assert_str_eq(message.driver, "coap");
	ck_assert_uint_eq(message.id, 0);
	ck_assert_str_eq(message.node, "");
}
END_TEST

TEST_SUITE(driver_message, members_of_other_types_are_not_heeded, a_contact_comes_out_as_it_went_in,
	what_is_not_said_is_left_out, every_type_can_be_written_and_read, the_longest_texts_have_room,
	a_text_that_is_not_utf8_is_made_plain, results_are_words, what_a_later_version_adds_is_passed_over,
	faults_are_named, a_text_that_is_too_long_is_refused)
