#include "drivers/uplink_mqtt.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct uplink_mqtt_settings settings;
static const char *brokers[UPLINK_BROKERS_MAX];
static char why[256];

static int check(void)
{
	return uplink_mqtt_table.check(&settings, true, why, sizeof(why));
}

static void begin(const char *broker)
{
	brokers[0] = broker;
	settings = (struct uplink_mqtt_settings){
		.brokers = { brokers, 1 }, .backoff_least_ms = 1000, .backoff_most_ms = 2000
	};
}

START_TEST(the_host_is_found_in_an_url)
{
	static const struct {
		const char *url, *host;
	} cases[] = { { "tcp://broker", "broker" }, { "ssl://broker.example.com:8883", "broker.example.com" },
		{ "tcp://[::1]:1883", "::1" }, { "ws://10.0.0.1:80/mqtt", "10.0.0.1" }, { "wss://h/mqtt", "h" } };
	char host[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert(uplink_broker_host(cases[i].url, host, sizeof(host)));
		ck_assert_str_eq(host, cases[i].host);
	}
}
END_TEST

START_TEST(an_url_without_a_host_is_refused)
{
	static const char *const urls[] = { "", "broker", "tcp://", "tcp://:1883", "ssl:///x", "tcp://[::1",
		"tcp://[]:1" };
	char host[64];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		ck_assert_msg(!uplink_broker_host(urls[i], host, sizeof(host)), "%s", urls[i]);
	ck_assert(!uplink_broker_host("tcp://0123456789", host, 10));
}
END_TEST

START_TEST(brokers_are_checked)
{
	begin("ssl://broker:8883");
	ck_assert_int_eq(check(), 0);
	begin("mqtt://broker");
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "mqtt://broker"));
	ck_assert_ptr_nonnull(strstr(why, "tcp://"));
}
END_TEST

START_TEST(settings_that_do_not_fit_together_are_refused)
{
	begin("tcp://b");
	settings.backoff_least_ms = 3000;
	ck_assert_int_eq(check(), -EINVAL);
	begin("tcp://b");
	settings.cert_file = "c";
	ck_assert_int_eq(check(), -EINVAL);
	settings.key_file = "k";
	ck_assert_int_eq(check(), 0);
	settings.password_file = "p";
	ck_assert_int_eq(check(), -EINVAL);
	settings.username = "u";
	ck_assert_int_eq(check(), 0);
}
END_TEST

TEST_SUITE(uplink_mqtt, the_host_is_found_in_an_url, an_url_without_a_host_is_refused, brokers_are_checked,
	settings_that_do_not_fit_together_are_refused)
