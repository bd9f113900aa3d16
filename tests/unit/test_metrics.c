#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static char *text_for(json_t *status)
{
	char *text = metrics_text(status);

	ck_assert_ptr_nonnull(text);
	json_decref(status);
	return text;
}

START_TEST(figures_bear_help_and_type)
{
	char *text = text_for(json_pack("{s:s, s:s, s:{s:i, s:i}, s:{s:b}, s:{s:i}}", "gateway", "gw", "version", "1",
		"nodes", "total", 20, "contacts", 400, "uplink", "connected", 1, "store", "last_commit_us", 2500));

	ck_assert_str_eq(text, "# HELP wakegate_build_info Which gateway this is and what it runs.\n"
			       "# TYPE wakegate_build_info gauge\n"
			       "wakegate_build_info{gateway=\"gw\",version=\"1\"} 1\n"
			       "# HELP wakegate_uplink_connected Whether a session with a broker stands.\n"
			       "# TYPE wakegate_uplink_connected gauge\n"
			       "wakegate_uplink_connected 1\n"
			       "# HELP wakegate_nodes Nodes known.\n"
			       "# TYPE wakegate_nodes gauge\n"
			       "wakegate_nodes 20\n"
			       "# HELP wakegate_contacts_total Contacts of the nodes known.\n"
			       "# TYPE wakegate_contacts_total counter\n"
			       "wakegate_contacts_total 400\n"
			       "# HELP wakegate_store_last_commit_seconds Duration of the last commit.\n"
			       "# TYPE wakegate_store_last_commit_seconds gauge\n"
			       "wakegate_store_last_commit_seconds 0.0025\n");
	free(text);
}
END_TEST

START_TEST(updates_are_labelled_by_state)
{
	char *text = text_for(json_pack("{s:{s:i, s:i, s:i}}", "updates", "total", 5, "offered", 2, "failed", 3));

	ck_assert_ptr_nonnull(strstr(text, "wakegate_updates{state=\"offered\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "wakegate_updates{state=\"failed\"} 3\n"));
	ck_assert_ptr_null(strstr(text, "total"));
	free(text);
}
END_TEST

START_TEST(counters_of_drivers_bear_the_drivers_name)
{
	char *text = text_for(json_pack("{s:{s:{s:i}}}", "drivers", "coap", "datagrams_malformed", 7));

	ck_assert_ptr_nonnull(strstr(text, "# TYPE wakegate_coap_datagrams_malformed_total counter\n"
					   "wakegate_coap_datagrams_malformed_total 7\n"));
	free(text);
}
END_TEST

START_TEST(what_a_driver_has_now_is_a_gauge_and_no_total)
{
	char *text = text_for(json_pack("{s:{s:{s:i}}}", "drivers", "coap", "transfers_now", 3));

	ck_assert_ptr_nonnull(
		strstr(text, "# TYPE wakegate_coap_transfers_now gauge\nwakegate_coap_transfers_now 3\n"));
	ck_assert_ptr_null(strstr(text, "_total"));
	free(text);
}
END_TEST

START_TEST(a_label_cannot_end_early)
{
	char *text = text_for(json_pack("{s:s}", "gateway", "a\"b\\c\nd"));

	ck_assert_ptr_nonnull(strstr(text, "gateway=\"a\\\"b\\\\c d\""));
	free(text);
}
END_TEST

START_TEST(rules_are_counted_by_name)
{
	char *text = text_for(json_pack("{s:{s:i, s:[{s:s, s:i, s:i}]}}", "rules", "windows", 3, "list", "name",
		"quiet", "taken", 10, "in_deadband", 7));

	ck_assert_ptr_nonnull(strstr(text, "# TYPE wakegate_rule_in_deadband_total counter\n"
					   "wakegate_rule_in_deadband_total{rule=\"quiet\"} 7\n"));
	ck_assert_ptr_nonnull(strstr(text, "wakegate_windows 3\n"));
	free(text);
}
END_TEST

TEST_SUITE(metrics, rules_are_counted_by_name, figures_bear_help_and_type, updates_are_labelled_by_state,
	counters_of_drivers_bear_the_drivers_name, what_a_driver_has_now_is_a_gauge_and_no_total,
	a_label_cannot_end_early)
