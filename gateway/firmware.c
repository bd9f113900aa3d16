#include "gateway/firmware.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/image_policy.h"
#include "gateway/ota.h"
#include "store/image_store.h"

struct firmware {
	struct firmware_parts parts;
	struct image_policy *policy;
	struct image_cache *images;
	struct image_imports *imports;
	struct ota *ota; /* NULL: no upstream */
};

static int open_parts(struct firmware *firmware, char *why, size_t why_size)
{
	const struct firmware_parts *parts = &firmware->parts;
	struct image_cache_options cache = {
		.store = parts->store,
		.quota_bytes = (uint64_t)parts->settings->quota_bytes,
		.cached_chunks = (unsigned)parts->settings->cached_chunks,
		.context = parts->context,
		.needed = parts->needed,
		.ready = parts->ready,
	};
	int error = image_policy_open(&firmware->policy, parts->settings, why, why_size);

	if (!error)
		error = image_cache_open(&firmware->images, &cache);
	if (error)
		return error;
	struct image_imports_options imports = {
		.store = parts->store,
		.cache = firmware->images,
		.policy = firmware->policy,
	};
	return image_imports_open(&firmware->imports, &imports);
}

int firmware_open(struct firmware **out, const struct firmware_parts *parts, char *why, size_t why_size)
{
	struct firmware *firmware = calloc(1, sizeof(*firmware));

	if (!firmware)
		return -ENOMEM;
	firmware->parts = *parts;
	int error = open_parts(firmware, why, why_size);
	if (error) {
		firmware_flush(firmware);
		firmware_close(firmware);
		return error;
	}
	*out = firmware;
	return 0;
}

int firmware_attach(struct firmware *firmware, const struct firmware_upstream *upstream, struct moment now)
{
	struct ota_parts parts = {
		.loop = upstream->loop,
		.downloads = upstream->downloads,
		.blocks = upstream->blocks,
		.topics = upstream->topics,
		.upstream = upstream->upstream,
		.imports = firmware->imports,
		.cache = firmware->images,
		.random = upstream->random,
	};
	int error = ota_open(&firmware->ota, &parts, now);

	return error ? error : ota_register(firmware->ota, upstream->control);
}

int firmware_take_manifest(struct firmware *firmware, const char *text, struct moment now, char *why, size_t why_size)
{
	return firmware->ota ? ota_take_manifest(firmware->ota, text, now, why, why_size) : -ENOTCONN;
}

int64_t firmware_tick(struct firmware *firmware, struct moment now)
{
	return ota_tick(firmware->ota, now);
}

int firmware_reload(struct firmware *firmware, char *why, size_t why_size)
{
	struct image_policy *newer = NULL;
	int error = image_policy_open(&newer, firmware->parts.settings, why, why_size);

	if (error)
		return error;
	image_imports_set_policy(firmware->imports, newer);
	image_policy_close(firmware->policy);
	firmware->policy = newer;
	return 0;
}

struct image_cache *firmware_images(const struct firmware *firmware)
{
	return firmware->images;
}

struct image_imports *firmware_imports(const struct firmware *firmware)
{
	return firmware->imports;
}

struct image_source *firmware_find(struct firmware *firmware, const uint8_t sha256[32], const char **hardware)
{
	const struct stored_image *image = image_cache_find(firmware->images, sha256);

	if (!image || !image->complete)
		return NULL;
	*hardware = image->hardware;
	return image_cache_source(firmware->images, sha256);
}

void firmware_flush(struct firmware *firmware)
{
	if (!firmware)
		return;
	ota_close(firmware->ota);
	firmware->ota = NULL;
	image_imports_close(firmware->imports);
	firmware->imports = NULL;
}

void firmware_close(struct firmware *firmware)
{
	if (!firmware)
		return;
	image_cache_close(firmware->images);
	image_policy_close(firmware->policy);
	free(firmware);
}
