#include "protocols/manifest.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define REQUIRED                                                                                     \
	"\"version\":\"2.1.0\",\"size\":262144,\"sha256\":\"" DIGEST "\",\"hardware\":\"nrf52840\"," \
	"\"uri\":\"https://fw.example.com/a/b.bin?x=1\""

static char why[256];

static int parse(struct manifest *out, const char *text)
{
	why[0] = '\0';
	return manifest_parse(out, text, strlen(text), why, sizeof(why));
}

START_TEST(a_minimal_manifest_is_understood)
{
	struct manifest manifest;

	ck_assert_int_eq(parse(&manifest, "{" REQUIRED "}"), 0);
	ck_assert_str_eq(manifest.version, "2.1.0");
	ck_assert_str_eq(manifest.hardware, "nrf52840");
	ck_assert_uint_eq(manifest.size_bytes, 262144);
	ck_assert_uint_eq(manifest.sha256[0], 0x9f);
	ck_assert_uint_eq(manifest.sha256[31], 0x08);
	ck_assert_str_eq(manifest.uri, "https://fw.example.com/a/b.bin?x=1");
	ck_assert_int_eq(manifest.scheme, MANIFEST_HTTPS);
	ck_assert_str_eq(manifest.name, "b.bin");
	ck_assert_str_eq(manifest.format, "");
	ck_assert_uint_eq(manifest.signature_size, 0);
}
END_TEST

START_TEST(all_members_are_understood)
{
	struct manifest manifest;

	ck_assert_int_eq(parse(&manifest, "{\"format\":\"raw\",\"signature\":\"Zm9vYmFy\",\"name\":\"lamp "
					  "2\",\"requires\":\"1.9\"," REQUIRED "}"),
		0);
	ck_assert_str_eq(manifest.format, "raw");
	ck_assert_uint_eq(manifest.signature_size, 6);
	ck_assert_mem_eq(manifest.signature, "foobar", 6);
	ck_assert_str_eq(manifest.name, "lamp 2");
	ck_assert_str_eq(manifest.requires, "1.9");
}
END_TEST

START_TEST(an_unknown_member_is_passed_over)
{
	struct manifest manifest;

	ck_assert_int_eq(parse(&manifest, "{\"rollout\":{\"waves\":[1,2]}," REQUIRED "}"), 0);
}
END_TEST

START_TEST(an_image_over_the_same_connection_is_named_by_its_version)
{
	struct manifest manifest;

	ck_assert_int_eq(parse(&manifest, "{\"version\":\"7\",\"size\":1,\"sha256\":\"" DIGEST
					  "\",\"hardware\":\"h\",\"uri\":\"mqtt:\"}"),
		0);
	ck_assert_int_eq(manifest.scheme, MANIFEST_MQTT);
	ck_assert_str_eq(manifest.name, "7");
}
END_TEST

static const struct {
	const char *text, *said;
} refused[] = {
	{ "", "not JSON" },
	{ "[]", "allowed is an object" },
	{ "{}", "version: missing" },
	{ "{" REQUIRED ",\"version\":\"1\"}", "not JSON" },
	{ "{\"version\":3}", "version: found another type" },
	{ "{\"version\":\"\"}", "version: allowed are 1 to 32" },
	{ "{\"version\":\"123456789012345678901234567890123\"}", "version: allowed are 1 to 32" },
	{ "{\"version\":\"a\\u0007\"}", "version: allowed are 1 to 32" },
	{ "{\"version\":\"\\u00e4\"}", "version: allowed are 1 to 32" },
	{ "{\"version\":\"1\"}", "hardware: missing" },
	{ "{\"version\":\"1\",\"hardware\":\"h\"}", "size: an integer" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":0}", "size: an integer" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":4294967296}", "size: an integer" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1.5}", "size: an integer" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1}", "sha256: missing" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"sha256\":\"12\"}", "sha256: allowed are exactly 64" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"sha256\":\"" DIGEST "\"}", "uri: missing" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"sha256\":\"" DIGEST "\",\"uri\":\"file:///etc/shadow\"}",
		"uri: allowed are https" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"sha256\":\"" DIGEST "\",\"uri\":\"https://\"}",
		"uri: allowed are https" },
	{ "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"sha256\":\"" DIGEST "\",\"uri\":\"https://a b\"}",
		"uri: allowed are up to" },
	{ "{" REQUIRED ",\"format\":\"exe\"}", "format: allowed are mcuboot" },
	{ "{" REQUIRED ",\"requires\":\"newer\"}", "requires: allowed is a version" },
	{ "{" REQUIRED ",\"requires\":2}", "requires: found another type" },
	{ "{" REQUIRED ",\"signature\":\"?\"}", "signature: allowed is base64" },
	{ "{" REQUIRED ",\"signature\":\"\"}", "signature: allowed is base64" },
};

START_TEST(a_fault_is_named_with_what_is_allowed)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct manifest manifest = { .size_bytes = 7 };

		ck_assert_msg(parse(&manifest, refused[i].text) == -EBADMSG, "%s", refused[i].text);
		ck_assert_msg(strstr(why, refused[i].said) != NULL, "%s said %s", refused[i].text, why);
		ck_assert_uint_eq(manifest.size_bytes, 7);
	}
}
END_TEST

START_TEST(a_cut_manifest_is_refused_at_every_byte)
{
	static const char text[] = "{" REQUIRED ",\"format\":\"raw\"}";
	struct manifest manifest;

	for (size_t size = 0; size < sizeof(text) - 1; size++)
		ck_assert_int_eq(manifest_parse(&manifest, text, size, why, sizeof(why)), -EBADMSG);
}
END_TEST

START_TEST(a_manifest_of_more_than_4095_bytes_is_refused)
{
	char text[MANIFEST_MAX + 2];
	struct manifest manifest;

	memset(text, ' ', sizeof(text));
	memcpy(text, "{" REQUIRED "}", sizeof("{" REQUIRED "}") - 1);
	ck_assert_int_eq(manifest_parse(&manifest, text, MANIFEST_MAX, why, sizeof(why)), 0);
	ck_assert_int_eq(manifest_parse(&manifest, text, MANIFEST_MAX + 1, why, sizeof(why)), -EMSGSIZE);
}
END_TEST

START_TEST(what_a_log_shows_of_an_uri_lets_nobody_in)
{
	static const struct {
		const char *uri, *shown;
	} cases[] = {
		{ "https://fw.example.com/a/b.bin?x=1", "https://fw.example.com/a/b.bin" },
		{ "https://me:secret@fw.example.com:8443/b.bin#part", "https://fw.example.com:8443/b.bin" },
		{ "https://a@b:c@fw.example.com", "https://fw.example.com" },
		{ "https://fw.example.com/@b.bin", "https://fw.example.com/@b.bin" },
		{ "https://fw.example.com?to=me@home", "https://fw.example.com" },
		{ "https://?", "https://" },
		{ "mqtt:", "mqtt:" },
	};
	char shown[MANIFEST_URI_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct manifest manifest = { 0 };
		strcpy(manifest.uri, cases[i].uri);
		manifest_shown_uri(&manifest, shown);
		ck_assert_str_eq(shown, cases[i].shown);
	}
}
END_TEST

TEST_SUITE(manifest, what_a_log_shows_of_an_uri_lets_nobody_in, a_minimal_manifest_is_understood,
	all_members_are_understood, an_unknown_member_is_passed_over,
	an_image_over_the_same_connection_is_named_by_its_version, a_fault_is_named_with_what_is_allowed,
	a_cut_manifest_is_refused_at_every_byte, a_manifest_of_more_than_4095_bytes_is_refused)
