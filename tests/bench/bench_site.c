/*
 * bench_site: what a simulated week of 10,000 nodes costs: 6.7 million contacts with a report each, two rollouts, an
 * uplink that is there; the real daemon and the real store on a disk that nothing is lost on.
 *
 * Processor seconds of the process are measured, user and system, for what else runs on the machine must not count.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "gateway/log.h"
#include "tests/bench/figure.h"
#include "tests/sim/site.h"

#define HOUR_MS INT64_C(3600000)

static double processor_seconds(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct site_plan plan;
	struct site_report report;

	log_set_level(LOG_LEVEL_ERROR);
	site_plan_week(&plan, 1);
	if (argc > 1)
		plan.days_ms = atol(argv[1]) * 24 * HOUR_MS;
	bool held = site_run(&plan, NULL, &report);
	double seconds = processor_seconds();

	if (!held)
		fprintf(stderr, "bench_site: %s\n", report.verdict);
	figure("site.week_contacts", (double)report.contacts, "contacts", argc > 1 ? 0 : 6.7e6, true);
	figure("site.week_readings_at_the_broker", (double)report.readings, "readings", 0, true);
	figure("site.week_updates", (double)report.updates, "updates", 0, true);
	figure("site.week_processor_time", seconds, "s", 120, false);
	figure("site.contact_processor_time", seconds * 1e6 / (double)report.contacts, "us", 0, false);
	return held ? 0 : 1;
}
