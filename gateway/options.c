#include "gateway/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>

#include "config/config.h"
#include "gateway/tables.h"

static const char help_text[] =
	"Usage: wakegated [--config FILE]\n"
	"       wakegated --check FILE\n"
	"       wakegated --print-config > FILE\n"
	"\n"
	"The wakegate daemon: caches firmware, updates nodes that sleep, carries their telemetry upstream.\n"
	"\n"
	"  -c, --config FILE   use this config file (default: " OPTIONS_CONFIG_PATH ");\n"
	"                      files in the folder conf.d beside it override single settings\n"
	"  -t, --check FILE    say all that is wrong with a config file, each with its line, and end\n"
	"      --print-config  print a config file with every setting, its help, range and default\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n"
	"\n"
	"Begin with a file that says only what differs from the defaults:\n"
	"\n"
	"    gateway: { id = \"plant-7\"; };\n"
	"    mqtt: { brokers = [ \"ssl://broker.example.com:8883\" ]; };\n"
	"\n"
	"Signals: SIGHUP reads the config file again and applies what needs no restart; SIGTERM and SIGINT stop.\n"
	"Exit codes: 0 stopped in order, 64 wrong command line, 78 wrong config file, 1 anything else.\n"
	"\n"
	"See wakegated(8), wakegate.cfg(5), and wakegate(1) for the operator's commands.\n";

enum { OPTION_PRINT_CONFIG = 256 };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", required_argument, NULL, 't' },
	{ "print-config", no_argument, NULL, OPTION_PRINT_CONFIG },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The action of an option, or -1 for one that has none (--config, or a wrong one). */
static int action_of(int option)
{
	switch (option) {
	case 't':
		return OPTIONS_CHECK;
	case OPTION_PRINT_CONFIG:
		return OPTIONS_PRINT_CONFIG;
	case 'V':
		return OPTIONS_VERSION;
	case 'h':
		return OPTIONS_HELP;
	default:
		return -1;
	}
}

int options_parse(struct options *out, int argc, char **argv, char *why, size_t why_size)
{
	struct options options = { .action = OPTIONS_RUN, .config_path = OPTIONS_CONFIG_PATH };
	int option;

	opterr = 0;
	optind = 0; /* begin anew, getopt(3) */
	while ((option = getopt_long(argc, argv, ":c:t:Vh", long_options, NULL)) != -1) {
		const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
		if (option == ':' || option == '?') {
			snprintf(why, why_size, option == ':' ? "%s needs a file" : "%s is unknown", word);
			return -EINVAL;
		}
		if (option == 'c' || option == 't')
			options.config_path = optarg;
		if (action_of(option) >= 0)
			options.action = (enum options_action)action_of(option);
	}
	if (optind < argc) {
		snprintf(why, why_size, "%s is not understood", argv[optind]);
		return -EINVAL;
	}
	*out = options;
	return 0;
}

static int check_file(const char *path, FILE *out, FILE *errors)
{
	struct config *config = NULL;
	struct config_faults faults;
	struct tables tables;

	tables_init(&tables);
	int error = config_load(&config, path, tables.list, tables.count, &faults);
	for (size_t i = 0; i < faults.count; i++)
		fprintf(errors, "%s\n", faults.faults[i].text);
	if (error && faults.count == 0)
		fprintf(errors, "%s: %s\n", path, strerror(-error));
	if (!error)
		fprintf(out, "%s: no faults\n", path);
	config_faults_finish(&faults);
	config_free(config);
	return error ? EX_CONFIG : 0;
}

int options_answer(const struct options *options, FILE *out, FILE *errors)
{
	struct tables tables;

	switch (options->action) {
	case OPTIONS_CHECK:
		return check_file(options->config_path, out, errors);
	case OPTIONS_PRINT_CONFIG:
		tables_init(&tables);
		config_print_sample(out, tables.list, tables.count);
		return 0;
	case OPTIONS_VERSION:
		fprintf(out, "wakegated %s\n", WAKEGATE_VERSION);
		return 0;
	case OPTIONS_HELP:
		fputs(help_text, out);
		return 0;
	case OPTIONS_RUN:
		break;
	}
	return 0;
}
