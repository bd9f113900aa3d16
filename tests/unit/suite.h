/*
 * suite: turns a list of Check tests into a program of its own.
 *
 * TEST_SUITE(name, test, …) at the end of a test file (at most 40 tests) runs each test in a process of its own and
 * exits with the number of failures. tests/run reads Check's closing line.
 */
#ifndef WAKEGATE_TESTS_SUITE_H
#define WAKEGATE_TESTS_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

static inline int suite_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *group = tcase_create(name);

	tcase_set_timeout(group, 400); /* hung, not slow: the machine may have other things to do */
	for (size_t i = 0; i < count; i++)
		tcase_add_test(group, tests[i]);
	suite_add_tcase(suite, group);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define TEST_SUITE(name, ...)                                                     \
	int main(void)                                                            \
	{                                                                         \
		const TTest *const tests[] = { __VA_ARGS__ };                     \
		return suite_run(#name, tests, sizeof(tests) / sizeof(tests[0])); \
	}

#endif
