#include "gateway/control_uploads.h"

#include "tests/unit/control_bench.h"

#define SIZE 200000

/* A file and what was claimed of it. */
struct file {
	uint8_t data[SIZE];
	char sha256[65];
};

static struct file file;

static struct control_bench *begin(void)
{
	uint8_t sha256[32];

	for (size_t i = 0; i < SIZE; i++)
		file.data[i] = (uint8_t)(i * 7 + (i >> 8));
	digest_compute(DIGEST_SHA256, file.data, SIZE, sha256);
	hex_print(file.sha256, sha256, sizeof(sha256));
	return bench_open();
}

static json_t *claim(const char *hardware)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "command", "image.upload", "name", "app.bin", "size", SIZE,
		"sha256", file.sha256, "hardware", hardware);
}

static int64_t open_upload(struct control_bench *bench)
{
	json_t *result = bench_ask(bench, claim("meter-2"));

	ck_assert_ptr_nonnull(result);
	return number_of(result, "upload");
}

static json_t *data_request(int64_t upload, size_t offset)
{
	return json_pack("{s:s, s:I, s:I}", "command", "image.upload.data", "upload", (json_int_t)upload, "offset",
		(json_int_t)offset);
}

static json_t *send_data(struct control_bench *bench, int64_t upload, size_t offset, size_t size)
{
	(void)bench_ask_with(bench, data_request(upload, offset), (struct control_bytes){ file.data + offset, size });
	while (!bench->reply)
		scratch_store_settle(&bench->scratch);
	return json_object_get(bench->reply, "result");
}

static json_t *finish(struct control_bench *bench, int64_t upload)
{
	return bench_ask(
		bench, json_pack("{s:s, s:I}", "command", "image.upload.finish", "upload", (json_int_t)upload));
}

START_TEST(pieces_go_on_where_the_answer_says)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);

	ck_assert_int_eq(number_of(send_data(bench, upload, 0, 70000), "offset"), 70000);
	(void)send_data(bench, upload, 0, 70000);
	ck_failed(bench, "bad_request");
	ck_assert_int_eq(number_of(send_data(bench, upload, 70000, SIZE - 70000), "offset"), SIZE);
	json_t *image = json_object_get(finish(bench, upload), "image");
	ck_assert_str_eq(text_of(image, "sha256"), file.sha256);
	(void)finish(bench, upload);
	ck_failed(bench, "not_found");
	bench_close(bench);
}
END_TEST

START_TEST(an_image_that_is_here_need_not_come_again)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);

	(void)send_data(bench, upload, 0, SIZE);
	ck_assert_ptr_nonnull(finish(bench, upload));
	json_t *result = bench_ask(bench, claim("meter-2"));
	ck_assert(json_is_true(json_object_get(result, "exists")));
	ck_assert_str_eq(text_of(json_object_get(result, "image"), "sha256"), file.sha256);
	bench_close(bench);
}
END_TEST

START_TEST(an_unsigned_image_for_hardware_that_wants_signatures_is_refused)
{
	struct control_bench *bench = begin();
	int64_t upload = number_of(bench_ask(bench, claim("lock-1")), "upload");

	(void)send_data(bench, upload, 0, SIZE);
	ck_assert_ptr_null(finish(bench, upload));
	ck_failed(bench, "refused");
	ck_assert_uint_eq(json_array_size(json_object_get(
				  bench_ask(bench, json_pack("{s:s}", "command", "image.list")), "images")),
		0);
	bench_close(bench);
}
END_TEST

START_TEST(bytes_that_are_not_what_was_claimed_are_refused)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);

	file.data[100] ^= 1;
	(void)send_data(bench, upload, 0, SIZE);
	(void)finish(bench, upload);
	ck_failed(bench, "malformed");
	bench_close(bench);
}
END_TEST

START_TEST(an_upload_that_went_silent_goes_on_with_the_next_one)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);

	(void)send_data(bench, upload, 0, 131072);
	scratch_store_settle(&bench->scratch);
	bench->now.monotonic_ms += CONTROL_UPLOAD_SILENCE_MS + 1;
	(void)control_uploads_tick(bench->uploads, bench->now);
	(void)send_data(bench, upload, 131072, 10);
	ck_failed(bench, "not_found");
	scratch_store_settle(&bench->scratch);
	json_t *result = bench_ask(bench, claim("meter-2"));
	ck_assert_int_eq(number_of(result, "offset"), 131072);
	upload = number_of(result, "upload");
	(void)send_data(bench, upload, 131072, SIZE - 131072);
	ck_assert_ptr_nonnull(finish(bench, upload));
	bench_close(bench);
}
END_TEST

START_TEST(a_client_that_leaves_suspends_its_upload)
{
	struct control_bench *bench = begin();
	struct control_request *request = bench_ask_with(bench, claim("meter-2"), (struct control_bytes){ 0 });

	ck_assert_ptr_nonnull(request);
	control_cancel(request);
	scratch_store_settle(&bench->scratch);
	ck_assert_ptr_null(bench->reply);
	ck_assert_int_gt(open_upload(bench), 0);
	bench_close(bench);
}
END_TEST

START_TEST(a_cancelled_upload_leaves_nothing)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);

	(void)send_data(bench, upload, 0, 131072);
	ck_assert_ptr_nonnull(bench_ask(
		bench, json_pack("{s:s, s:I}", "command", "image.upload.cancel", "upload", (json_int_t)upload)));
	scratch_store_settle(&bench->scratch);
	json_t *result = bench_ask(bench, json_pack("{s:s}", "command", "image.list"));
	ck_assert_uint_eq(json_array_size(json_object_get(result, "images")), 0);
	bench_close(bench);
}
END_TEST

START_TEST(claims_that_make_no_sense_are_refused)
{
	struct control_bench *bench = begin();
	json_t *request = claim("meter-2");

	(void)json_object_set_new(request, "size", json_integer(0));
	(void)bench_ask(bench, request);
	ck_failed(bench, "too_large");
	request = claim("meter-2");
	(void)json_object_set_new(request, "size", json_integer(INT64_C(1) << 33));
	(void)bench_ask(bench, request);
	ck_failed(bench, "too_large");
	request = claim("meter-2");
	(void)json_object_set_new(request, "sha256", json_string("12"));
	(void)bench_ask(bench, request);
	ck_failed(bench, "bad_request");
	request = claim("meter-2");
	(void)json_object_set_new(request, "signature", json_string("?"));
	(void)bench_ask(bench, request);
	ck_failed(bench, "bad_request");
	bench_close(bench);
}
END_TEST

START_TEST(a_piece_is_neither_empty_nor_over_the_limit)
{
	struct control_bench *bench = begin();
	int64_t upload = open_upload(bench);
	static const uint8_t big[CONTROL_UPLOAD_PIECE_MAX + 1];

	(void)send_data(bench, upload, 0, 0);
	ck_failed(bench, "bad_request");
	(void)bench_ask_with(bench, data_request(upload, 0), (struct control_bytes){ big, sizeof(big) });
	ck_failed(bench, "bad_request");
	bench_close(bench);
}
END_TEST

TEST_SUITE(control_uploads, pieces_go_on_where_the_answer_says, an_image_that_is_here_need_not_come_again,
	an_unsigned_image_for_hardware_that_wants_signatures_is_refused,
	bytes_that_are_not_what_was_claimed_are_refused, an_upload_that_went_silent_goes_on_with_the_next_one,
	a_client_that_leaves_suspends_its_upload, a_cancelled_upload_leaves_nothing,
	claims_that_make_no_sense_are_refused, a_piece_is_neither_empty_nor_over_the_limit)
