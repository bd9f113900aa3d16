#include "drivers/far_images.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/driver_message.h"
#include "tests/unit/suite.h"

#define SIZE (3 * FAR_CHUNK_BYTES + 100)

static struct far_images images;
static struct {
	uint32_t offset, size;
} asked[FAR_CHUNKS * 2];
static size_t asked_count;

static bool is_full; /* the way to the gateway */

static int on_ask(void *context, const char *name, uint32_t offset, uint32_t size)
{
	ck_assert_str_eq(name, "0123456789abcdef");
	if (is_full)
		return -EAGAIN;
	asked[asked_count].offset = offset;
	asked[asked_count++].size = size;
	return 0;
}

static struct image_source *begin(uint32_t size)
{
	struct driver_message message;

	far_images_init(&images);
	images.ask = on_ask;
	asked_count = 0;
	driver_message_init(&message, DRIVER_OFFER);
	strcpy(message.name, "0123456789abcdef");
	message.size = size;
	message.digest_size = 32;
	struct image_source *image = far_images_hold(&images, &message);
	ck_assert_ptr_nonnull(image);
	return image;
}

static void end(struct image_source *image)
{
	image_source_release(&image);
	ck_assert_uint_eq(images.by_name.count, 0);
	far_images_finish(&images);
}

/* The gateway answers a question: every byte is the number of its chunk. Whether somebody waited. */
static bool answer(size_t index, int result)
{
	static char bytes[FAR_CHUNK_BYTES];
	struct driver_message message;

	driver_message_init(&message, DRIVER_BYTES);
	strcpy(message.name, "0123456789abcdef");
	message.offset = asked[index].offset;
	message.result = result;
	memset(bytes, (int)(asked[index].offset / FAR_CHUNK_BYTES), sizeof(bytes));
	return far_images_take(&images, &message, (struct span){ bytes, result ? 0 : asked[index].size });
}

START_TEST(bytes_are_asked_for_and_there_once_they_came)
{
	struct image_source *image = begin(SIZE);
	uint8_t buffer[64];

	ck_assert_int_eq(image_source_read(image, 10, buffer, 64), -EAGAIN);
	ck_assert_int_eq(image_source_read(image, 20, buffer, 64), -EAGAIN);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert(answer(0, 0));
	ck_assert_int_eq(image_source_read(image, 10, buffer, 64), 64);
	ck_assert_uint_eq(buffer[63], 0);
	end(image);
}
END_TEST

START_TEST(what_follows_is_asked_for_ahead_and_nobody_is_woken_for_it)
{
	struct image_source *image = begin(SIZE);
	uint8_t buffer[64];

	(void)image_source_read(image, 0, buffer, 64);
	(void)answer(0, 0);
	(void)image_source_read(image, 0, buffer, 64);
	ck_assert_uint_eq(asked_count, 2);
	ck_assert_uint_eq(asked[1].offset, FAR_CHUNK_BYTES);
	ck_assert(!answer(1, 0));
	ck_assert_int_eq(image_source_read(image, FAR_CHUNK_BYTES - 1, buffer, 2), 2);
	ck_assert_uint_eq(buffer[0], 0);
	ck_assert_uint_eq(buffer[1], 1);
	end(image);
}
END_TEST

START_TEST(the_end_is_as_image_source_says)
{
	struct image_source *image = begin(SIZE);
	uint8_t buffer[200];

	ck_assert_int_eq(image_source_read(image, SIZE, buffer, 10), 0);
	ck_assert_int_eq(image_source_read(image, SIZE + 5000, buffer, 10), 0);
	ck_assert_int_eq(image_source_read(image, SIZE - 50, buffer, 200), -EAGAIN);
	ck_assert_uint_eq(asked[0].size, 100);
	(void)answer(0, 0);
	ck_assert_int_eq(image_source_read(image, SIZE - 50, buffer, 200), 50);
	ck_assert_uint_eq(asked_count, 1);
	end(image);
}
END_TEST

START_TEST(what_the_gateway_does_not_have_is_an_error_once)
{
	struct image_source *image = begin(SIZE);
	uint8_t buffer[8];

	(void)image_source_read(image, 0, buffer, 8);
	ck_assert(answer(0, -ENOENT));
	ck_assert_int_eq(image_source_read(image, 0, buffer, 8), -EIO);
	ck_assert_int_eq(image_source_read(image, 0, buffer, 8), -EAGAIN);
	end(image);
}
END_TEST

START_TEST(what_could_not_be_asked_for_is_asked_for_anew)
{
	struct image_source *image = begin(SIZE);
	uint8_t buffer[8];

	is_full = true;
	ck_assert_int_eq(image_source_read(image, 0, buffer, 8), -EAGAIN);
	is_full = false;
	ck_assert_int_eq(image_source_read(image, 0, buffer, 8), -EAGAIN);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert(answer(0, 0));
	ck_assert_int_eq(image_source_read(image, 0, buffer, 8), 8);
	end(image);
}
END_TEST

START_TEST(more_readers_than_chunks_all_get_their_bytes)
{
	struct image_source *image = begin((FAR_CHUNKS + 40) * FAR_CHUNK_BYTES);
	size_t left = FAR_CHUNKS + 40, answered = 0;
	bool read[FAR_CHUNKS + 40] = { false };
	uint8_t byte;

	while (left > 0) {
		for (uint32_t i = 0; i < FAR_CHUNKS + 40; i++) {
			if (read[i] || image_source_read(image, i * FAR_CHUNK_BYTES, &byte, 1) != 1)
				continue;
			ck_assert_uint_eq(byte, (uint8_t)i);
			read[i] = true;
			left--;
		}
		ck_assert(left == 0 || answered < asked_count);
		if (answered < asked_count)
			(void)answer(answered++, 0);
		ck_assert_uint_lt(asked_count, FAR_CHUNKS * 2 - 1);
	}
	end(image);
}
END_TEST

START_TEST(two_who_hold_an_image_hold_the_same)
{
	struct image_source *image = begin(SIZE);
	struct driver_message message;

	driver_message_init(&message, DRIVER_OFFER);
	strcpy(message.name, image->name);
	struct image_source *again = far_images_hold(&images, &message);
	ck_assert_ptr_eq(again, image);
	image_source_release(&again);
	end(image);
}
END_TEST

TEST_SUITE(far_images, bytes_are_asked_for_and_there_once_they_came,
	what_follows_is_asked_for_ahead_and_nobody_is_woken_for_it, the_end_is_as_image_source_says,
	what_the_gateway_does_not_have_is_an_error_once, what_could_not_be_asked_for_is_asked_for_anew,
	more_readers_than_chunks_all_get_their_bytes, two_who_hold_an_image_hold_the_same)
