#include "gateway/fleet_document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char why[FLEET_SENTENCE_SIZE];

static int parse(struct fleet_document *out, const char *text)
{
	why[0] = '\0';
	return fleet_document_parse(out, "spring", text, strlen(text), why);
}

START_TEST(its_members_are_the_arguments_of_a_rollout)
{
	struct fleet_document document;

	ck_assert_int_eq(parse(&document, "{\"image\": \"" DIGEST "\", \"waves\": \"1 100\", \"soak_ms\": 5}"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(document.request, "command")), "rollout.create");
	ck_assert_str_eq(json_string_value(json_object_get(document.request, "rollout")), "spring");
	ck_assert_str_eq(json_string_value(json_object_get(document.request, "waves")), "1 100");
	ck_assert(json_is_true(json_object_get(document.request, "fleet")));
	ck_assert_int_eq(document.wish, FLEET_RUN);
	ck_assert(!document.approved);
	ck_assert_ptr_null(document.manifest);
	ck_assert_uint_eq(document.sha256[1], 0x11);
	fleet_document_finish(&document);
}
END_TEST

START_TEST(its_own_members_are_not_arguments)
{
	struct fleet_document document;

	ck_assert_int_eq(parse(&document, "{\"image\": \"" DIGEST "\", \"rollout\": \"spring\", \"state\": \"pause\", "
					  "\"approved\": true, \"fleet\": false, \"manifest\": {\"version\": \"1\"}}"),
		0);
	ck_assert_int_eq(document.wish, FLEET_PAUSE);
	ck_assert(document.approved);
	ck_assert_str_eq(document.manifest, "{\"version\":\"1\"}");
	ck_assert_ptr_null(json_object_get(document.request, "state"));
	ck_assert_ptr_null(json_object_get(document.request, "approved"));
	ck_assert_ptr_null(json_object_get(document.request, "manifest"));
	ck_assert(json_is_false(json_object_get(document.request, "fleet")));
	fleet_document_finish(&document);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_with_a_sentence)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"{\"image\": \"" DIGEST "\", \"image\": \"" DIGEST "\"}",
		"{}",
		"{\"image\": \"sensor@1.0\"}",
		"{\"image\": \"" DIGEST "\", \"rollout\": \"autumn\"}",
		"{\"image\": \"" DIGEST "\", \"state\": \"stop\"}",
		"{\"image\": \"" DIGEST "\", \"state\": 1}",
		"{\"image\": \"" DIGEST "\", \"approved\": \"yes\"}",
		"{\"image\": \"" DIGEST "\", \"manifest\": \"m\"}",
		"{\"image\": \"" DIGEST "\", \"command\": \"node.remove\"}",
		"{\"image\": \"" DIGEST "\", \"dry_run\": true}",
	};
	struct fleet_document document;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(parse(&document, texts[i]) < 0, "%s", texts[i]);
		ck_assert_uint_gt(strlen(why), 5);
	}
}
END_TEST

START_TEST(a_document_has_a_size)
{
	char *text = calloc(1, FLEET_DOCUMENT_MAX + 1);
	struct fleet_document document;

	memset(text, ' ', FLEET_DOCUMENT_MAX + 1);
	ck_assert_int_eq(fleet_document_parse(&document, "spring", text, FLEET_DOCUMENT_MAX + 1, why), -EMSGSIZE);
	free(text);
}
END_TEST

TEST_SUITE(fleet_document, its_members_are_the_arguments_of_a_rollout, its_own_members_are_not_arguments,
	what_makes_no_sense_is_refused_with_a_sentence, a_document_has_a_size)
