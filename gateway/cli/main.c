#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"

int main(int argc, char **argv)
{
	return cli_run(cli_groups, argc, argv);
}
