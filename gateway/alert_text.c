#include "gateway/alert_text.h"

#include "gateway/alerts.h"
#include "gateway/control_describe.h"

json_t *alert_json(const struct alert *alert)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I}", "state", alert->stands ? "raised" : "cleared",
		"kind", alert_kind_name(alert->kind), "severity", alert_severity_name(alert->severity), "text",
		described_text(alert->text), "times", (json_int_t)alert->times, "raised_ms",
		(json_int_t)alert->raised_ms, "changed_ms", (json_int_t)alert->changed_ms);

	describe_text(json, "subject", alert->subject);
	return json;
}

/* Takes it. */
static char *text_of(json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

char *alert_change_text(const struct alert *alert, const char *gateway)
{
	json_t *json = alert_json(alert);

	(void)json_object_set_new(json, "gateway", json_string(gateway));
	return text_of(json);
}

char *alert_list_text(const struct alerts *alerts, const char *gateway, int64_t wall_ms)
{
	json_t *list = json_array();
	json_int_t standing = 0;

	for (size_t i = alerts_count(alerts); i-- > 0;) {
		const struct alert *alert = alerts_at(alerts, i);
		if (!alert->stands)
			continue;
		if (standing++ < ALERTS_TOLD_MAX)
			(void)json_array_append_new(list, alert_json(alert));
	}
	return text_of(json_pack("{s:s, s:I, s:I, s:o}", "gateway", gateway, "at_ms", (json_int_t)wall_ms, "standing",
		standing, "alerts", list));
}
