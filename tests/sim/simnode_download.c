#include "tests/sim/simnode_download.h"

#include <stdio.h>
#include <string.h>

#include "protocols/cursor.h"

#define MCUBOOT_MAGIC 0x96f3b83du
#define MCUBOOT_HEADER_SIZE 32

static void download_save(const struct simnode_download *download, const struct simnode_flash *flash)
{
	FILE *file = flash_write(flash, FLASH_DOWNLOAD);

	fwrite(download, sizeof(*download), 1, file);
	fclose(file);
}

void download_load(struct simnode_download *download, const struct simnode_flash *flash)
{
	FILE *file = flash_read(flash, FLASH_DOWNLOAD);

	memset(download, 0, sizeof(*download));
	if (!file)
		return;
	if (fread(download, sizeof(*download), 1, file) != 1)
		memset(download, 0, sizeof(*download));
	fclose(file);
}

bool download_want(struct simnode_download *download, const struct simnode_flash *flash,
	const struct profile_update *update, int64_t now_ms)
{
	bool other = !download->wanted || memcmp(download->update.sha256, update->sha256, 32) != 0;

	if (other) {
		download_forget(download, flash);
		download->wanted = true;
	}
	download->update = *update;
	download->fetch_at_ms = now_ms + (int64_t)update->fetch_s * 1000;
	download->apply_at_ms = now_ms + (int64_t)update->apply_s * 1000;
	download->apply_until_ms = update->until_s ? now_ms + (int64_t)update->until_s * 1000 : 0;
	download_save(download, flash);
	return other;
}

bool download_may_apply(const struct simnode_download *download, int64_t now_ms)
{
	return download->complete && now_ms >= download->apply_at_ms &&
	       (download->apply_until_ms == 0 || now_ms < download->apply_until_ms);
}

void download_forget(struct simnode_download *download, const struct simnode_flash *flash)
{
	flash_erase(flash, FLASH_NEW);
	*download = (struct simnode_download){ .flipped = download->flipped };
	download_save(download, flash);
}

uint32_t download_offset(const struct simnode_flash *flash)
{
	long size = flash_size(flash, FLASH_NEW);

	return size < 0 ? 0 : (uint32_t)size;
}

static void write_path(struct coap_writer *writer, const char *uri)
{
	while (*uri == '/') {
		size_t size = strcspn(++uri, "/");
		coap_write_option(writer, COAP_URI_PATH, uri, size);
		uri += size;
	}
}

void download_write_request(
	const struct simnode_download *download, const struct simnode_flash *flash, int szx, struct coap_writer *writer)
{
	uint32_t offset = download_offset(flash);

	write_path(writer, download->update.uri);
	if (szx == SIM_SZX_BY_SERVER && offset == 0)
		return;
	struct coap_block block = { .szx = (uint8_t)(szx == SIM_SZX_BY_SERVER ? 6 : szx) };
	while (block.szx > 0 && offset % coap_block_size(block.szx))
		block.szx--;
	block.number = offset >> (block.szx + 4);
	coap_write_block(writer, COAP_BLOCK2, &block);
}

struct block_answer {
	struct coap_block block;
	uint8_t etag[8];
	uint8_t etag_size;
	bool has_size;
	uint32_t size;
};

static int read_answer(const struct coap_message *message, struct block_answer *answer)
{
	struct coap_options options;
	struct coap_option option;
	int result = 0;

	*answer = (struct block_answer){ .block.szx = 6 };
	coap_options_start(&options, message);
	while (result == 0 && coap_options_next(&options, &option)) {
		if (option.number == COAP_BLOCK2)
			result = coap_block_parse(&answer->block, &option);
		if (option.number == COAP_SIZE2) {
			answer->has_size = true;
			result = coap_option_uint(&option, &answer->size);
		}
		if (option.number == COAP_ETAG && option.size <= sizeof(answer->etag)) {
			answer->etag_size = (uint8_t)option.size;
			memcpy(answer->etag, option.value, option.size);
		}
	}
	return result;
}

static bool same_etag(const struct simnode_download *download, const struct block_answer *answer)
{
	return download->etag_size == answer->etag_size && memcmp(download->etag, answer->etag, answer->etag_size) == 0;
}

enum download_step download_on_block(
	struct simnode_download *download, const struct simnode_flash *flash, const struct coap_message *message)
{
	struct block_answer answer;
	uint32_t offset = download_offset(flash);

	if (read_answer(message, &answer) < 0 || coap_block_offset(&answer.block) != offset ||
		(answer.has_size && answer.size != download->update.size) ||
		(answer.block.more && message->payload_size != coap_block_size(answer.block.szx)) ||
		offset + message->payload_size > download->update.size)
		return DOWNLOAD_ODD;
	if (offset == 0 || !download->etag_known) {
		download->etag_known = true;
		download->etag_size = answer.etag_size;
		memcpy(download->etag, answer.etag, sizeof(answer.etag));
		download_save(download, flash);
	} else if (!same_etag(download, &answer)) {
		flash_erase(flash, FLASH_NEW);
		download->etag_known = false;
		return DOWNLOAD_RESTART;
	}
	if (message->payload_size)
		flash_append(flash, FLASH_NEW, message->payload, message->payload_size);
	return answer.block.more ? DOWNLOAD_MORE : DOWNLOAD_COMPLETE;
}

static size_t image_head(const struct simnode_flash *flash, enum flash_area area, uint8_t head[MCUBOOT_HEADER_SIZE])
{
	FILE *file = flash_read(flash, area);
	size_t size = file ? fread(head, 1, MCUBOOT_HEADER_SIZE, file) : 0;

	if (file)
		fclose(file);
	return size;
}

static bool header_fits(const struct simnode_flash *flash)
{
	uint8_t head[MCUBOOT_HEADER_SIZE];
	struct reader in;

	reader_init(&in, head, image_head(flash, FLASH_NEW, head));
	uint32_t magic = read_le32(&in);
	(void)read_le32(&in); /* load address */
	uint64_t header_size = read_le16(&in);
	(void)read_le16(&in); /* size of the protected TLVs */
	uint64_t image_size = read_le32(&in);
	return !in.failed && magic == MCUBOOT_MAGIC && header_size >= MCUBOOT_HEADER_SIZE &&
	       header_size + image_size <= (uint64_t)flash_size(flash, FLASH_NEW);
}

enum sim_refusal download_verify(struct simnode_download *download, const struct simnode_flash *flash, bool raw)
{
	uint8_t sha256[32];

	flash_digest(flash, FLASH_NEW, sha256);
	if (download_offset(flash) != download->update.size || memcmp(sha256, download->update.sha256, 32) != 0)
		return SIM_INTEGRITY;
	if (!raw && !header_fits(flash))
		return SIM_UNSUPPORTED;
	download->complete = true;
	download_save(download, flash);
	return SIM_GOOD;
}

void sim_image_version(const struct simnode_flash *flash, enum flash_area area, char version[33])
{
	uint8_t head[MCUBOOT_HEADER_SIZE];
	struct reader in;

	reader_init(&in, head, image_head(flash, area, head));
	uint32_t magic = read_le32(&in);
	(void)read_bytes(&in, 16);
	unsigned major = read_u8(&in);
	unsigned minor = read_u8(&in);
	unsigned revision = read_le16(&in);
	uint32_t build = read_le32(&in);
	bool known = !in.failed && magic == MCUBOOT_MAGIC;
	int size = snprintf(version, 33, "%u.%u.%u", known ? major : 0, known ? minor : 0, known ? revision : 0);
	if (known && build)
		snprintf(version + size, 33 - (size_t)size, "+%u", build);
}
