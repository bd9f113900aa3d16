#include "gateway/cli/zigbee_index.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define DIGITS                                                             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEEDED \
	"\"fileSize\":1000,\"fileVersion\":32,\"imageType\":515,\"manufacturerCode\":4742,\"sha512\":\"" DIGITS "\""

static json_t *document;

static int read_entry(struct zigbee_index_entry *out, const char *text)
{
	const char *fault = NULL;

	json_decref(document);
	document = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_msg(document != NULL, "%s", text);
	int result = zigbee_index_read(out, document, &fault);
	ck_assert((result == 0) == (fault == NULL));
	return result;
}

START_TEST(an_entry_is_read_with_its_restrictions)
{
	struct zigbee_index_entry entry;

	ck_assert_int_eq(read_entry(&entry, "{\"fileName\":\"a.ota\"," NEEDED
					    ",\"modelId\":\"plug\",\"manufacturerName\":[\"One\",\"Two\"],"
					    "\"hardwareVersionMin\":2,\"maxFileVersion\":31,\"releaseNotes\":\"x\"}"),
		0);
	ck_assert_str_eq(entry.file_name, "a.ota");
	ck_assert_uint_eq(entry.size, 1000);
	ck_assert_uint_eq(entry.version, 32);
	ck_assert_uint_eq(entry.manufacturer, 0x1286);
	ck_assert_uint_eq(entry.image_type, 0x0203);
	ck_assert_uint_eq(entry.sha512[63], 0xef);
	ck_assert_str_eq(entry.fit.models.names[0], "plug");
	ck_assert_uint_eq(entry.fit.makers.count, 2);
	ck_assert_uint_eq(entry.fit.hardware_least, 2);
	ck_assert_uint_eq(entry.fit.hardware_most, 0xffff);
	ck_assert_uint_eq(entry.fit.version_least, 0);
	ck_assert_uint_eq(entry.fit.version_most, 31);
}
END_TEST

START_TEST(a_file_may_be_named_by_its_url_alone)
{
	struct zigbee_index_entry entry;

	ck_assert_int_eq(read_entry(&entry, "{\"url\":\"https://x/images/A/b.ota\"," NEEDED "}"), 0);
	ck_assert_str_eq(entry.file_name, "b.ota");
	ck_assert(!entry.fit.has_hardware && !entry.fit.has_versions);
}
END_TEST

START_TEST(what_is_missing_or_wrong_is_told)
{
	static const char *const texts[] = { "{" NEEDED "}", "7", "{\"fileName\":\"../a\"," NEEDED "}",
		"{\"fileName\":\"a\"}", "{\"fileName\":\"a\",\"sha512\":\"" DIGITS "\"}",
		"{\"fileName\":\"a\"," NEEDED ",\"modelId\":7}",
		"{\"fileName\":\"a\"," NEEDED ",\"manufacturerName\":[\"\"]}",
		"{\"fileName\":\"a\"," NEEDED ",\"hardwareVersionMin\":9,\"hardwareVersionMax\":8}",
		"{\"fileName\":\"a\"," NEEDED ",\"minFileVersion\":-1}" };
	struct zigbee_index_entry entry;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(read_entry(&entry, texts[i]), -EBADMSG);
}
END_TEST

START_TEST(an_entry_for_any_model_beside_one_for_some_is_vague)
{
	struct zigbee_index_entry entries[3] = {
		{ .file_name = "a", .manufacturer = 1, .image_type = 2, .fit.models.count = 1 },
		{ .file_name = "b", .manufacturer = 1, .image_type = 2 },
		{ .file_name = "c", .manufacturer = 1, .image_type = 3 },
	};

	ck_assert(!zigbee_index_is_vague(entries, 3, 0));
	ck_assert(zigbee_index_is_vague(entries, 3, 1));
	ck_assert(!zigbee_index_is_vague(entries, 3, 2));
}
END_TEST

START_TEST(an_index_does_not_lead_out_of_its_folder)
{
	struct zigbee_index_entry entry = { .file_name = "no-such-file",
		.url = "https://x/images/../../../../../../../../../etc/passwd" };
	char path[256];

	ck_assert_int_eq(zigbee_index_find(&entry, TESTS_FOLDER, path, sizeof(path)), -ENOENT);
	entry.file_name = "meson.build";
	ck_assert_int_eq(zigbee_index_find(&entry, TESTS_FOLDER "/unit", path, sizeof(path)), 0);
	ck_assert_int_eq(zigbee_index_find(&entry, TESTS_FOLDER "/unit", path, 8), -ENOENT);
}
END_TEST

TEST_SUITE(zigbee_index, an_entry_is_read_with_its_restrictions, a_file_may_be_named_by_its_url_alone,
	what_is_missing_or_wrong_is_told, an_entry_for_any_model_beside_one_for_some_is_vague,
	an_index_does_not_lead_out_of_its_folder)
