#include "drivers/driver_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/settings.h"
#include "drivers/coap_settings.h"
#include "tests/unit/suite.h"

struct gate {
	const char *name;
	int64_t width;
};

struct fence {
	bool closed;
	int64_t height, pause_ms;
	double slope;
	const char *owner;
	int colour;
	struct setting_list guests;
	struct setting_groups gates;
};

static const char *const colours[] = { "red", "green", NULL };
static const struct setting gate_list[] = {
	{ .name = "name", .type = SETTING_TEXT, .offset = offsetof(struct gate, name) },
	{ .name = "width", .type = SETTING_INTEGER, .offset = offsetof(struct gate, width), .initial = "7" },
};
static const struct settings_table gate_table = { "gates", "h", gate_list, 2, sizeof(struct gate), NULL, NULL, NULL };
static const struct setting fence_list[] = {
	{ .name = "closed", .type = SETTING_BOOLEAN, .offset = offsetof(struct fence, closed), .initial = "false" },
	{ .name = "height",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct fence, height),
		.initial = "3",
		.least = 1,
		.most = 9 },
	{ .name = "pause", .type = SETTING_DURATION, .offset = offsetof(struct fence, pause_ms), .initial = "2 s" },
	{ .name = "slope", .type = SETTING_NUMBER, .offset = offsetof(struct fence, slope) },
	{ .name = "owner", .type = SETTING_TEXT, .offset = offsetof(struct fence, owner) },
	{ .name = "colour",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct fence, colour),
		.initial = "red",
		.choices = colours },
	{ .name = "guests", .type = SETTING_LIST, .offset = offsetof(struct fence, guests) },
	{ .name = "gates", .type = SETTING_GROUPS, .offset = offsetof(struct fence, gates), .table = &gate_table },
};
static const struct settings_table fence_table = { "fence", "h", fence_list, sizeof(fence_list) / sizeof(fence_list[0]),
	sizeof(struct fence), NULL, NULL, NULL };

static struct arena arena;
static char why[256];

static int read_fence(struct fence *fence, const char *json)
{
	return driver_settings_read(&fence_table, fence, &arena, (struct span){ json, strlen(json) }, why, sizeof(why));
}

START_TEST(every_type_comes_out_as_it_went_in)
{
	static const char json[] =
		"{\"closed\":true,\"height\":9,\"pause\":1500,\"slope\":0.25,\"owner\":\"a \\\"b\\\"\","
		"\"colour\":\"green\",\"guests\":[\"x\",\"y\"],"
		"\"gates\":[{\"name\":\"n\",\"width\":1},{\"name\":\"s\",\"width\":7}]}";
	struct fence fence;
	char out[1024];
	struct writer writer;

	ck_assert_msg(read_fence(&fence, json) == 0, "%s", why);
	ck_assert(fence.closed);
	ck_assert_int_eq(fence.pause_ms, 1500);
	ck_assert_int_eq(fence.colour, 1);
	ck_assert_str_eq(fence.guests.items[1], "y");
	ck_assert_str_eq(((struct gate *)fence.gates.items)[1].name, "s");
	writer_init(&writer, out, sizeof(out));
	driver_settings_write(&fence_table, &fence, &writer);
	ck_assert_msg(writer_size(&writer) == strlen(json) && memcmp(out, json, strlen(json)) == 0, "%.*s",
		(int)writer_size(&writer), out);
	arena_finish(&arena);
}
END_TEST

START_TEST(what_is_not_said_is_the_default)
{
	struct fence fence;

	ck_assert_int_eq(read_fence(&fence, "{\"gates\":[{}],\"unknown\":[1]}"), 0);
	ck_assert_int_eq(fence.height, 3);
	ck_assert_ptr_null(fence.owner);
	ck_assert_int_eq(((struct gate *)fence.gates.items)[0].width, 7);
	arena_finish(&arena);
}
END_TEST

START_TEST(what_the_table_does_not_allow_is_refused)
{
	static const char *const wrong[] = { "{\"height\":10}", "{\"height\":\"3\"}", "{\"closed\":1}",
		"{\"colour\":\"blue\"}", "{\"guests\":\"x\"}", "{\"guests\":[1]}", "{\"gates\":[1]}",
		"{\"owner\":null}", "[]", "{\"height\":3", "" };
	struct fence fence;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(read_fence(&fence, wrong[i]) == -EINVAL, "%s", wrong[i]);
	arena_finish(&arena);
}
END_TEST

START_TEST(the_tables_own_check_is_asked)
{
	struct coap_settings settings;
	static const char json[] = "{\"plain\":\"off\"}";

	ck_assert_int_eq(driver_settings_read(&coap_settings_table, &settings, &arena,
				 (struct span){ json, strlen(json) }, why, sizeof(why)),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "nobody could speak"));
	arena_finish(&arena);
}
END_TEST

TEST_SUITE(driver_settings, every_type_comes_out_as_it_went_in, what_is_not_said_is_the_default,
	what_the_table_does_not_allow_is_refused, the_tables_own_check_is_asked)
