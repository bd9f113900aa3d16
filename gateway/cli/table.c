#include "gateway/cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/wrap.h"

#define GAP 2         /* blanks between columns */
#define CUT_LEAST 6   /* a cut column keeps so much */
#define WRAP_LEAST 12 /* and one that goes on in the next line */
#define WRAP_INDENT 4
#define ELLIPSIS "\u2026"

struct cell {
	char *text;
	enum tone tone;
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct cell *cells;
	size_t cell_count, cell_room;
};

static void *must(void *memory)
{
	if (memory)
		return memory;
	fputs("wakegate: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

struct table *table_open(const struct table_column *columns, size_t count)
{
	struct table *table = must(calloc(1, sizeof(*table)));

	assert(count > 0 && count <= TABLE_COLUMNS_MAX);
	table->columns = columns;
	table->column_count = count;
	return table;
}

/* What a node or a file is called must not steer the terminal. */
static void defuse(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void table_cell(struct table *table, enum tone tone, const char *format, ...)
{
	char text[TABLE_CELL_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	defuse(text);
	if (table->cell_count == table->cell_room) {
		table->cell_room = table->cell_room ? table->cell_room * 2 : 64;
		table->cells = must(realloc(table->cells, table->cell_room * sizeof(*table->cells)));
	}
	table->cells[table->cell_count++] = (struct cell){ must(strdup(text)), tone };
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += begins_character(*text);
	return width;
}

static void measure(const struct table *table, size_t *widths)
{
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = text_width(table->columns[i].title);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t width = text_width(table->cells[i].text);
		size_t *widest = &widths[i % table->column_count];
		if (width > *widest)
			*widest = width;
	}
}

static size_t line_width(const struct table *table, const size_t *widths)
{
	size_t width = GAP * (table->column_count - 1);

	for (size_t i = 0; i < table->column_count; i++)
		width += widths[i];
	return width;
}

static size_t *widest_that_gives(const struct table *table, size_t *widths)
{
	size_t *widest = NULL;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct table_column *column = &table->columns[i];
		bool may = column->wraps ? widths[i] > WRAP_LEAST : column->gives && widths[i] > CUT_LEAST;
		if (may && (!widest || widths[i] > *widest))
			widest = &widths[i];
	}
	return widest;
}

static void fit(const struct table *table, size_t *widths, unsigned width)
{
	while (width && line_width(table, widths) > width) {
		size_t *widest = widest_that_gives(table, widths);
		if (!widest)
			return;
		--*widest;
	}
}

size_t text_print(FILE *out, const char *text, size_t width)
{
	size_t whole = text_width(text), printed = 0;
	size_t keep = whole > width ? width - 1 : width;

	for (; *text; text++) {
		if (begins_character(*text) && printed++ == keep)
			break;
		fputc(*text, out);
	}
	if (whole <= width)
		return whole;
	fputs(ELLIPSIS, out);
	return width;
}

static void print_blanks(FILE *out, size_t count)
{
	while (count-- > 0)
		fputc(' ', out);
}

/* Where and how it is printed. */
struct page {
	FILE *out;
	unsigned width; /* 0: no limit */
	bool colour;
	size_t widths[TABLE_COLUMNS_MAX];
};

static void print_cell(
	const struct page *page, const struct cell *cell, const struct table_column *column, size_t width)
{
	size_t own = text_width(cell->text);

	if (column->right && own < width)
		print_blanks(page->out, width - own);
	fputs(tone_begin(cell->tone, page->colour), page->out);
	if (column->wraps)
		wrap_print(page->out, cell->text, width, WRAP_INDENT, page->width);
	else
		(void)text_print(page->out, cell->text, width);
	fputs(tone_end(cell->tone, page->colour), page->out);
}

static void print_row(const struct table *table, const struct cell *cells, const struct page *page)
{
	for (size_t i = 0; i < table->column_count; i++) {
		const struct table_column *column = &table->columns[i];
		size_t own = text_width(cells[i].text);
		bool last = i + 1 == table->column_count;
		print_cell(page, &cells[i], column, page->widths[i]);
		if (!last && !column->right && own < page->widths[i])
			print_blanks(page->out, page->widths[i] - own);
		if (!last)
			print_blanks(page->out, GAP);
	}
	fputc('\n', page->out);
}

void table_print(const struct table *table, FILE *out, unsigned width, bool colour)
{
	struct page page = { .out = out, .width = width, .colour = colour };
	struct cell titles[TABLE_COLUMNS_MAX];

	assert(table->cell_count % table->column_count == 0);
	if (table->cell_count == 0)
		return;
	measure(table, page.widths);
	fit(table, page.widths, width);
	for (size_t i = 0; i < table->column_count; i++)
		titles[i] = (struct cell){ (char *)table->columns[i].title, TONE_TITLE };
	print_row(table, titles, &page);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		print_row(table, &table->cells[i], &page);
}

void table_close(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}
