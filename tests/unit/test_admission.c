#include "gateway/admission.h"

#include "tests/unit/suite.h"

START_TEST(a_visit_counts_for_as_long_as_a_contact_takes)
{
	struct admission admission = { 0 };

	for (int64_t begun = 1; begun < 200000; begun += 7919) {
		ck_assert_uint_eq(admission_count(&admission, 1000, begun), 0);
		admission_begin(&admission);
		ck_assert_uint_eq(admission_count(&admission, 1000, begun + 1000), 1);
		ck_assert_uint_eq(admission_count(&admission, 1000, begun + 1150), 0);
	}
}
END_TEST

START_TEST(visits_that_overlap_are_counted_together)
{
	struct admission admission = { 0 };

	for (int64_t now = 0; now < 60000; now += 100) {
		uint32_t count = admission_count(&admission, 1000, now);
		ck_assert_uint_le(count, 11);
		if (now > 2000)
			ck_assert_uint_ge(count, 10);
		admission_begin(&admission);
	}
}
END_TEST

START_TEST(another_length_of_contacts_begins_anew)
{
	struct admission admission = { 0 };

	(void)admission_count(&admission, 1000, 5);
	admission_begin(&admission);
	ck_assert_uint_eq(admission_count(&admission, 2000, 6), 0);
}
END_TEST

TEST_SUITE(admission, a_visit_counts_for_as_long_as_a_contact_takes, visits_that_overlap_are_counted_together,
	another_length_of_contacts_begins_anew)
