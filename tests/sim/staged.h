/*
 * staged: a program whose work is done on a stage for tests, which wants to be in a test of Check.
 */
#ifndef WAKEGATE_TESTS_STAGED_H
#define WAKEGATE_TESTS_STAGED_H

#include <check.h>
#include <stdlib.h>

/* Runs the test in this process and says nothing of it; the exit code. */
static inline int staged_run(const char *name, const TTest *test)
{
	Suite *suite = suite_create(name);
	TCase *group = tcase_create(name);

	tcase_add_test(group, test);
	suite_add_tcase(suite, group);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
