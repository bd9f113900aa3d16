/*
 * forecast_view: a forecast as a person sees it: drawn in the terminal, and as an SVG picture.
 */
#ifndef WAKEGATE_GATEWAY_CLI_FORECAST_VIEW_H
#define WAKEGATE_GATEWAY_CLI_FORECAST_VIEW_H

#include <jansson.h>
#include <stdio.h>

struct forecast;
struct forecast_input;

/* The curve with its bands, `columns` wide at most (40 at least). */
void forecast_draw(const struct forecast *forecast, unsigned columns, FILE *out);

/* When waves begin and all is complete, airtime and energy, and what was assumed. */
void forecast_print(const struct forecast *forecast, const struct forecast_input *input, FILE *out);

/* A picture of its own, 800 by 460. `title` is escaped. */
void forecast_write_svg(const struct forecast *forecast, const char *title, FILE *out);

/* All of it; NULL if there is no memory. */
json_t *forecast_json(const struct forecast *forecast, const struct forecast_input *input);

#endif
