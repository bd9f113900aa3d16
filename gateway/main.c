/*
 * main: wakegated, the gateway daemon.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "config/config.h"
#include "drivers/lean.h"
#include "gateway/daemon.h"
#include "gateway/general.h"
#include "gateway/log.h"
#include "gateway/moment.h"
#include "gateway/options.h"
#include "gateway/tables.h"

static int run(struct config *config, const struct tables *tables, const char *config_path)
{
	const struct general_settings *general = config_values(config, &general_settings_table);
	struct daemon_options options = {
		.config_path = config_path,
		.config = config,
		.tables = tables,
		.clock = &machine_clock,
	};
	struct daemon *daemon;
	char why[768] = "";

	log_set_level((enum log_level)general->log_level);
	if (getrandom(&options.seed, sizeof(options.seed), 0) < 0)
		options.seed = (uint64_t)machine_clock.now(NULL).wall_ms;
	if (daemon_open(&daemon, &options, why, sizeof(why)) < 0) {
		log_error("daemon.failed %s", why);
		return EXIT_FAILURE;
	}
	daemon_run(daemon);
	daemon_close(daemon);
	log_notice("daemon.stopped");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct tables tables;
	struct config *config;
	struct config_faults faults;
	char why[256];

	if (options_parse(&options, argc, argv, why, sizeof(why)) < 0) {
		fprintf(stderr, "wakegated: %s; wakegated --help explains\n", why);
		return EX_USAGE;
	}
	if (options.action != OPTIONS_RUN)
		return options_answer(&options, stdout, stderr);

	tables_init(&tables);
	int error = config_load(&config, options.config_path, tables.list, tables.count, &faults);
	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.faults[i].text);
	config_faults_finish(&faults);
	if (error)
		return EX_CONFIG;

	lean_set_up();
	signal(SIGPIPE, SIG_IGN);
	umask(0027);
	int status = run(config, &tables, options.config_path);
	config_free(config);
	return status;
}
