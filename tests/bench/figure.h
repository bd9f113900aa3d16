/*
 * figure: prints what a bench measured, as tests/harness/figure.py does.
 */
#ifndef WAKEGATE_TESTS_FIGURE_H
#define WAKEGATE_TESTS_FIGURE_H

#include <stdbool.h>
#include <stdio.h>

/* `goal` is the most that is allowed, or with `at_least` the least; 0: none. */
static inline void figure(const char *name, double value, const char *unit, double goal, bool at_least)
{
	bool met = goal <= 0 || (at_least ? value >= goal : value <= goal);
	char text[32] = "-";

	if (goal > 0)
		snprintf(text, sizeof(text), "%s%g", at_least ? ">=" : "<=", goal);
	printf("%-44s %12.6g %-12s %8s %s\n", name, value, unit, text, goal <= 0 ? "-" : met ? "met" : "short");
	fflush(stdout);
}

#endif
