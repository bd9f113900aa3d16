/* fuzz_rollout_file: a rollout as a file. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/rollout_file.h"

/* libconfig 1.5 forgets to free the token at which it meets a syntax error: some bytes per refused file. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = NULL;
	struct config_faults faults;
	char path[64];
	int fd = memfd_create("rollout", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int error = rollout_file_read(&json, path, &faults);
	if (error ? faults.count == 0 || json : faults.count > 0 || !json)
		abort(); /* an error without a word, or a complaint about what is right */
	config_faults_finish(&faults);
	json_decref(json);
	close(fd);
	return 0;
}
