#include "tests/sim/simnode_flash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void give_up(const char *path)
{
	perror(path);
	exit(EXIT_FAILURE);
}

static const char *area_path(const struct simnode_flash *flash, enum flash_area area, char *path, size_t size)
{
	static const char *const names[FLASH_AREAS] = {
		[FLASH_RUNNING] = "running.bin",
		[FLASH_NEW] = "new.bin",
		[FLASH_FORMER] = "former.bin",
		[FLASH_DOWNLOAD] = "download",
		[FLASH_READINGS] = "readings",
		[FLASH_TRIAL] = "trial",
	};

	snprintf(path, size, "%s/%s", flash->folder, names[area]);
	return path;
}

static FILE *area_open(const struct simnode_flash *flash, enum flash_area area, const char *mode)
{
	char path[600];
	FILE *file = fopen(area_path(flash, area, path, sizeof(path)), mode);

	if (!file && (*mode != 'r' || errno != ENOENT))
		give_up(path);
	return file;
}

void flash_init(struct simnode_flash *flash, const char *parent, const char *name)
{
	int size = snprintf(flash->folder, sizeof(flash->folder), "%s/%s", parent, name);

	if (size < 0 || (size_t)size >= sizeof(flash->folder) || (mkdir(flash->folder, 0755) < 0 && errno != EEXIST))
		give_up(flash->folder);
}

long flash_size(const struct simnode_flash *flash, enum flash_area area)
{
	char path[600];
	struct stat status;

	return stat(area_path(flash, area, path, sizeof(path)), &status) < 0 ? -1 : (long)status.st_size;
}

void flash_append(const struct simnode_flash *flash, enum flash_area area, const void *data, size_t size)
{
	FILE *file = area_open(flash, area, "ab");

	if (fwrite(data, 1, size, file) != size || fclose(file) != 0)
		give_up(flash->folder);
}

void flash_flip(const struct simnode_flash *flash, enum flash_area area, long offset)
{
	FILE *file = area_open(flash, area, "r+b");

	if (!file)
		return;
	fseek(file, offset, SEEK_SET);
	int byte = fgetc(file);
	fseek(file, offset, SEEK_SET);
	fputc(~byte & 0xff, file);
	fclose(file);
}

void flash_cut(const struct simnode_flash *flash, enum flash_area area, long size)
{
	char path[600];

	if (truncate(area_path(flash, area, path, sizeof(path)), size) < 0)
		give_up(path);
}

void flash_erase(const struct simnode_flash *flash, enum flash_area area)
{
	char path[600];

	if (unlink(area_path(flash, area, path, sizeof(path))) < 0 && errno != ENOENT)
		give_up(path);
}

void flash_move(const struct simnode_flash *flash, enum flash_area from, enum flash_area to)
{
	char source[600];
	char target[600];

	if (rename(area_path(flash, from, source, sizeof(source)), area_path(flash, to, target, sizeof(target))) < 0)
		give_up(source);
}

FILE *flash_read(const struct simnode_flash *flash, enum flash_area area)
{
	return area_open(flash, area, "rb");
}

FILE *flash_write(const struct simnode_flash *flash, enum flash_area area)
{
	return area_open(flash, area, "wb");
}

void flash_digest(const struct simnode_flash *flash, enum flash_area area, uint8_t sha256[32])
{
	FILE *file = flash_read(flash, area);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	uint8_t buffer[4096];
	size_t size;

	EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	while (file && (size = fread(buffer, 1, sizeof(buffer), file)) > 0)
		EVP_DigestUpdate(digest, buffer, size);
	EVP_DigestFinal_ex(digest, sha256, NULL);
	EVP_MD_CTX_free(digest);
	if (file)
		fclose(file);
}
