/*
 * uplink_mqtt_library: Paho, loaded when an uplink is opened.
 *
 * It comes with TLS and without. The one with TLS brings OpenSSL, which a gateway whose brokers are plain does not have
 * to hold in memory.
 */
#ifndef WAKEGATE_DRIVERS_UPLINK_MQTT_LIBRARY_H
#define WAKEGATE_DRIVERS_UPLINK_MQTT_LIBRARY_H

#include <MQTTAsync.h>
#include <stdbool.h>

/* The functions of Paho that are used, by their names. */
struct mqtt_library {
	__typeof__(MQTTAsync_connect) *MQTTAsync_connect;
	__typeof__(MQTTAsync_createWithOptions) *MQTTAsync_createWithOptions;
	__typeof__(MQTTAsync_destroy) *MQTTAsync_destroy;
	__typeof__(MQTTAsync_disconnect) *MQTTAsync_disconnect;
	__typeof__(MQTTAsync_free) *MQTTAsync_free;
	__typeof__(MQTTAsync_freeMessage) *MQTTAsync_freeMessage;
	__typeof__(MQTTAsync_global_init) *MQTTAsync_global_init;
	__typeof__(MQTTAsync_send) *MQTTAsync_send;
	__typeof__(MQTTAsync_setCallbacks) *MQTTAsync_setCallbacks;
	__typeof__(MQTTAsync_setDisconnected) *MQTTAsync_setDisconnected;
	__typeof__(MQTTAsync_subscribe) *MQTTAsync_subscribe;
	__typeof__(MQTTProperties_add) *MQTTProperties_add;
	__typeof__(MQTTProperties_free) *MQTTProperties_free;
	__typeof__(MQTTProperties_getNumericValue) *MQTTProperties_getNumericValue;
	__typeof__(MQTTProperties_getProperty) *MQTTProperties_getProperty;
	__typeof__(MQTTProperties_hasProperty) *MQTTProperties_hasProperty;
	__typeof__(MQTTReasonCode_toString) *MQTTReasonCode_toString;
};

/* Fills the table; as library_load(). */
int mqtt_library_load(struct mqtt_library *out, bool tls);

#endif
