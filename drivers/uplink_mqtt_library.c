#include "drivers/uplink_mqtt_library.h"

#include <stddef.h>

#include "drivers/library.h"

#define FUNCTION(name)                                     \
	{                                                  \
#name, offsetof(struct mqtt_library, name) \
	}

static const struct library_function functions[] = {
	FUNCTION(MQTTAsync_connect),
	FUNCTION(MQTTAsync_createWithOptions),
	FUNCTION(MQTTAsync_destroy),
	FUNCTION(MQTTAsync_disconnect),
	FUNCTION(MQTTAsync_free),
	FUNCTION(MQTTAsync_freeMessage),
	FUNCTION(MQTTAsync_global_init),
	FUNCTION(MQTTAsync_send),
	FUNCTION(MQTTAsync_setCallbacks),
	FUNCTION(MQTTAsync_setDisconnected),
	FUNCTION(MQTTAsync_subscribe),
	FUNCTION(MQTTProperties_add),
	FUNCTION(MQTTProperties_free),
	FUNCTION(MQTTProperties_getNumericValue),
	FUNCTION(MQTTProperties_getProperty),
	FUNCTION(MQTTProperties_hasProperty),
	FUNCTION(MQTTReasonCode_toString),
};

int mqtt_library_load(struct mqtt_library *out, bool tls)
{
	const char *name = tls ? "libpaho-mqtt3as.so.1" : "libpaho-mqtt3a.so.1";

	return library_load(out, name, functions, sizeof(functions) / sizeof(functions[0]));
}
