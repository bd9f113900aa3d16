/*
 * mdoc: prints text for a manual page, in the language mdoc(7).
 */
#ifndef WAKEGATE_CONFIG_MDOC_H
#define WAKEGATE_CONFIG_MDOC_H

#include <stdio.h>

/*
 * Sentences of at most 500 bytes, each from the beginning of a line; no word is taken for a request, line ends in the
 * text are blanks.
 */
void mdoc_print_text(FILE *out, const char *text);

/* A word or text that is to be typed as it is, as the rest of a macro line: in quotes, with the line's end. */
void mdoc_print_quoted(FILE *out, const char *text);

#endif
