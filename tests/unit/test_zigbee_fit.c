#include "protocols/zigbee_fit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ALL "{\"hardware\":[1,16],\"makers\":[\"LUMI\",\"Aqara\"],\"models\":[\"lumi.plug\"],\"versions\":[5,20]}"

static const struct zigbee_fit_node plug = {
	.model = "lumi.plug", .maker = "Aqara", .has_hardware = true, .hardware = 16, .has_version = true, .version = 5
};

static struct zigbee_fit parse(const char *text)
{
	struct zigbee_fit fit;
	const char *fault = NULL;

	ck_assert_int_eq(zigbee_fit_parse(&fit, text, &fault), 0);
	return fit;
}

START_TEST(what_is_parsed_is_written_the_same)
{
	struct zigbee_fit fit = parse(ALL);
	char text[ZIGBEE_FIT_MAX];

	ck_assert_int_eq(zigbee_fit_write(text, &fit), 0);
	ck_assert_str_eq(text, ALL);
	fit = parse("");
	ck_assert_int_eq(zigbee_fit_write(text, &fit), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(all_that_is_asked_has_to_hold)
{
	struct zigbee_fit fit = parse(ALL);
	struct zigbee_fit_node node = plug;

	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS);
	node.model = "lumi.lamp";
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
	node = plug;
	node.maker = "IKEA";
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
	node = plug;
	node.hardware = 17;
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
	node = plug;
	node.version = 4;
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
	node.version = 21;
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
}
END_TEST

START_TEST(what_is_not_known_may_come_to_be_known)
{
	struct zigbee_fit fit = parse(ALL);
	struct zigbee_fit_node node = plug;

	node.model = "";
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FIT_UNKNOWN);
	node.maker = "IKEA";
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS_NOT);
	node = plug;
	node.maker = NULL;
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FIT_UNKNOWN);
	node = plug;
	node.has_hardware = false;
	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS);
}
END_TEST

START_TEST(nothing_asked_is_for_all)
{
	struct zigbee_fit fit = parse("");
	struct zigbee_fit_node node = { 0 };

	ck_assert_int_eq(zigbee_fit_check(&fit, &node), ZIGBEE_FITS);
}
END_TEST

START_TEST(what_is_not_understood_is_refused)
{
	static const char *const texts[] = { "{", "[]", "{\"model\":[\"a\"]}", "{\"models\":[]}", "{\"models\":\"a\"}",
		"{\"models\":[\"\"]}", "{\"models\":[1]}", "{\"hardware\":[2,1]}", "{\"hardware\":[1]}",
		"{\"hardware\":[0,65536]}", "{\"versions\":[-1,2]}", "{\"versions\":[0,4294967296]}",
		"{\"models\":[\"012345678901234567890123456789012\"]}",
		"{\"makers\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}" };
	struct zigbee_fit fit;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *fault = NULL;
		ck_assert_int_eq(zigbee_fit_parse(&fit, texts[i], &fault), -EBADMSG);
		ck_assert_ptr_nonnull(fault);
	}
}
END_TEST

START_TEST(more_than_fits_is_refused)
{
	struct zigbee_fit fit = { .models.count = ZIGBEE_FIT_NAMES_MAX, .makers.count = ZIGBEE_FIT_NAMES_MAX };
	char text[ZIGBEE_FIT_MAX];

	for (size_t i = 0; i < ZIGBEE_FIT_NAMES_MAX; i++) {
		memset(fit.models.names[i], 'm', ZIGBEE_FIT_NAME_SIZE - 1);
		memset(fit.makers.names[i], 'n', ZIGBEE_FIT_NAME_SIZE - 1);
	}
	ck_assert_int_eq(zigbee_fit_write(text, &fit), -ENOBUFS);
}
END_TEST

TEST_SUITE(zigbee_fit, what_is_parsed_is_written_the_same, all_that_is_asked_has_to_hold,
	what_is_not_known_may_come_to_be_known, nothing_asked_is_for_all, what_is_not_understood_is_refused,
	more_than_fits_is_refused)
