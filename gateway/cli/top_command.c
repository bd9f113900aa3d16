#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/top_view.h"

#define EVERY_DEFAULT_S 1
#define EVERY_MOST_S 3600
#define NODES_ASKED 100

/* The terminal while the picture is up. */
struct screen {
	struct termios before;
	sigset_t signals_before;
	int signals; /* descriptor: interrupts and changes of size */
};

static int look(struct cli *cli, struct top_look *out)
{
	int code = ask(cli, json_pack("{s:s}", "command", "status"), &out->status);

	if (code == CLI_OK)
		code = ask(cli, json_pack("{s:s, s:i}", "command", "node.recent", "limit", NODES_ASKED), &out->nodes);
	if (code == CLI_OK)
		code = ask(cli, json_pack("{s:s}", "command", "update.summary"), &out->updates);
	return code;
}

static int screen_open(const struct cli *cli, struct screen *screen)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGWINCH);
	if (tcgetattr(STDIN_FILENO, &screen->before) < 0)
		return cli_fail(cli, CLI_FAILED, "cannot set up the terminal: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &signals, &screen->signals_before);
	screen->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	struct termios quiet = screen->before;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	fputs("\033[?25l\033[2J", stdout); /* no cursor, an empty screen */
	return CLI_OK;
}

static void screen_close(const struct screen *screen)
{
	fputs("\033[?25h\n", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
	close(screen->signals);
	sigprocmask(SIG_SETMASK, &screen->signals_before, NULL);
}

/* Waits for the next look, a key or a signal; false: the operator has seen enough. */
static bool wait_for_next(const struct screen *screen, int timeout_ms)
{
	struct pollfd waits[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = screen->signals, .events = POLLIN } };
	struct signalfd_siginfo signal;
	char key;

	(void)poll(waits, 2, timeout_ms);
	if (waits[0].revents && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q'))
		return false;
	bool signalled = waits[1].revents && read(screen->signals, &signal, sizeof(signal)) == sizeof(signal);
	return !signalled || signal.ssi_signo == SIGWINCH;
}

static int show(struct cli *cli, const struct screen *screen, int every_ms)
{
	struct top_look now = { 0 }, before = { 0 };
	int code;

	do {
		top_look_finish(&before);
		before = now;
		now = (struct top_look){ 0 };
		code = look(cli, &now);
		if (code != CLI_OK)
			break;
		cli->terminal = terminal_of(stdout);
		top_view_print(&now, &before, &cli->terminal, stdout);
	} while (wait_for_next(screen, every_ms));
	top_look_finish(&before);
	top_look_finish(&now);
	return code;
}

static int print_once(struct cli *cli)
{
	struct top_look once = { 0 };
	int code = look(cli, &once);

	if (code != CLI_OK) {
		top_look_finish(&once);
		return code;
	}
	json_t *nodes = json_object_get(once.nodes, "nodes");
	json_t *document = json_pack("{s:O, s:O, s:O}", "status", once.status, "nodes", nodes, "updates", once.updates);
	top_look_finish(&once);
	return cli_print_json(cli, document);
}

static int run_top(struct cli *cli)
{
	int64_t every_s = EVERY_DEFAULT_S;
	struct screen screen;
	int code = cli_number(cli, "every", 1, EVERY_MOST_S, &every_s);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return print_once(cli);
	if (!cli->terminal.is_terminal || !isatty(STDIN_FILENO))
		return cli_fail(cli, CLI_USAGE, "top needs a terminal; \"wakegate top --json\" prints one look");
	code = ask_connect(cli);
	if (code == CLI_OK)
		code = screen_open(cli, &screen);
	if (code != CLI_OK)
		return code;
	code = show(cli, &screen, (int)every_s * 1000);
	screen_close(&screen);
	return code;
}

static const struct cli_option options[] = {
	{ 0, "every", "SECONDS", "how often to look (1)" },
	{ 0 },
};

const struct cli_command command_top = {
	.verb = "top",
	.summary = "watch nodes, rates and transfers live",
	.help = "The nodes heard of last come first. q ends it.\n",
	.options = options,
	.run = run_top,
};
