#include "gateway/governor.h"

#include "gateway/log.h"
#include "gateway/telemetry_settings.h"
#include "gateway/wear.h"
#include "store/segment_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

struct scene {
	struct stepped_store stepped;
	struct telemetry_settings settings;
	struct governor *governor;
	struct moment now;
	uint64_t next;
};

static void scene_start(struct scene *scene)
{
	ck_assert_int_eq(governor_open(&scene->governor, scene->stepped.store, &scene->settings, scene->now), 0);
}

static void scene_open(struct scene *scene, int64_t budget_bytes)
{
	*scene = (struct scene){ .next = 1, .now = { 1000, INT64_C(1700000000000) } };
	scene->settings.commit_delay_ms = 250;
	scene->settings.wear_budget_bytes = budget_bytes;
	log_set_level(LOG_LEVEL_ERROR);
	stepped_open(&scene->stepped);
	scene_start(scene);
}

static void scene_stop(struct scene *scene, bool clean)
{
	if (clean)
		governor_flush(scene->governor, scene->now);
	stepped_shut(&scene->stepped);
	governor_close(scene->governor);
}

static void scene_restart(struct scene *scene, bool clean)
{
	scene_stop(scene, clean);
	ck_assert_int_eq(stepped_try_open(&scene->stepped), 0);
	scene_start(scene);
}

static void scene_close(struct scene *scene)
{
	scene_stop(scene, true);
	stepped_close(&scene->stepped);
}

static struct governor_figures figures_of(struct scene *scene)
{
	struct governor_figures figures;

	governor_figures(scene->governor, scene->now, &figures);
	return figures;
}

static void write_segments(struct scene *scene, int count)
{
	static const uint8_t data[40000];

	for (int i = 0; i < count; i++) {
		struct stored_segment segment = {
			.first = scene->next++, .count = 1, .data = data, .size = sizeof(data)
		};
		struct outcome outcome;

		ck_assert_int_eq(store_segment_append(scene->stepped.store, &segment, outcome_reply(&outcome)), 0);
		ck_assert_int_eq(outcome_of(&scene->stepped, &outcome), 0);
		scene->now.monotonic_ms += 100;
		scene->now.wall_ms += 100;
		(void)figures_of(scene);
		store_dispatch(scene->stepped.store);
	}
}

START_TEST(without_a_budget_the_bound_is_the_delay_that_is_set)
{
	struct scene scene;

	scene_open(&scene, 0);
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), 250);
	scene.settings.commit_delay_ms = 700;
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), 700);
	scene_close(&scene);
}
END_TEST

START_TEST(what_the_store_writes_lengthens_the_bound)
{
	struct scene scene;

	scene_open(&scene, 256 << 20);
	ck_assert_int_lt(governor_bound_ms(scene.governor, scene.now), 100);
	write_segments(&scene, 100);
	int64_t bound_ms = governor_bound_ms(scene.governor, scene.now);
	ck_assert_int_gt(bound_ms, 200);
	ck_assert_uint_gt(figures_of(&scene).total_bytes, 100 * 40000);
	write_segments(&scene, 900);
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), WEAR_MOST_MS);
	ck_assert(figures_of(&scene).over_budget);
	scene_close(&scene);
}
END_TEST

START_TEST(a_budget_set_while_running_holds_at_once)
{
	struct scene scene;

	scene_open(&scene, 0);
	scene.settings.wear_budget_bytes = INT64_C(1) << 30;
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), WEAR_MOST_MS);
	scene.now.monotonic_ms += WEAR_DAY_MS;
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), WEAR_LEAST_MS);
	scene_close(&scene);
}
END_TEST

START_TEST(the_total_survives_a_clean_stop_as_it_was)
{
	struct scene scene;

	scene_open(&scene, 0);
	write_segments(&scene, 10);
	uint64_t before = figures_of(&scene).total_bytes;
	scene_restart(&scene, true);
	ck_assert_uint_ge(figures_of(&scene).total_bytes, before);
	ck_assert_uint_le(figures_of(&scene).total_bytes, before + (1 << 20));
	scene_close(&scene);
}
END_TEST

START_TEST(a_crash_takes_at_most_4_mb_from_the_total)
{
	struct scene scene;

	scene_open(&scene, 0);
	write_segments(&scene, 300);
	uint64_t before = figures_of(&scene).total_bytes;
	scene_restart(&scene, false);
	ck_assert_uint_ge(figures_of(&scene).total_bytes + (4 << 20) + 100000, before);
	ck_assert_uint_le(figures_of(&scene).total_bytes, before + (1 << 20));
	scene_close(&scene);
}
END_TEST

START_TEST(starting_again_and_again_does_not_get_around_the_budget)
{
	struct scene scene;

	scene_open(&scene, 256 << 20);
	write_segments(&scene, 100);
	for (int i = 0; i < 50; i++)
		scene_restart(&scene, false);
	ck_assert_int_eq(governor_bound_ms(scene.governor, scene.now), WEAR_MOST_MS);
	scene_close(&scene);
}
END_TEST

START_TEST(the_record_itself_is_written_seldom)
{
	struct scene scene;
	struct store_figures store;

	scene_open(&scene, 0);
	write_segments(&scene, 300); /* 24 MB */
	store_figures(scene.stepped.store, &store);
	ck_assert_uint_le(store.written_bytes - store.telemetry_written_bytes, 400000);
	scene_close(&scene);
}
END_TEST

TEST_SUITE(governor, without_a_budget_the_bound_is_the_delay_that_is_set, what_the_store_writes_lengthens_the_bound,
	a_budget_set_while_running_holds_at_once, the_total_survives_a_clean_stop_as_it_was,
	a_crash_takes_at_most_4_mb_from_the_total, starting_again_and_again_does_not_get_around_the_budget,
	the_record_itself_is_written_seldom)
