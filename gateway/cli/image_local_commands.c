/*
 * Commands on image files that need no daemon: sign and inspect.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/human.h"
#include "gateway/cli/mapped_file.h"
#include "gateway/cli/pair.h"
#include "gateway/digest.h"
#include "gateway/key_file.h"
#include "gateway/signature.h"
#include "gateway/signature_make.h"
#include "gateway/signing_key.h"
#include "protocols/hex.h"
#include "protocols/image_header.h"

#define FILE_MAX (256 * 1024 * 1024)
#define PATH_SIZE 4096
#define HEADER_SIZE_MAX 32768

static const struct cli_option sign_options[] = {
	{ 'k', "key", "FILE", "the private key that signs" },
	{ 0, "detached", NULL, "leave the file as it is and write the signature beside it (FILE.sig)" },
	{ 0, "version", "VERSION", "1.2.3 or 1.2.3+4, into the header" },
	{ 0, "hardware", "TYPE", "the type of node it is for, signed with the image" },
	{ 0, "header-size", "BYTES", "room for the header (32)" },
	{ 0, "in-place", NULL, "the file begins with that room, zero bytes, as Zephyr builds it" },
	{ 0, "slot-size", "BYTES", "the image must fit into the slot, with its trailer" },
	{ 0, "pad", NULL, "fill the slot and write the trailer" },
	{ 0, "confirm", NULL, "mark the image as confirmed in the trailer; implies --pad" },
	{ 0 },
};

/* Writes a whole file anew, or leaves none. */
static int write_file(const struct cli *cli, const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return cli_fail(cli, CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
	bool good = fwrite(data, 1, size, file) == size;
	good = fclose(file) == 0 && good;
	if (good)
		return CLI_OK;
	int error = errno;
	(void)unlink(path);
	return cli_fail(cli, CLI_FAILED, "cannot write %s: %s", path, strerror(error));
}

static void print_size(const struct cli *cli, size_t size)
{
	char text[128];
	char human[HUMAN_SIZE];

	snprintf(text, sizeof(text), "%s (%zu bytes)", human_size(human, size), size);
	pair_print(cli, "size", text);
}

static int tell_signed(const struct cli *cli, const char *path, size_t size, const uint8_t sha256[32])
{
	char hex[65];

	hex_print(hex, sha256, 32);
	if (cli->json)
		return cli_print_json(
			cli, json_pack("{s:s, s:I, s:s}", "file", path, "size_bytes", (json_int_t)size, "sha256", hex));
	pair_print(cli, "file", path);
	print_size(cli, size);
	pair_print(cli, "sha256", hex);
	return CLI_OK;
}

static int write_and_tell(const struct cli *cli, const char *path, struct bytes bytes)
{
	uint8_t sha256[32];

	digest_compute(DIGEST_SHA256, bytes.data, bytes.size, sha256);
	int code = write_file(cli, path, bytes.data, bytes.size);
	return code == CLI_OK ? tell_signed(cli, path, bytes.size, sha256) : code;
}

static int sign_refused(const struct cli *cli, int result, const char *fault)
{
	if (result == -ENOTSUP)
		return cli_fail(cli, CLI_FAILED, "wakegate signs with ECDSA P-256 and Ed25519 keys only");
	return cli_fail(cli, CLI_FAILED, "%s", fault ? fault : strerror(-result));
}

static int sign_detached(const struct cli *cli, const struct signing_key *key, struct bytes file)
{
	uint8_t signature[SIGNATURE_MAX];
	struct bytes made = { .data = signature, .size = sizeof(signature) };
	char beside[PATH_SIZE];
	const char *path = cli->argument_count > 1 ? cli->arguments[1] : beside;

	if (snprintf(beside, sizeof(beside), "%s.sig", cli->arguments[0]) >= (int)sizeof(beside))
		return cli_fail(cli, CLI_USAGE, "the file's name is too long");
	int result = signing_key_sign(key, file, signature, &made.size);
	return result < 0 ? sign_refused(cli, result, NULL) : write_and_tell(cli, path, made);
}

/* What the options say of the wrapping; an exit code. */
static int read_wrapping(const struct cli *cli, struct mcuboot_wrapping *out)
{
	const char *version = cli_value(cli, "version");
	int64_t header_size = MCUBOOT_HEADER_SIZE;
	int64_t slot_size = 0;
	int code = cli_number(cli, "header-size", MCUBOOT_HEADER_SIZE, HEADER_SIZE_MAX, &header_size);

	if (code == CLI_OK)
		code = cli_number(cli, "slot-size", 1024, FILE_MAX, &slot_size);
	if (code != CLI_OK)
		return code;
	if (!version)
		return cli_fail(cli, CLI_USAGE, "--version is needed, such as --version 1.2.3");
	if (mcuboot_version_parse(&out->version, version) < 0)
		return cli_fail(cli, CLI_USAGE, "--version: found \"%s\", allowed are 1.2.3 and 1.2.3+4", version);
	out->hardware = cli_value(cli, "hardware");
	out->header_size = (uint16_t)header_size;
	out->slot_size = (uint32_t)slot_size;
	out->in_place = cli_given(cli, "in-place");
	out->confirm = cli_given(cli, "confirm");
	out->pad = out->confirm || cli_given(cli, "pad");
	return CLI_OK;
}

static int sign_mcuboot(const struct cli *cli, const struct signing_key *key, struct bytes file)
{
	struct mcuboot_wrapping wrapping = { 0 };
	struct bytes image = { 0 };
	const char *fault = NULL;

	if (cli->argument_count < 2)
		return cli_fail(cli, CLI_USAGE, "where to? wakegate image sign FILE OUTPUT, or --detached");
	int code = read_wrapping(cli, &wrapping);
	if (code != CLI_OK)
		return code;
	int result = signature_wrap_mcuboot(key, &wrapping, file, &image, &fault);
	if (result < 0)
		return sign_refused(cli, result, fault);
	code = write_and_tell(cli, cli->arguments[1], image);
	free((void *)image.data);
	return code;
}

static int run_sign(struct cli *cli)
{
	const char *path = cli_value(cli, "key");
	struct mapped_file file;
	struct signing_key *key = NULL;
	char why[512];

	if (!path)
		return cli_fail(cli, CLI_USAGE, "--key is needed; \"wakegate key create NAME\" makes one");
	if (signing_key_read(&key, path, why, sizeof(why)) < 0)
		return cli_fail(cli, CLI_FAILED, "%s", why);
	int code = mapped_file_open(cli, cli->arguments[0], FILE_MAX, &file);
	if (code == CLI_OK) {
		struct bytes bytes = { file.data, file.size };
		code = cli_given(cli, "detached") ? sign_detached(cli, key, bytes) : sign_mcuboot(cli, key, bytes);
		mapped_file_close(&file);
	}
	signing_key_close(key);
	return code;
}

const struct cli_command command_image_sign = {
	.verb = "sign",
	.arguments = "FILE [OUTPUT]",
	.least = 1,
	.most = 2,
	.summary = "sign a firmware file",
	.help = "Makes a MCUboot image of FILE: header, file, signature. Boot loader and gateway verify it\n"
		"with the public key. With --detached the file stays as it is and the signature goes into\n"
		"FILE.sig, which \"image add\" finds. Needs no running daemon.\n"
		"\n"
		"Examples:\n"
		"  wakegate image sign -k release.key --version 1.4.0 app.bin app.signed.bin\n"
		"  wakegate image sign -k release.key --detached esp-app.bin\n",
	.options = sign_options,
	.run = run_sign,
};

static const struct cli_option inspect_options[] = {
	{ 'k', "key", "FILE", "a public key to verify with; may be given again" },
	{ 0, "signature", "FILE", "a detached signature to verify" },
	{ 0 },
};

/* A file, taken apart. */
struct inspection {
	struct image_header header;
	struct bytes file;
	char sha256[65];
	char signature[160]; /* in words */
	const char *signer;  /* NULL: none that is known */
};

static int read_ring(const struct cli *cli, struct key_ring *ring)
{
	const char *paths[CLI_OPTIONS_MAX];
	size_t count = 0;
	char why[512];

	for (size_t i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].option->name, "key") == 0)
			paths[count++] = cli->given[i].value;
	if (key_ring_read(ring, paths, count, why, sizeof(why)) < 0)
		return cli_fail(cli, CLI_FAILED, "%s", why);
	return CLI_OK;
}

static void say_signature(struct inspection *inspection, int result, const struct signature_finding *found)
{
	if (result == 0) {
		inspection->signer = found->signer->name;
		snprintf(inspection->signature, sizeof(inspection->signature), "good, by %s", found->signer->name);
		return;
	}
	snprintf(inspection->signature, sizeof(inspection->signature), "%s: %s",
		result == -ENODATA ? "none" : "not verified", found->fault);
}

static int check_detached(
	const struct cli *cli, const char *path, const struct key_ring *ring, struct inspection *inspection)
{
	struct signature_finding found = { 0 };
	struct mapped_file detached;
	int code = mapped_file_open(cli, path, SIGNATURE_MAX, &detached);

	if (code != CLI_OK)
		return code;
	struct bytes signature = { detached.data, detached.size };
	say_signature(inspection, signature_verify_detached(inspection->file, signature, ring, &found), &found);
	mapped_file_close(&detached);
	return CLI_OK;
}

static int check_signature(const struct cli *cli, const struct key_ring *ring, struct inspection *inspection)
{
	struct signature_finding found = { .fault =
						   "this format carries none, but one may be beside it (--signature)" };
	const char *detached = cli_value(cli, "signature");
	int result = -ENODATA;

	if (detached)
		return check_detached(cli, detached, ring, inspection);
	if (inspection->header.format == IMAGE_FORMAT_MCUBOOT)
		result = signature_verify_mcuboot(&inspection->header.mcuboot, inspection->file.data, ring, &found);
	if (result == -EKEYREJECTED && ring->count == 0)
		found.fault = "give the public key of its signer (--key)";
	say_signature(inspection, result, &found);
	return CLI_OK;
}

static const char *or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static void print_inspection(const struct cli *cli, const struct inspection *inspection)
{
	const struct image_header *header = &inspection->header;
	char text[128];

	pair_print(cli, "format", image_format_name(header->format));
	pair_print(cli, "version", or_dash(header->version));
	pair_print(cli, "hardware", or_dash(header->hardware));
	if (*header->requires)
		pair_print(cli, "requires", header->requires);
	print_size(cli, inspection->file.size);
	snprintf(text, sizeof(text), "%" PRIu32 " bytes at %" PRIu32, header->payload_size, header->payload_offset);
	pair_print(cli, "payload", text);
	pair_print(cli, "sha256", inspection->sha256);
	pair_print(cli, "signature", inspection->signature);
}

static json_t *inspection_json(const struct inspection *inspection)
{
	const struct image_header *header = &inspection->header;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s?}", "format",
		image_format_name(header->format), "version", header->version, "hardware", header->hardware, "requires",
		header->requires, "size_bytes", (json_int_t)inspection->file.size, "payload_offset",
		(json_int_t)header->payload_offset, "payload_size", (json_int_t)header->payload_size, "sha256",
		inspection->sha256, "signature", inspection->signature, "signer", inspection->signer);
}

/* With keys given, the exit code tells whether one of them signed it. */
static int inspect(const struct cli *cli, const struct key_ring *ring, struct inspection *inspection)
{
	const char *fault = NULL;
	uint8_t sha256[32];

	if (image_header_parse(&inspection->header, inspection->file.data, inspection->file.size, &fault) < 0)
		return cli_fail(cli, CLI_REFUSED, "the image is malformed: %s", fault);
	digest_compute(DIGEST_SHA256, inspection->file.data, inspection->file.size, sha256);
	hex_print(inspection->sha256, sha256, sizeof(sha256));
	int code = check_signature(cli, ring, inspection);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		code = cli_print_json(cli, inspection_json(inspection));
	else
		print_inspection(cli, inspection);
	return code == CLI_OK && ring->count > 0 && !inspection->signer ? CLI_REFUSED : code;
}

static int run_inspect(struct cli *cli)
{
	struct inspection inspection = { 0 };
	struct key_ring ring = { 0 };
	struct mapped_file file;
	int code = read_ring(cli, &ring);

	if (code != CLI_OK)
		return code;
	code = mapped_file_open(cli, cli->arguments[0], FILE_MAX, &file);
	if (code == CLI_OK) {
		inspection.file = (struct bytes){ file.data, file.size };
		code = inspect(cli, &ring, &inspection);
		mapped_file_close(&file);
	}
	key_ring_finish(&ring);
	return code;
}

const struct cli_command command_image_inspect = {
	.verb = "inspect",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.summary = "what a firmware file says, and who signed it",
	.help = "Takes the file apart as the gateway does on import. With --key the exit code is 5 unless one\n"
		"of the keys signed it. Needs no running daemon.\n"
		"\n"
		"Example:\n"
		"  wakegate image inspect app.signed.bin --key release.pem\n",
	.options = inspect_options,
	.run = run_inspect,
};
