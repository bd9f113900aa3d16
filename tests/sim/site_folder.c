#include "tests/sim/site_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (64 * 1024 * 1024)

static void for_each_file(
	const char *folder, void (*act)(const char *path, const char *name, const char *to), const char *to)
{
	struct dirent *entry;
	char path[512];
	DIR *directory = opendir(folder);

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		act(path, entry->d_name, to);
	}
	if (directory)
		(void)closedir(directory);
}

static void remove_file(const char *path, const char *name, const char *to)
{
	(void)unlink(path);
}

static void copy_file(const char *path, const char *name, const char *to)
{
	char target[512];

	snprintf(target, sizeof(target), "%s/%s", to, name);
	int in = open(path, O_RDONLY | O_CLOEXEC), out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || sendfile(out, in, NULL, FILE_MOST) < 0)
		abort();
	(void)close(in);
	(void)close(out);
}

void site_folder_empty(const char *folder)
{
	for_each_file(folder, remove_file, NULL);
}

void site_folder_remove(const char *folder)
{
	site_folder_empty(folder);
	(void)rmdir(folder);
}

void site_folder_copy(const char *from, const char *to)
{
	if (mkdir(to, 0750) < 0 && errno != EEXIST)
		abort();
	site_folder_empty(to);
	for_each_file(from, copy_file, to);
}
