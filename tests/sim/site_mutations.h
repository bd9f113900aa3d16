/*
 * site_mutations: bugs to plant into a gateway, to see that the simulated site finds them.
 *
 * The program that has them is linked with --wrap for each function that a mutation stands in for, so that the
 * product's code knows nothing of them; until one is chosen everything is as it was.
 */
#ifndef WAKEGATE_TESTS_SITE_MUTATIONS_H
#define WAKEGATE_TESTS_SITE_MUTATIONS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the process has the bug of that name. -ENOENT. */
int site_mutations_plant(const char *name);

/* Whether it is found at sites whose readings have little room, and there alone. */
bool site_mutations_are_narrow(void);

/* The seed to begin with. */
uint64_t site_mutations_from(void);

/* Prints all names with a sentence each. */
void site_mutations_list(void);

#endif
