#include "gateway/cli/forecast_view.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/forecast.h"
#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static struct rollout_plan plan = { .id = "spring", .waves = { 100000, WAVE_ALL }, .wave_count = 2 };
static struct forecast_input input = { .plan = &plan, .sampled = 10, .rate_bytes = 1024, .bit_rate = 250000 };
static struct forecast forecast;
static char *text;
static size_t size;

/* Ten percent for a day, then all in the other; bands five and ten percent around the median. */
static void begin_scene(void)
{
	forecast = (struct forecast){ .span_ms = 48 * HOUR_MS, .runs = 200, .nodes = 10, .confirmed = 10 };
	for (int point = 0; point < FORECAST_POINTS; point++) {
		double share = point < FORECAST_POINTS / 2 ? 0.1 : 0.1 + 0.9 * (point - 30) / 30;
		for (int band = 0; band < FORECAST_BANDS; band++) {
			double moved = share + (band - 2) * 0.05;
			forecast.curve[point][band] = moved < 0 ? 0 : moved > 1 ? 1 : moved;
		}
	}
	for (int band = 0; band < FORECAST_BANDS; band++)
		forecast.complete_ms[band] = (46 + band) * HOUR_MS;
	forecast.wave_ms[1] = 24 * HOUR_MS;
	for (int wave = 2; wave < WAVES_MAX; wave++)
		forecast.wave_ms[wave] = -1;
}

static FILE *begin_text(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &size);
}

static size_t widest(void)
{
	size_t most = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
		most = strcspn(at, "\n") > most ? strcspn(at, "\n") : most;
	return most;
}

START_TEST(the_curve_fits_the_terminal)
{
	static const unsigned widths[] = { 0, 40, 60, 80, 200, 1000 };

	begin_scene();
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		FILE *out = begin_text();
		forecast_draw(&forecast, widths[i], out);
		fclose(out);
		if (widths[i] >= 72 && widths[i] <= 200)
			ck_assert_uint_eq(widest(), widths[i]);
		ck_assert_uint_le(widest(), widths[i] <= 72 ? 72 : widths[i]);
	}
	free(text);
}
END_TEST

START_TEST(the_curve_rises_from_the_lower_left_to_the_upper_right)
{
	char *last;

	begin_scene();
	FILE *out = begin_text();
	forecast_draw(&forecast, 80, out);
	fclose(out);
	const char *top = strstr(text, "100 % |"), *bottom = strstr(text, "  0 % +");
	ck_assert_ptr_nonnull(top);
	ck_assert_ptr_nonnull(bottom);
	ck_assert_int_eq(top[7], ' ');
	ck_assert_int_eq(top[79], '#');
	last = strstr(top, "\n");
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_nonnull(strchr(text, ':'));
	ck_assert_ptr_nonnull(strchr(text, '.'));
	free(text);
}
END_TEST

START_TEST(what_is_said_of_it_fits_eighty_columns)
{
	begin_scene();
	input.at_once = 100000;
	plan.approval = true;
	input.closed[3] = true;
	FILE *out = begin_text();
	forecast_print(&forecast, &input, out);
	fclose(out);
	ck_assert_uint_le(widest(), 80);
	ck_assert_ptr_nonnull(strstr(text, "after 2.0 d in the middle run"));
	ck_assert_ptr_nonnull(strstr(text, "begin after 0, 24.0 h"));
	ck_assert_ptr_nonnull(strstr(text, "approved at once"));
	for (int band = 0; band < FORECAST_BANDS; band++)
		forecast.complete_ms[band] = -1;
	out = begin_text();
	forecast_print(&forecast, &input, out);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "never"));
	free(text);
}
END_TEST

START_TEST(a_title_cannot_break_the_picture)
{
	begin_scene();
	FILE *out = begin_text();
	forecast_write_svg(&forecast, "a<b>&c\n", out);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "a&lt;b>&amp;c "));
	ck_assert_ptr_nonnull(strstr(text, "wave 2"));
	ck_assert_ptr_null(strstr(text, "wave 3"));
	free(text);
}
END_TEST

START_TEST(programs_get_all_of_it)
{
	begin_scene();
	json_t *json = forecast_json(&forecast, &input);
	ck_assert_ptr_nonnull(json);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "curve")), FORECAST_POINTS);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "wave_ms")), 2);
	const json_t *last = json_array_get(json_object_get(json, "curve"), FORECAST_POINTS - 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "at_ms")), 48 * HOUR_MS);
	ck_assert_double_eq(json_real_value(json_array_get(json_object_get(last, "shares"), FORECAST_P50)), 1);
	json_decref(json);
}
END_TEST

TEST_SUITE(forecast_view, the_curve_fits_the_terminal, the_curve_rises_from_the_lower_left_to_the_upper_right,
	what_is_said_of_it_fits_eighty_columns, a_title_cannot_break_the_picture, programs_get_all_of_it)
