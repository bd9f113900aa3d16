#include "drivers/coap_settings.h"

#include <errno.h>
#include <stdio.h>

#define OFFSET(member) offsetof(struct coap_settings, member)

static const char *const plain_choices[] = { "open", "known", "off", NULL };
static const char *const block_choices[] = { "16", "32", "64", "128", "256", "512", "1024", NULL };

static const struct setting settings_list[] = {
	{ .name = "listen",
		.type = SETTING_TEXT,
		.offset = OFFSET(listen),
		.initial = "::",
		.least = 1,
		.most = 45,
		.help = "Numeric address to listen on; \"::\" is every address, IPv6 and IPv4." },
	{ .name = "port",
		.type = SETTING_INTEGER,
		.offset = OFFSET(port),
		.initial = "5683",
		.least = 0,
		.most = 65535,
		.help = "UDP port of plain CoAP; 0 takes any free one." },
	{ .name = "dtls_port",
		.type = SETTING_INTEGER,
		.offset = OFFSET(dtls_port),
		.initial = "5684",
		.least = 0,
		.most = 65535,
		.help = "UDP port of CoAP over DTLS, open where keys or certificates are set; 0 takes any free one." },
	{ .name = "plain",
		.type = SETTING_CHOICE,
		.offset = OFFSET(plain),
		.initial = "off",
		.example = "open",
		.choices = plain_choices,
		.required = true,
		.reloadable = true,
		.help = "Who may speak without proof of identity: anybody, the nodes in plain_nodes_file, or nobody. "
			"A node with a key must always prove itself." },
	{ .name = "plain_nodes_file",
		.type = SETTING_FILE,
		.offset = OFFSET(plain_nodes_file),
		.reloadable = true,
		.example = "/etc/wakegate/plain.nodes",
		.help = "The nodes that may speak in plain where plain is \"known\", an identity a line." },
	{ .name = "psk_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(psk_file),
		.reloadable = true,
		.example = "/run/credentials/wakegate.service/coap.psk",
		.help = "Pre-shared keys for DTLS, a line per node: IDENTITY:KEY with the key in hex." },
	{ .name = "certificate_file",
		.type = SETTING_FILE,
		.offset = OFFSET(certificate_file),
		.example = "/etc/wakegate/coap.pem",
		.help = "The gateway's certificate chain (PEM) for nodes that use certificates with DTLS." },
	{ .name = "key_file",
		.type = SETTING_SECRET,
		.offset = OFFSET(key_file),
		.example = "/etc/wakegate/coap.key",
		.help = "The private key (PEM) of certificate_file." },
	{ .name = "ca_file",
		.type = SETTING_FILE,
		.offset = OFFSET(ca_file),
		.example = "/etc/wakegate/nodes-ca.pem",
		.help = "The certificate (PEM) that has signed the nodes' certificates and the gateway's." },
	{ .name = "nodes_max",
		.type = SETTING_INTEGER,
		.offset = OFFSET(nodes_max),
		.initial = "10000",
		.least = 1,
		.most = 1000000,
		.help = "Nodes whose address is remembered, and offers that stand at a time; about 170 bytes each." },
	{ .name = "exchanges_max",
		.type = SETTING_INTEGER,
		.offset = OFFSET(exchanges_max),
		.initial = "4096",
		.least = 16,
		.most = 1048576,
		.help = "Requests remembered for four minutes, so that one that comes again is not done twice." },
	{ .name = "sessions_max",
		.type = SETTING_INTEGER,
		.offset = OFFSET(sessions_max),
		.initial = "200",
		.least = 1,
		.most = 10000,
		.help = "DTLS sessions open at a time, about 45 kB each; the one quiet for longest makes room." },
	{ .name = "session_timeout",
		.type = SETTING_DURATION,
		.offset = OFFSET(session_timeout_ms),
		.initial = "5 min",
		.least = 1000,
		.most = 86400000,
		.help = "A DTLS session that is quiet for so long ends." },
	{ .name = "block_size",
		.type = SETTING_CHOICE,
		.offset = OFFSET(block_size),
		.initial = "1024",
		.choices = block_choices,
		.help = "Bytes of a block of firmware for nodes that ask for no size of their own." },
	{ .name = "stranger_rate",
		.type = SETTING_SIZE,
		.offset = OFFSET(stranger_rate),
		.initial = "256 KB",
		.least = 0,
		.most = 1073741824,
		.help = "Bytes of firmware a second that a plain address gets to which no image is offered, in the "
			"long run: it may be somebody else's. 0: any number." },
	{ .name = "receive_buffer",
		.type = SETTING_SIZE,
		.offset = OFFSET(receive_buffer_bytes),
		.initial = "4 MB",
		.least = 65536,
		.most = 268435456,
		.help = "Receive queue to ask the kernel for; net.core.rmem_max caps what it grants." },
	{ .name = "process",
		.type = SETTING_BOOLEAN,
		.offset = OFFSET(process),
		.initial = "false",
		.help = "Whether the driver runs in a process of its own, which the group \"drivers\" describes." },
};

static int check(const void *values, bool present, char *why, size_t why_size)
{
	const struct coap_settings *s = values;
	int files = (s->certificate_file != NULL) + (s->key_file != NULL) + (s->ca_file != NULL);

	if (!present)
		return 0;
	if (files != 0 && files != 3) {
		(void)snprintf(why, why_size, "certificate_file, key_file and ca_file go together: set all or none");
		return -EINVAL;
	}
	if (s->plain == COAP_PLAIN_OFF && !s->psk_file && files == 0) {
		(void)snprintf(why, why_size,
			"nobody could speak: set plain to \"open\" or \"known\", or set psk_file or certificate_file");
		return -EINVAL;
	}
	if (s->plain == COAP_PLAIN_KNOWN && !s->plain_nodes_file) {
		(void)snprintf(why, why_size, "plain is \"known\" but plain_nodes_file is not set");
		return -EINVAL;
	}
	return 0;
}

const struct settings_table coap_settings_table = {
	.group = "coap",
	.help = "Nodes that speak CoAP: check-in, telemetry, status and firmware over UDP and DTLS.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct coap_settings),
	.check = check,
};
