/*
 * standalone_main: runs a fuzz target over files and folders, for compilers without libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0;
	size_t room = 0;

	if (!file) {
		perror(path);
		return 1;
	}
	do {
		room = size + 65536;
		data = realloc(data, room);
		if (!data)
			abort();
		size += fread(data + size, 1, room - size, file);
	} while (size == room);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static int run_path(const char *path, unsigned *files)
{
	struct stat status;
	struct dirent *entry;
	char name[4096];
	int failed = 0;

	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)) {
		++*files;
		return run_file(path);
	}
	DIR *folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failed |= run_path(name, files);
	}
	if (folder)
		closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned files = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_path(argv[i], &files);
	printf("%u inputs\n", files);
	return failed || files == 0;
}
