#include "gateway/cli/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/cli/cli.h"

int mapped_file_open(const struct cli *cli, const char *path, size_t most, struct mapped_file *out)
{
	struct stat found;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cli_fail(
			cli, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "cannot read %s: %s", path, strerror(errno));
	bool known = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
	if (!known || found.st_size == 0 || (size_t)found.st_size > most) {
		close(fd);
		return cli_fail(cli, CLI_FAILED, "%s is not a file of 1 to %zu bytes", path, most);
	}
	out->size = (size_t)found.st_size;
	out->data = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (out->data == MAP_FAILED)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(errno));
	return CLI_OK;
}

void mapped_file_close(struct mapped_file *file)
{
	(void)munmap(file->data, file->size);
}
