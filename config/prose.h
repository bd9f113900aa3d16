/*
 * prose: prints sentences as lines of a limited width.
 */
#ifndef WAKEGATE_CONFIG_PROSE_H
#define WAKEGATE_CONFIG_PROSE_H

#include <stdio.h>

/*
 * Each line begins with `margin` and has at most `columns`, where a tab counts as eight; breaks are made at spaces
 * only, so a longer word is a longer line.
 */
void prose_print(FILE *out, size_t columns, const char *margin, const char *text);

#endif
