// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/health.c - Health checks: what to run how often, from flags, labels and images
 *
 * An image says it as docker does (Healthcheck of its config) or in the label
 * tare.health, which looks like the HEALTHCHECK line of a Dockerfile:
 *
 *	[--interval=30s] [--timeout=30s] [--start-period=0s] [--retries=3] COMMAND
 *
 * COMMAND is for the shell of the image; NONE says that there is no check.
 */
#include "cmd/health.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/units.h"

#define MAX_MS	    (INT64_C(24) * 3600 * 1000)
#define MAX_RETRIES 1000
#define MAX_COMMAND 4096
#define MAX_WORDS   256

static int bad_number(const char *what, struct error *err)
{
	return error_set(err, ERANGE, "health check: %s is out of range", what);
}

/** health_validate() - Whether all numbers make sense */
int health_validate(const struct health_check *h, struct error *err)
{
	size_t bytes = 0;

	if (h->interval_ms < 0 || h->interval_ms > MAX_MS)
		return bad_number("the interval", err);
	if (h->timeout_ms < 0 || h->timeout_ms > MAX_MS)
		return bad_number("the timeout", err);
	if (h->start_ms < 0 || h->start_ms > MAX_MS)
		return bad_number("the start period", err);
	if (h->retries < 0 || h->retries > MAX_RETRIES)
		return bad_number("the number of retries", err);
	for (size_t i = 0; i < h->test.n; i++)
		bytes += strlen(h->test.items[i]);
	if (h->test.n > MAX_WORDS || bytes > MAX_COMMAND)
		return error_set(err, E2BIG, "health check: the command is longer than %d bytes",
				 MAX_COMMAND);
	return 0;
}

static int parse_option(const char *option, struct health_check *out, struct error *err)
{
	const struct {
		const char *name;
		int64_t *ms;
	} durations[] = {
		{ "--interval=", &out->interval_ms },
		{ "--timeout=", &out->timeout_ms },
		{ "--start-period=", &out->start_ms },
	};

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		if (str_starts(option, durations[i].name) &&
		    units_parse_duration(option + strlen(durations[i].name), durations[i].ms) == 0)
			return 0;
	if (str_starts(option, "--retries=") &&
	    str_parse_i64(option + strlen("--retries="), 1, MAX_RETRIES, &out->retries) == 0)
		return 0;
	error_set(err, EINVAL, "health check: '%.100s' is no option of one", option);
	return error_hint(err, "it is [--interval=30s] [--timeout=30s] [--start-period=0s] "
			       "[--retries=3] COMMAND, or NONE");
}

/**
 * health_parse_label() - Read the value of tare.health
 * @out:	Zeroed; its list is the caller's, also after a failure
 *
 * Return: 0, or -errno for what is malformed
 */
int health_parse_label(const char *text, struct health_check *out, struct error *err)
{
	text += strspn(text, " \t\n");
	while (str_starts(text, "--")) {
		size_t len = strcspn(text, " \t\n");
		autofree char *option = xstrndup(text, len);
		int r = parse_option(option, out, err);

		if (r < 0)
			return r;
		text += len;
		text += strspn(text, " \t\n");
	}
	if (!*text)
		return error_set(err, EINVAL, "health check: there is no command");
	if (!strcmp(text, "NONE") || !strcmp(text, "none")) {
		strlist_add(&out->test, "NONE");
		return 0;
	}
	strlist_add(&out->test, "CMD-SHELL");
	strlist_add(&out->test, text);
	return health_validate(out, err);
}

static int read_ms(const struct json *map, const char *key, int64_t *ms, struct error *err)
{
	const struct json *v = json_get(map, key);
	int64_t ns;

	if (!json_is_given(v))
		return 0;
	ns = json_int(v, -1);
	if (json_kind_of(v) != JSON_INT || ns < 0)
		return error_set(err, EBADMSG, "Healthcheck: '%s' is no number of nanoseconds",
				 key);
	/* What is shorter than we count is not "not given". */
	*ms = ns && ns < UNITS_NS_PER_MS ? 1 : ns / UNITS_NS_PER_MS;
	return 0;
}

static int read_test(const struct json *list, struct strlist *test, struct error *err)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *word = json_text(json_at(list, i));

		if (!word)
			return error_set(err, EBADMSG, "Healthcheck: 'Test' is no list of texts");
		strlist_add(test, word);
	}
	if (!test->n)
		return 0;
	if (strcmp(test->items[0], "NONE") != 0 && strcmp(test->items[0], "CMD") != 0 &&
	    strcmp(test->items[0], "CMD-SHELL") != 0)
		return error_set(err, EBADMSG,
				 "Healthcheck: 'Test' begins with none of NONE, CMD, CMD-SHELL");
	if (strcmp(test->items[0], "NONE") != 0 && test->n < 2)
		return error_set(err, EBADMSG, "Healthcheck: 'Test' has no command");
	return 0;
}

/**
 * health_parse_docker() - Read the Healthcheck of an image's config
 * @map:	May be NULL
 * @out:	Zeroed; its list is the caller's, also after a failure
 */
int health_parse_docker(const struct json *map, struct health_check *out, struct error *err)
{
	int64_t retries = json_int(json_get(map, "Retries"), 0);
	int r;

	r = read_test(json_get(map, "Test"), &out->test, err);
	if (r == 0)
		r = read_ms(map, "Interval", &out->interval_ms, err);
	if (r == 0)
		r = read_ms(map, "Timeout", &out->timeout_ms, err);
	if (r == 0)
		r = read_ms(map, "StartPeriod", &out->start_ms, err);
	out->retries = retries;
	return r == 0 ? health_validate(out, err) : r;
}

/** health_fill() - Take over what is not said yet: the command and each number for itself */
void health_fill(struct health_check *to, const struct health_check *from)
{
	if (!to->test.n)
		strlist_copy(&to->test, &from->test);
	if (!to->interval_ms)
		to->interval_ms = from->interval_ms;
	if (!to->timeout_ms)
		to->timeout_ms = from->timeout_ms;
	if (!to->start_ms)
		to->start_ms = from->start_ms;
	if (!to->retries)
		to->retries = from->retries;
}

/** health_is_on() - Whether there is something to run */
bool health_is_on(const struct health_check *h)
{
	return h->test.n > 1;
}

/** health_to_docker() - The Healthcheck of a config or of inspect; a new map */
struct json *health_to_docker(const struct health_check *h)
{
	struct json *map = json_new_map();

	json_set_list(map, "Test", h->test.items, h->test.n);
	if (h->interval_ms)
		json_set_int(map, "Interval", h->interval_ms * UNITS_NS_PER_MS);
	if (h->timeout_ms)
		json_set_int(map, "Timeout", h->timeout_ms * UNITS_NS_PER_MS);
	if (h->start_ms)
		json_set_int(map, "StartPeriod", h->start_ms * UNITS_NS_PER_MS);
	if (h->retries)
		json_set_int(map, "Retries", h->retries);
	return map;
}

static void add_ms(struct str *out, const char *what, int64_t ms)
{
	if (ms % 1000)
		str_printf(out, ", %s %lldms", what, (long long)ms);
	else
		str_printf(out, ", %s %llds", what, (long long)ms / 1000);
}

/** health_text() - "COMMAND, every 30s, …" for people; the caller frees it */
char *health_text(const struct health_check *h)
{
	struct str out = { 0 };

	if (!health_is_on(h))
		return xstrdup("none");
	for (size_t i = 1; i < h->test.n; i++)
		str_printf(&out, "%s%s", i > 1 ? " " : "", h->test.items[i]);
	add_ms(&out, "every", h->interval_ms ? h->interval_ms : HEALTH_INTERVAL_MS);
	add_ms(&out, "at most", h->timeout_ms ? h->timeout_ms : HEALTH_TIMEOUT_MS);
	if (h->start_ms)
		add_ms(&out, "after", h->start_ms);
	str_printf(&out, ", unhealthy after %lld failures",
		   (long long)(h->retries ? h->retries : HEALTH_RETRIES));
	return str_take(&out);
}
