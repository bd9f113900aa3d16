#include "protocols/public_key.h"

#include <errno.h>
#include <string.h>

#include "protocols/base64.h"
#include "protocols/der.h"

#define ED25519_KEY_SIZE 32
#define POINT_UNCOMPRESSED 0x04

#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END "-----END PUBLIC KEY-----"

static const uint8_t id_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t id_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t id_ed25519[] = { 0x2b, 0x65, 0x70 };
static const uint8_t id_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

static bool is(const struct reader *value, const uint8_t *bytes, size_t size)
{
	return !value->failed && reader_left(value) == size && memcmp(value->at, bytes, size) == 0;
}

static struct bytes rest_of(const struct reader *reader)
{
	return (struct bytes){ reader->at, reader_left(reader) };
}

static int parse_ec(struct public_key *out, struct reader *parameters, struct reader *key)
{
	struct reader curve = der_enter(parameters, DER_OBJECT_IDENTIFIER);

	/* A curve written out, another one, or a compressed point: nobody signs images with these. */
	if (!is(&curve, id_p256, sizeof(id_p256)) || read_u8(key) != POINT_UNCOMPRESSED ||
		reader_left(key) != 2 * (size_t)P256_NUMBER_SIZE)
		return -ENOTSUP;
	out->type = KEY_P256;
	out->point = rest_of(key);
	return der_ended(parameters) ? 0 : -EBADMSG;
}

static int parse_ed25519(struct public_key *out, const struct reader *parameters, const struct reader *key)
{
	if (!der_ended(parameters) || reader_left(key) != ED25519_KEY_SIZE)
		return -EBADMSG;
	out->type = KEY_ED25519;
	out->point = rest_of(key);
	return 0;
}

static int parse_rsa(struct public_key *out, struct reader *parameters, struct reader *key)
{
	struct reader null = der_enter(parameters, DER_NULL);

	out->hashed = rest_of(key);
	struct reader numbers = der_enter(key, DER_SEQUENCE);
	out->modulus.data = der_read_positive(&numbers, &out->modulus.size);
	out->exponent.data = der_read_positive(&numbers, &out->exponent.size);
	if (!der_ended(&null) || !der_ended(parameters) || !der_ended(&numbers) || !der_ended(key))
		return -EBADMSG;
	out->type = out->modulus.size == 2048 / 8 ? KEY_RSA2048 : KEY_RSA3072;
	if ((out->modulus.size != 2048 / 8 && out->modulus.size != 3072 / 8) || out->modulus.data[0] < 0x80)
		return -ENOTSUP;
	return 0;
}

int public_key_parse(struct public_key *out, const uint8_t *der, size_t size)
{
	struct public_key parsed = { .hashed = { der, size } };
	struct reader all;
	int result = -ENOTSUP;

	reader_init(&all, der, size);
	struct reader info = der_enter(&all, DER_SEQUENCE);
	struct reader algorithm = der_enter(&info, DER_SEQUENCE);
	struct reader identifier = der_enter(&algorithm, DER_OBJECT_IDENTIFIER);
	struct reader key = der_enter(&info, DER_BIT_STRING);
	uint8_t unused_bits = read_u8(&key);
	if (identifier.failed || key.failed || unused_bits != 0 || !der_ended(&info) || !der_ended(&all))
		return -EBADMSG;
	if (is(&identifier, id_ec, sizeof(id_ec)))
		result = parse_ec(&parsed, &algorithm, &key);
	else if (is(&identifier, id_ed25519, sizeof(id_ed25519)))
		result = parse_ed25519(&parsed, &algorithm, &key);
	else if (is(&identifier, id_rsa, sizeof(id_rsa)))
		result = parse_rsa(&parsed, &algorithm, &key);
	if (result == 0)
		*out = parsed;
	return result;
}

int public_key_from_pem(uint8_t *der, const char *text)
{
	char digits[BASE64_TEXT_SIZE(PUBLIC_KEY_DER_MAX)];
	const char *at = strstr(text, BEGIN);
	const char *end = at ? strstr(at, END) : NULL;
	size_t size = 0;

	if (!end)
		return -EBADMSG;
	for (at += strlen(BEGIN); at < end; at++) {
		if (strchr(" \t\r\n", *at))
			continue;
		if (size == sizeof(digits))
			return -ENOBUFS;
		digits[size++] = *at;
	}
	return base64_parse(der, PUBLIC_KEY_DER_MAX, digits, size);
}

int ecdsa_numbers_parse(struct ecdsa_numbers *out, const uint8_t *der, size_t size)
{
	struct ecdsa_numbers parsed;
	struct reader all;

	reader_init(&all, der, size);
	struct reader numbers = der_enter(&all, DER_SEQUENCE);
	parsed.r.data = der_read_positive(&numbers, &parsed.r.size);
	parsed.s.data = der_read_positive(&numbers, &parsed.s.size);
	if (!der_ended(&numbers) || !der_ended(&all))
		return -EBADMSG;
	*out = parsed;
	return 0;
}
