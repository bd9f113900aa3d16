/*
 * wrap: a text over several lines of a terminal, broken between words.
 */
#ifndef WAKEGATE_GATEWAY_CLI_WRAP_H
#define WAKEGATE_GATEWAY_CLI_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* How many bytes of a UTF-8 text go on a line of so many columns, at least 1: up to a blank, or all that fit where a
 * word is longer than that. The sequences of terminal.h that begin and end a tone take no room. */
size_t wrap_line(const char *text, size_t columns);

/* What comes after such a line, without the blanks between. */
const char *wrap_rest(const char *text, size_t bytes);

/* Prints the text where there are `columns` left of a line of `width` columns, and goes on `indent` columns in; `width`
 * 0: no limit. Does not end the last line. */
void wrap_print(FILE *out, const char *text, size_t columns, size_t indent, size_t width);

#endif
