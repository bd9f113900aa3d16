#include "gateway/tables.h"

#include <assert.h>

#include "drivers/driver.h"
#include "drivers/uplink_mqtt.h"
#include "gateway/alert_settings.h"
#include "gateway/block_fetch.h"
#include "gateway/control_server.h"
#include "gateway/downloads.h"
#include "gateway/general.h"
#include "gateway/image_policy.h"
#include "gateway/labels.h"
#include "gateway/link_budget.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/remote_drivers.h"
#include "gateway/rule_settings.h"
#include "gateway/schedule.h"
#include "gateway/sparkplug_settings.h"
#include "gateway/telemetry_settings.h"
#include "gateway/topics.h"
#include "gateway/update.h"
#include "gateway/upstream.h"

static void add(struct tables *tables, const struct settings_table *table)
{
	assert(tables->count < TABLES_MAX);
	tables->list[tables->count++] = table;
}

void tables_init(struct tables *tables)
{
	tables->count = 0;
	add(tables, &general_settings_table);
	add(tables, &uplink_mqtt_table);
	add(tables, &topic_settings_table);
	add(tables, &upstream_settings_table);
	add(tables, &download_settings_table);
	add(tables, &block_settings_table);
	add(tables, driver_coap.settings);
	add(tables, driver_mqtt.settings);
	add(tables, driver_zigbee.settings);
	add(tables, &remote_drivers_settings_table);
	add(tables, &nodes_settings_table);
	add(tables, &schedule_settings_table);
	add(tables, &link_settings_table);
	add(tables, &telemetry_settings_table);
	add(tables, &labels_settings_table);
	add(tables, &rules_settings_table);
	add(tables, &sparkplug_settings_table);
	add(tables, &image_settings_table);
	add(tables, &update_settings_table);
	add(tables, &quiet_hours_settings_table);
	add(tables, &alert_settings_table);
	add(tables, &control_settings_table);
}
