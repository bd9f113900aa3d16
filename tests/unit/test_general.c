#include "gateway/general.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/settings.h"
#include "gateway/log.h"
#include "tests/unit/suite.h"

START_TEST(an_id_that_topics_cannot_bear_is_refused)
{
	static const char *const good[] = { "plant-7", "A_b.c:d@e", "7" };
	static const char *const bad[] = { "a/b", "a+", "#", "a b", "gr\xc3\xbcn" };
	struct general_settings settings = { 0 };
	char why[300];

	ck_assert_int_eq(general_settings_table.check(&settings, true, why, sizeof(why)), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		settings.id = good[i];
		ck_assert_int_eq(general_settings_table.check(&settings, true, why, sizeof(why)), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		settings.id = bad[i];
		ck_assert_int_eq(general_settings_table.check(&settings, true, why, sizeof(why)), -EINVAL);
	}
	settings.id = "a/b";
	(void)general_settings_table.check(&settings, true, why, sizeof(why));
	ck_assert_str_eq(why, "id: found \"a/b\", allowed are letters, digits and - _ . : @");
}
END_TEST

START_TEST(the_id_is_the_one_set_or_the_hosts_name)
{
	struct general_settings settings = { .id = "plant-7" };
	char id[GENERAL_ID_MAX + 1];
	char host[GENERAL_ID_MAX + 1] = "";
	char why[300];

	general_id(&settings, id);
	ck_assert_str_eq(id, "plant-7");
	ck_assert_int_eq(gethostname(host, sizeof(host) - 1), 0);
	settings.id = NULL;
	general_id(&settings, id);
	ck_assert_uint_eq(strlen(id), strlen(host));
	settings.id = id;
	ck_assert_int_eq(general_settings_table.check(&settings, true, why, sizeof(why)), 0);
}
END_TEST

START_TEST(the_levels_are_those_of_the_log)
{
	for (size_t i = 0; i < general_settings_table.count; i++) {
		const struct setting *setting = &general_settings_table.settings[i];
		for (int level = 0; setting->choices && setting->choices[level]; level++)
			ck_assert_int_eq(log_level_parse(setting->choices[level]), level);
	}
}
END_TEST

TEST_SUITE(general, an_id_that_topics_cannot_bear_is_refused, the_id_is_the_one_set_or_the_hosts_name,
	the_levels_are_those_of_the_log)
