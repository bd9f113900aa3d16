/*
 * prose: prints sentences as lines of at most 100 columns.
 */
#ifndef WAKEGATE_CONFIG_PROSE_H
#define WAKEGATE_CONFIG_PROSE_H

#include <stdio.h>

#define PROSE_COLUMNS 100 /* a tab counts as eight */

/* Each line begins with `margin`; breaks are made at spaces only. */
void prose_print(FILE *out, const char *margin, const char *text);

#endif
