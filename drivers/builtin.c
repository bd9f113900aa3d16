#include "drivers/builtin.h"

#include <string.h>

#include "drivers/driver.h"

const struct driver_ops *const builtin_drivers[] = { &driver_coap, &driver_mqtt, &driver_zigbee, NULL };

const struct driver_ops *builtin_driver(const char *name)
{
	for (size_t i = 0; builtin_drivers[i]; i++)
		if (strcmp(builtin_drivers[i]->name, name) == 0)
			return builtin_drivers[i];
	return NULL;
}
