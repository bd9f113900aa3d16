#include <stdlib.h>

#include "tests/sim/ncp/simncp.h"

int main(int argc, char **argv)
{
	struct simncp_options options;
	struct simncp sim;
	char ready[] = "ready";

	int parsed = simncp_options_parse(&options, argc, argv);
	if (parsed != 0)
		return parsed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (simncp_open(&sim, &options) < 0)
		return EXIT_FAILURE;
	simncp_control(&sim, ready);
	uv_run(&sim.loop, UV_RUN_DEFAULT);
	simncp_close(&sim);
	return EXIT_SUCCESS;
}
