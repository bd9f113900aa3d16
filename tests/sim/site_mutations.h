/*
 * site_mutations: bugs to plant into a gateway, to see that the simulated site finds them.
 *
 * The program that has them is linked with --wrap for each function that a mutation stands in for, so that the
 * product's code knows nothing of them; until one is chosen everything is as it was.
 */
#ifndef WAKEGATE_TESTS_SITE_MUTATIONS_H
#define WAKEGATE_TESTS_SITE_MUTATIONS_H

/* From now on the process has the bug of that name. -ENOENT. */
int site_mutations_plant(const char *name);

/* Prints all names with a sentence each. */
void site_mutations_list(void);

#endif
