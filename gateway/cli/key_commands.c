#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/pair.h"
#include "gateway/key_file.h"
#include "gateway/signing_key.h"
#include "protocols/hex.h"

#define PATH_SIZE 4096

static void print_fingerprint(char hex[65], const struct key *key)
{
	uint8_t digest[32];

	key_fingerprint(key, digest);
	hex_print(hex, digest, sizeof(digest));
}

static int write_failed(const struct cli *cli, const char *path, int result)
{
	if (result == -EEXIST)
		return cli_fail(cli, CLI_REFUSED, "%s is there already; a key is never written over", path);
	return cli_fail(cli, CLI_FAILED, "cannot write %s: %s", path, strerror(-result));
}

static int write_pair(
	const struct cli *cli, const struct signing_key *key, const char *private_path, const char *public_path)
{
	int result = signing_key_write_private(key, private_path);

	if (result < 0)
		return write_failed(cli, private_path, result);
	result = signing_key_write_public(key, public_path);
	if (result < 0) {
		(void)unlink(private_path);
		return write_failed(cli, public_path, result);
	}
	return CLI_OK;
}

static int tell_pair(const struct cli *cli, const struct key *key, const char *private_path, const char *public_path)
{
	const char *type = key_type_name(key_type_of(key));
	char hex[65];

	print_fingerprint(hex, key);
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:s, s:s, s:s}", "private", private_path, "public",
						   public_path, "type", type, "fingerprint", hex));
	pair_print(cli, "private", private_path);
	pair_print(cli, "public", public_path);
	pair_print(cli, "type", type);
	pair_print(cli, "fingerprint", hex);
	printf("\nSign with the private key; list the public one in images.trusted_keys of every gateway.\n");
	return CLI_OK;
}

static int create(const struct cli *cli, enum key_type type)
{
	const char *name = cli->arguments[0];
	char private_path[PATH_SIZE];
	char public_path[PATH_SIZE];
	struct signing_key *key = NULL;

	if (strlen(name) > PATH_SIZE - 8)
		return cli_fail(cli, CLI_USAGE, "the name is too long");
	snprintf(private_path, sizeof(private_path), "%s.key", name);
	snprintf(public_path, sizeof(public_path), "%s.pem", name);
	int result = signing_key_create(&key, type);
	if (result == -ENOTSUP)
		return cli_fail(cli, CLI_USAGE, "--type: allowed are ecdsa-p256 and ed25519");
	if (result < 0)
		return cli_fail(cli, CLI_FAILED, "no key could be made: %s", strerror(-result));
	int code = write_pair(cli, key, private_path, public_path);
	if (code == CLI_OK)
		code = tell_pair(cli, signing_key_public(key), private_path, public_path);
	signing_key_close(key);
	return code;
}

static int run_create(struct cli *cli)
{
	const char *wanted = cli_value(cli, "type");
	int type = wanted ? key_type_parse(wanted) : KEY_P256;

	if (type < 0)
		return cli_fail(cli, CLI_USAGE, "--type: found \"%s\", allowed are ecdsa-p256 and ed25519", wanted);
	return create(cli, (enum key_type)type);
}

static const struct cli_option create_options[] = {
	{ 0, "type", "TYPE", "ecdsa-p256 (without this option) or ed25519" },
	{ 0 },
};

const struct cli_command command_key_create = {
	.verb = "create",
	.arguments = "NAME",
	.least = 1,
	.most = 1,
	.summary = "make a key pair that signs images",
	.help = "Writes NAME.key, which signs and is readable by you only, and NAME.pem, which gateways\n"
		"and boot loaders verify with. Both are PEM, as openssl and imgtool read it.\n"
		"\n"
		"Example:\n"
		"  wakegate key create release --type ed25519\n",
	.options = create_options,
	.run = run_create,
};

static int show(const struct cli *cli, const struct key *key, bool is_private)
{
	const char *type = key_type_name(key_type_of(key));
	char hex[65];

	print_fingerprint(hex, key);
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:s, s:b, s:s}", "type", type, "private", (int)is_private, "fingerprint", hex));
	pair_print(cli, "type", type);
	pair_print(cli, "half", is_private ? "private" : "public");
	pair_print(cli, "fingerprint", hex);
	return CLI_OK;
}

static int run_show(struct cli *cli)
{
	const char *path = cli->arguments[0];
	struct signing_key *pair = NULL;
	struct key *key = NULL;
	char why[512];
	char ignored[512];
	int result = key_read_public(&key, path, why, sizeof(why));

	if (result == -EINVAL && signing_key_read(&pair, path, ignored, sizeof(ignored)) == 0)
		result = 0;
	if (result < 0)
		return cli_fail(cli, result == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s", why);
	int code = show(cli, pair ? signing_key_public(pair) : key, pair != NULL);
	signing_key_close(pair);
	key_close(key);
	return code;
}

const struct cli_command command_key_show = {
	.verb = "show",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.summary = "type and fingerprint of a key",
	.help = "The fingerprint is the SHA-256 of the public key as MCUboot hashes it: what a signed image\n"
		"names, and what \"imgtool getpubhash\" prints.\n",
	.run = run_show,
};
