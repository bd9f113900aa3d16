#include "gateway/control_images.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control_describe.h"
#include "gateway/control_log.h"
#include "gateway/control_request.h"
#include "gateway/image_cache.h"
#include "gateway/nodes.h"
#include "gateway/updates.h"
#include "protocols/hex.h"

/* The catalogue on its way into an answer. */
struct listing {
	const struct control_images *parts;
	json_t *list;
};

static int count_running(const struct nodes *nodes, const struct stored_image *image)
{
	int count = 0;

	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node_record *record = &nodes_at(nodes, i)->record;
		count += digest_heads_match(record->image, record->image_size, image->sha256, sizeof(image->sha256));
	}
	return count;
}

static json_t *describe(const struct control_images *parts, const struct stored_image *image)
{
	json_t *object = describe_image(image);

	(void)json_object_set_new(object, "nodes", json_integer(count_running(parts->nodes, image)));
	(void)json_object_set_new(object, "wanted", json_boolean(updates_need(parts->updates, image->sha256)));
	return object;
}

static void add_to_listing(void *context, const struct stored_image *image)
{
	struct listing *listing = context;

	(void)json_array_append_new(listing->list, describe(listing->parts, image));
}

static void handle_list(void *context, struct control_request *request)
{
	const struct control_images *parts = context;
	struct listing listing = { parts, json_array() };

	image_cache_each(parts->images, add_to_listing, &listing);
	control_done(request,
		json_pack("{s:o, s:I}", "images", listing.list, "bytes", (json_int_t)image_cache_bytes(parts->images)));
}

/* Finds a partial image, which image_cache_resolve() leaves out. */
struct search {
	const char *text;
	const struct stored_image *found;
};

static void match_image(void *context, const struct stored_image *image)
{
	struct search *search = context;
	char hex[2 * sizeof(image->sha256) + 1];
	size_t size = strlen(search->text);

	hex_print(hex, image->sha256, sizeof(image->sha256));
	if (strcmp(image->name, search->text) == 0 || (size >= 4 && strncmp(hex, search->text, size) == 0))
		search->found = image;
}

/* The image that the request is about, or NULL, having answered. */
static const struct stored_image *find_image(const struct control_images *parts, struct control_request *request)
{
	struct search search = { .text = control_text(request, "image") };
	int result = image_cache_resolve(parts->images, search.text, &search.found);

	if (result == 0)
		return search.found;
	if (result == -ENOENT)
		image_cache_each(parts->images, match_image, &search);
	if (result == -ENOTUNIQ)
		control_fail(request, -EINVAL, "\"%.64s\" may be several images; give more digits of its digest",
			search.text);
	else if (!search.found)
		control_fail(request, -ENOENT, "there is no image \"%.64s\"", search.text);
	return result == -ENOTUNIQ ? NULL : search.found;
}

static const struct control_argument show_arguments[] = {
	{ "image", CONTROL_TEXT, true, "name, head of the digest, or HARDWARE@VERSION" },
	{ 0 },
};

static void handle_show(void *context, struct control_request *request)
{
	const struct control_images *parts = context;
	const struct stored_image *image = find_image(parts, request);

	if (image)
		control_done(request, json_pack("{s:o}", "image", describe(parts, image)));
}

static const struct control_argument remove_arguments[] = {
	{ "image", CONTROL_TEXT, true, "name, head of the digest, or HARDWARE@VERSION" },
	{ "force", CONTROL_BOOLEAN, false, "even if nodes run it or are to get it" },
	{ 0 },
};

static void on_removed(void *context, int result)
{
	struct control_request *request = context;

	if (result < 0)
		control_fail(request, result, "the image cannot be removed: %s", strerror(-result));
	else
		control_done(request, NULL);
}

static void handle_remove(void *context, struct control_request *request)
{
	const struct control_images *parts = context;
	const struct stored_image *image = find_image(parts, request);
	struct store_reply reply = { .done = on_removed, .context = request };

	if (!image)
		return;
	const struct stored_image removed = *image;
	int result = image_cache_remove(parts->images, removed.sha256, control_boolean(request, "force"), reply);
	if (result == 0)
		control_note(parts->store, clock_moment(parts->clock), "image.removed", removed.name,
			control_asker_name(request));
	else if (result == -EBUSY)
		control_fail(request, -EACCES, "%s is being imported, or nodes run it or are to get it", removed.name);
	else
		control_fail(request, result, "%s cannot be removed: %s", removed.name, strerror(-result));
}

static const struct control_command commands[] = {
	{ "image.list", "the firmware images here, partial ones too", NULL, CONTROL_REMOTE | CONTROL_READS,
		handle_list },
	{ "image.show", "one image, and how many nodes run it", show_arguments, CONTROL_REMOTE | CONTROL_READS,
		handle_show },
	{ "image.remove", "removes an image", remove_arguments, CONTROL_REMOTE, handle_remove },
};

int control_images_register(struct control *control, struct control_images *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
