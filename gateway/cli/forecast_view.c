#include "gateway/cli/forecast_view.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/cli/human.h"
#include "gateway/forecast.h"

#define ROWS 12
#define MARGIN 7 /* columns left of the curve */
#define COLUMNS_LEAST 40
#define HOUR_MS INT64_C(3600000)

/* With one decimal, which a span of some days needs. */
static const char *span_text(char out[HUMAN_SIZE], int64_t ms)
{
	if (ms < 0)
		snprintf(out, HUMAN_SIZE, "never");
	else if (ms == 0)
		snprintf(out, HUMAN_SIZE, "0");
	else if (ms < 2 * HOUR_MS)
		(void)human_duration(out, ms);
	else if (ms < 48 * HOUR_MS)
		snprintf(out, HUMAN_SIZE, "%.1f h", (double)ms / HOUR_MS);
	else
		snprintf(out, HUMAN_SIZE, "%.1f d", (double)ms / (24 * HOUR_MS));
	return out;
}

/* ---- in the terminal ---- */

static const double *point_of(const struct forecast *forecast, unsigned column, unsigned columns)
{
	return forecast->curve[(column * (FORECAST_POINTS - 1) + (columns - 1) / 2) / (columns - 1)];
}

/* What stands for the shares from `low` up to `high` in a column. `before`: the median one column to the left. */
static char cell(const double *shares, double before, double low, double high)
{
	double from = before < shares[FORECAST_P50] ? before : shares[FORECAST_P50];

	if (from < high && shares[FORECAST_P50] >= low)
		return '#';
	if (shares[FORECAST_P25] < high && shares[FORECAST_P75] >= low)
		return ':';
	return shares[FORECAST_P5] < high && shares[FORECAST_P95] >= low ? '.' : ' ';
}

static void draw_row(const struct forecast *forecast, int row, unsigned columns, FILE *out)
{
	double high = 1.0 - (double)row / ROWS, low = high - 1.0 / ROWS;
	char line[256];

	/* The topmost holds all of it, the lowest none. */
	high += row == 0 ? 1e-9 : 0;
	for (unsigned column = 0; column < columns; column++) {
		double before = point_of(forecast, column > 0 ? column - 1 : 0, columns)[FORECAST_P50];
		line[column] = cell(point_of(forecast, column, columns), before, low, high);
	}
	line[columns] = '\0';
	if (row % 3 == 0)
		fprintf(out, "%3.0f %% |%s\n", (1.0 - (double)row / ROWS) * 100, line);
	else
		fprintf(out, "      |%s\n", line);
}

static void draw_axis(const struct forecast *forecast, unsigned columns, FILE *out)
{
	char line[256], text[HUMAN_SIZE];

	memset(line, '-', columns);
	line[columns] = '\0';
	fprintf(out, "  0 %% +%s\n", line);
	memset(line, ' ', sizeof(line));
	for (unsigned mark = 0; mark <= 4; mark++) {
		unsigned at = MARGIN + (columns - 1) * mark / 4;
		span_text(text, forecast->span_ms * mark / 4);
		size_t size = strlen(text), begin = mark == 0 ? at : at + 1 - (mark == 4 ? size : size / 2);
		memcpy(line + begin, text, size);
		line[begin + size] = mark == 4 ? '\0' : ' ';
	}
	fprintf(out, "%s\n", line);
}

void forecast_draw(const struct forecast *forecast, unsigned columns, FILE *out)
{
	unsigned width = columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns > 200 ? 200 : columns;

	fputs("nodes that run the image\n", out);
	for (int row = 0; row < ROWS; row++)
		draw_row(forecast, row, width - MARGIN, out);
	draw_axis(forecast, width - MARGIN, out);
	fputs("       # the middle run   : half of the runs   . 90 % of the runs\n", out);
}

static void print_complete(const struct forecast *forecast, FILE *out)
{
	const int64_t *ms = forecast->complete_ms;
	char low[HUMAN_SIZE], high[HUMAN_SIZE];

	if (ms[FORECAST_P5] < 0) {
		fputs("complete    never: a gate stops nearly all runs\n", out);
	} else {
		fprintf(out, "complete    after %s in the middle run\n", span_text(low, ms[FORECAST_P50]));
		fprintf(out, "            %s to %s in half of the runs", span_text(low, ms[FORECAST_P25]),
			span_text(high, ms[FORECAST_P75]));
		fprintf(out, ", %s to %s in 90 %%\n", span_text(low, ms[FORECAST_P5]),
			span_text(high, ms[FORECAST_P95]));
	}
	fprintf(out, "            stopped by a gate in %u of %u runs\n", forecast->stopped, forecast->runs);
}

static void print_waves(const struct forecast *forecast, const struct forecast_input *input, FILE *out)
{
	char text[HUMAN_SIZE];

	fputs("waves      ", out);
	for (unsigned wave = 0; wave < input->plan->wave_count; wave++)
		fprintf(out, "%s%s",
			wave == 0       ? " begin after "
			: wave % 6 == 0 ? ",\n            "
					: ", ",
			span_text(text, forecast->wave_ms[wave]));
	fprintf(out, "\nnodes       %" PRIu32 ", in the mean %.1f confirmed, %.1f failed, %.1f silent\n",
		forecast->nodes, forecast->confirmed, forecast->failed, forecast->silent);
}

static void print_costs(const struct forecast *forecast, FILE *out)
{
	char bytes[HUMAN_SIZE], air[HUMAN_SIZE];

	fprintf(out, "on the air  %s, %s in all; %.2f J for each node that is updated\n",
		human_size(bytes, (uint64_t)forecast->bytes), span_text(air, (int64_t)(forecast->airtime_s * 1000)),
		forecast->node_joules);
}

static void print_assumptions(const struct forecast *forecast, const struct forecast_input *input, FILE *out)
{
	char rate[HUMAN_SIZE], limit[96] = "any number at once";
	int size = 0;

	if (input->at_once > 0)
		size = snprintf(limit, sizeof(limit), "%" PRId64 " at once", input->at_once);
	if (input->per_parent > 0)
		snprintf(limit + size, sizeof(limit) - (size_t)size, "%s%" PRId64 " through one parent",
			size ? ", " : "", input->per_parent);
	fprintf(out,
		"\nassumed\n"
		"- nodes call, and miss calls, as often as they have so far; %s\n"
		"- a node begins to fetch at a call and says what it runs after its restart\n"
		"- a transfer has %s, %s; %.1f %% of them fail\n"
		"- %" PRId64 " %% more than the image on the air, %" PRId64 " kbit/s, %" PRId64 " mW at a node\n"
		"- nodes that are silent now stay so; updated ones drop no more than before\n"
		"- 16 %% of good waves are under suspicion, half of these again: a soak more each\n"
		"- nodes take the stepping stones that they need today, and stay at their parents\n",
		forecast->nodes > input->sampled ? "the others are like those sampled" : "each as itself",
		human_rate(rate, (double)input->rate_bytes), limit, 100 * input->attempt_fails, input->overhead_percent,
		input->bit_rate / 1000, input->power_mw);
	if (memchr(input->closed, true, sizeof(input->closed)) ||
		memchr(input->apply_closed, true, sizeof(input->apply_closed)))
		fputs("- windows are those of the first wave's first node, each week alike\n", out);
	if (input->plan->approval)
		fputs("- it is approved at once\n", out);
}

void forecast_print(const struct forecast *forecast, const struct forecast_input *input, FILE *out)
{
	print_complete(forecast, out);
	print_waves(forecast, input, out);
	print_costs(forecast, out);
	print_assumptions(forecast, input, out);
}

/* ---- as a picture ---- */

#define LEFT 70.0
#define TOP 50.0
#define WIDE 700.0
#define HIGH 340.0
#define LABEL_WIDE 55.0

static double x_of(const struct forecast *forecast, int64_t ms)
{
	return LEFT + WIDE * (double)ms / (double)forecast->span_ms;
}

static double x_of_point(size_t point)
{
	return LEFT + WIDE * (double)point / (FORECAST_POINTS - 1);
}

static double y_of(double share)
{
	return TOP + HIGH * (1 - share);
}

static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
}

/* Between two bands: there and back. */
static void write_band(const struct forecast *forecast, int low, int high, const char *fill, FILE *out)
{
	fprintf(out, "<polygon fill=\"%s\" points=\"", fill);
	for (size_t point = 0; point < FORECAST_POINTS; point++)
		fprintf(out, "%.1f,%.1f ", x_of_point(point), y_of(forecast->curve[point][high]));
	for (size_t point = FORECAST_POINTS; point-- > 0;)
		fprintf(out, "%.1f,%.1f ", x_of_point(point), y_of(forecast->curve[point][low]));
	fputs("\"/>\n", out);
}

static void write_median(const struct forecast *forecast, FILE *out)
{
	fputs("<polyline fill=\"none\" stroke=\"#1f4e79\" stroke-width=\"2.5\" points=\"", out);
	for (size_t point = 0; point < FORECAST_POINTS; point++)
		fprintf(out, "%.1f,%.1f ", x_of_point(point), y_of(forecast->curve[point][FORECAST_P50]));
	fputs("\"/>\n", out);
}

static void write_grid(const struct forecast *forecast, FILE *out)
{
	char text[HUMAN_SIZE];

	for (int mark = 0; mark <= 4; mark++) {
		double x = LEFT + WIDE * mark / 4, y = y_of(mark / 4.0);
		fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", LEFT, y,
			LEFT + WIDE, y);
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", LEFT - 8, y + 5,
			mark * 25);
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, TOP + HIGH + 22,
			mark == 4 ? "end" : "middle", span_text(text, forecast->span_ms * mark / 4));
	}
}

/* Over the curve. Labels that would meet stand below each other; one at the edge stands before its line. */
static void write_waves(const struct forecast *forecast, FILE *out)
{
	double last_x = -LABEL_WIDE;
	int row = 0;

	for (unsigned wave = 0; wave < WAVES_MAX; wave++) {
		if (forecast->wave_ms[wave] < 0 || forecast->wave_ms[wave] > forecast->span_ms)
			continue;
		double x = x_of(forecast, forecast->wave_ms[wave]);
		bool at_edge = x > LEFT + WIDE - LABEL_WIDE;
		row = x - last_x < (at_edge ? 2 : 1) * LABEL_WIDE ? row + 1 : 0;
		last_x = x;
		fprintf(out,
			"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#999\" stroke-dasharray=\"4 "
			"4\"/>\n",
			x, TOP, x, TOP + HIGH);
		fprintf(out,
			"<text x=\"%.1f\" y=\"%.1f\" fill=\"#333\" stroke=\"#fff\" stroke-width=\"3\" "
			"paint-order=\"stroke\" font-size=\"12\" text-anchor=\"%s\">wave %u</text>\n",
			at_edge ? x - 4 : x + 4, TOP + 14 + 14 * row, at_edge ? "end" : "start", wave + 1);
	}
}

static void write_legend(FILE *out)
{
	static const struct {
		const char *colour, *text;
	} keys[] = { { "#1f4e79", "the middle run" }, { "#8fb8de", "half of the runs" },
		{ "#d6e6f5", "90 % of the runs" } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		double x = LEFT + 200 * (double)i;
		fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", x,
			TOP + HIGH + 40, keys[i].colour);
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 20, TOP + HIGH + 52, keys[i].text);
	}
}

void forecast_write_svg(const struct forecast *forecast, const char *title, FILE *out)
{
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"460\" viewBox=\"0 0 800 460\" "
	      "style=\"max-width:100%;height:auto\" font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"800\" "
	      "height=\"460\" fill=\"#fff\"/>\n<text "
	      "x=\"70\" y=\"30\" "
	      "font-size=\"17\">",
		out);
	escape(out, title);
	fputs("</text>\n", out);
	write_grid(forecast, out);
	write_band(forecast, FORECAST_P5, FORECAST_P95, "#d6e6f5", out);
	write_band(forecast, FORECAST_P25, FORECAST_P75, "#8fb8de", out);
	write_median(forecast, out);
	write_waves(forecast, out);
	write_legend(out);
	fputs("</svg>\n", out);
}

/* ---- for programs ---- */

static json_t *bands_json(const double *shares)
{
	json_t *list = json_array();

	for (int band = 0; band < FORECAST_BANDS; band++)
		(void)json_array_append_new(list, json_real(shares[band]));
	return list;
}

json_t *forecast_json(const struct forecast *forecast, const struct forecast_input *input)
{
	json_t *curve = json_array(), *waves = json_array(), *complete = json_array();

	for (size_t point = 0; point < FORECAST_POINTS; point++)
		(void)json_array_append_new(
			curve, json_pack("{s:I, s:o}", "at_ms",
				       (json_int_t)(forecast->span_ms * (int64_t)point / (FORECAST_POINTS - 1)),
				       "shares", bands_json(forecast->curve[point])));
	for (unsigned wave = 0; wave < input->plan->wave_count; wave++)
		(void)json_array_append_new(waves, json_integer(forecast->wave_ms[wave]));
	for (int band = 0; band < FORECAST_BANDS; band++)
		(void)json_array_append_new(complete, json_integer(forecast->complete_ms[band]));
	return json_pack("{s:[i, i, i, i, i], s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:{s:I, "
			 "s:I, s:I, s:I, s:I, s:I, s:f}}",
		"percentiles", 5, 25, 50, 75, 95, "curve", curve, "wave_ms", waves, "complete_ms", complete, "nodes",
		(json_int_t)forecast->nodes, "runs", (json_int_t)forecast->runs, "stopped",
		(json_int_t)forecast->stopped, "seed", (json_int_t)input->seed, "confirmed", forecast->confirmed,
		"failed", forecast->failed, "silent", forecast->silent, "bytes", forecast->bytes, "airtime_s",
		forecast->airtime_s, "node_joules", forecast->node_joules, "assumed", "rate_bytes",
		(json_int_t)input->rate_bytes, "at_once", (json_int_t)input->at_once, "overhead_percent",
		(json_int_t)input->overhead_percent, "bit_rate", (json_int_t)input->bit_rate, "power_mw",
		(json_int_t)input->power_mw, "per_parent", (json_int_t)input->per_parent, "attempt_fails",
		input->attempt_fails);
}
