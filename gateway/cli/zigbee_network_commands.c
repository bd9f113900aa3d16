/* Commands that change or save the network of the Zigbee stick. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/mapped_file.h"
#include "gateway/cli/zigbee_ask.h"

#define NETWORK_S 150
#define BACKUP_S 90
#define BACKUP_MOST (900 * 1024) /* what a request bears */

static int order(struct cli *cli, const char *verb, json_t *arguments)
{
	json_t *status;

	(void)json_object_set_new(arguments, "yes", json_true());
	int code = ask_zigbee(cli, verb, arguments, NETWORK_S, &status);
	return code == CLI_OK ? zigbee_print_status(cli, status) : code;
}

static int run_form(struct cli *cli)
{
	int code = cli_confirm(cli, "A new network is formed: every node of the present one has to be paired again.");

	return code == CLI_OK ? order(cli, "form", json_object()) : code;
}

const struct cli_command command_zigbee_form = {
	.verb = "form",
	.summary = "make a new network on the stick",
	.help = "A gateway that has no network yet forms one on an empty stick by itself. This is for a\n"
		"fresh start: the nodes of the present network are forgotten. Channel and PAN are those\n"
		"of the config.\n",
	.run = run_form,
};

static int run_adopt(struct cli *cli)
{
	int code =
		cli_confirm(cli, "The network that the stick has takes the place of the one that this gateway knows.");

	return code == CLI_OK ? order(cli, "adopt", json_object()) : code;
}

const struct cli_command command_zigbee_adopt = {
	.verb = "adopt",
	.summary = "use the network that is on the stick from now on",
	.help = "For a stick that comes from another gateway with its network.\n",
	.run = run_adopt,
};

/* ---- backup ---- */

/* Only its owner may read it: it holds the network's keys. */
static int write_private(const struct cli *cli, const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file < 0 && errno == EEXIST)
		return cli_fail(cli, CLI_REFUSED, "%s is there already; a backup is never written over", path);
	FILE *out = file < 0 ? NULL : fdopen(file, "w");
	if (!out)
		return cli_fail(cli, CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
	int failed = fputs(text, out) < 0 || fputc('\n', out) < 0 || fflush(out) != 0 || fsync(file) < 0;
	failed |= fclose(out) != 0;
	if (!failed)
		return CLI_OK;
	(void)unlink(path);
	return cli_fail(cli, CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
}

static int run_backup(struct cli *cli)
{
	const char *path = cli->arguments[0];
	json_t *backup;

	int code = ask_zigbee(cli, "backup", json_object(), BACKUP_S, &backup);
	if (code != CLI_OK)
		return code;
	size_t devices = json_array_size(json_object_get(backup, "devices"));
	char *text = json_dumps(backup, JSON_INDENT(2));
	json_decref(backup);
	code = text ? write_private(cli, path, text) : cli_fail(cli, CLI_FAILED, "out of memory");
	free(text);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:I}", "file", path, "devices", (json_int_t)devices));
	printf("%s has the network and %zu nodes. It holds the network's keys: keep it safe.\n", path, devices);
	return CLI_OK;
}

const struct cli_command command_zigbee_backup = {
	.verb = "backup",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.summary = "save the network with its keys to a file",
	.help = "The file is in the open coordinator backup format, which Zigbee2MQTT, ZHA and others\n"
		"read and write too. Only its owner may read it.\n",
	.run = run_backup,
};

/* ---- restore ---- */

static int read_backup(struct cli *cli, const char *path, json_t **out)
{
	struct mapped_file file;
	json_error_t error;

	int code = mapped_file_open(cli, path, BACKUP_MOST, &file);
	if (code != CLI_OK)
		return code;
	*out = json_loadb((const char *)file.data, file.size, 0, &error);
	mapped_file_close(&file);
	if (json_is_object(*out))
		return CLI_OK;
	json_decref(*out);
	return cli_fail(cli, CLI_FAILED, "%s is no JSON of a coordinator backup", path);
}

static int run_restore(struct cli *cli)
{
	json_t *arguments = NULL;

	int code =
		cli_confirm(cli, "The stick gets another network; the one that is on it is lost unless it was saved.");
	if (code == CLI_OK && cli->argument_count > 0)
		code = read_backup(cli, cli->arguments[0], &arguments);
	if (code != CLI_OK)
		return code;
	return order(cli, "restore", arguments ? arguments : json_object());
}

const struct cli_command command_zigbee_restore = {
	.verb = "restore",
	.arguments = "[FILE]",
	.most = 1,
	.summary = "put a network that was saved onto the stick",
	.help = "FILE is a coordinator backup, of this gateway or another host. Without it the network\n"
		"goes onto the stick that this gateway remembers: so a broken stick is replaced. Unplug\n"
		"the old one for good first; two sticks with one network disturb each other.\n"
		"\n"
		"Examples:\n"
		"  wakegate zigbee restore\n"
		"  wakegate zigbee restore coordinator_backup.json --yes\n",
	.run = run_restore,
};
