#include "protocols/link_format.h"
#include "tests/unit/suite.h"

#include <string.h>

/* The shape of the example in RFC 6690 section 5. */
START_TEST(links_are_written_as_rfc_6690_shows_them)
{
	static const char golden[] = "</sensors>;ct=40,</sensors/temp>;rt=\"temperature-c\";if=\"sensor\"";
	char buffer[128];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	link_format_resource(&out, "/sensors");
	link_format_number(&out, "ct", 40);
	link_format_resource(&out, "/sensors/temp");
	link_format_attribute(&out, "rt", "temperature-c");
	link_format_attribute(&out, "if", "sensor");
	ck_assert_uint_eq(writer_size(&out), strlen(golden));
	ck_assert_mem_eq(buffer, golden, strlen(golden));
}
END_TEST

START_TEST(a_full_buffer_fails_once_and_for_all)
{
	char buffer[8];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	link_format_resource(&out, "/sensors");
	link_format_number(&out, "ct", 40);
	ck_assert(out.failed);
}
END_TEST

TEST_SUITE(link_format, links_are_written_as_rfc_6690_shows_them, a_full_buffer_fails_once_and_for_all)
