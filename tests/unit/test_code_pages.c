#include "gateway/code_pages.h"

#include <stdio.h>
#include <string.h>

#include "gateway/digest.h"
#include "tests/unit/suite.h"

/* Resident pages of files, in KiB: RssFile of proc(5). */
static long resident_kb(void)
{
	char line[256];
	long found = -1;
	FILE *status = fopen("/proc/self/status", "re");

	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "RssFile: %ld", &found) == 1)
			break;
	fclose(status);
	return found;
}

START_TEST(code_runs_on_after_its_pages_were_given_back)
{
	uint8_t before[32], after[32];

	ck_assert_int_eq(digest_compute(DIGEST_SHA256, "abc", 3, before), 0);
	long had_kb = resident_kb();
	code_pages_release();
	ck_assert_int_lt(resident_kb(), had_kb);
	ck_assert_int_eq(digest_compute(DIGEST_SHA256, "abc", 3, after), 0);
	ck_assert_mem_eq(before, after, sizeof(before));
}
END_TEST

TEST_SUITE(code_pages, code_runs_on_after_its_pages_were_given_back)
