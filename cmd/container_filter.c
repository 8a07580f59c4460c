// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/container_filter.c - Which containers --filter lets through
 *
 * As in docker: several values of one key are alternatives, different keys
 * must all match; labels must all match too.
 */
#include "cmd/container_filter.h"

#include <errno.h>
#include <regex.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/container_row.h"
#include "cmd/maps.h"
#include "image/image.h"

#define FILTER_VALUE_MAX 1024 /* bounds the regular expression of name= */

struct test {
	const struct record_store *store;
	const struct container_item *item;
	const char *value;
};

static bool match_id(const struct test *t)
{
	return str_starts(t->item->record.id, t->value);
}

/*
 * A regular expression found anywhere, so "web" finds "my-web-1" and "^web$" does not.
 * Names begin with a slash for docker, or do not: both "^web" and "^/web" are in use.
 */
static bool match_name(const struct test *t)
{
	autofree char *name = xasprintf("/%s", t->item->record.name);
	regex_t regex;
	bool found;

	if (regcomp(&regex, t->value, REG_EXTENDED | REG_NOSUB) != 0)
		return false; /* it has characters that no name has */
	found = regexec(&regex, name, 0, NULL, 0) == 0 ||
		regexec(&regex, name + 1, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static bool match_label(const struct test *t)
{
	return maps_have_pair(json_get(json_get(t->item->config, "Config"), "Labels"), t->value);
}

static bool match_status(const struct test *t)
{
	const char *status = record_status_name(t->item->record.status);

	return !strcmp(t->value, status) ||
	       (!strcmp(t->value, "stopped") && t->item->record.status == RECORD_EXITED);
}

static bool match_exited(const struct test *t)
{
	int64_t code;

	return t->item->record.status == RECORD_EXITED &&
	       str_parse_i64(t->value, INT32_MIN, INT32_MAX, &code) == 0 &&
	       code == t->item->record.exit_code;
}

static bool match_reason(const struct test *t)
{
	return !strcmp(t->value, t->item->record.reason);
}

/* Whether @name means the image @id in the store now. */
static bool is_name_of(const struct record_store *store, const char *name, const char *id)
{
	autoimage struct image image = { 0 };
	struct image_store images;
	struct error ignored;
	bool found;

	if (!store || !*id || image_store_open(store->root_fd, &images, &ignored) < 0)
		return false;
	found = image_find(&images, name, &image, &ignored) == 0 && !strcmp(image.id, id);
	image_store_close(&images);
	return found;
}

/* The image as it was named, with or without its tag or registry, or any other name of it. */
static bool match_ancestor(const struct test *t)
{
	const struct record *r = &t->item->record;
	const char *id = str_starts(t->value, "sha256:") ? t->value + 7 : t->value;
	size_t n = strlen(t->value);

	if (*id && str_is_hex(id, strlen(id)) && str_starts(r->image_id, id))
		return true;
	if (is_name_of(t->store, t->value, r->image_id))
		return true;
	for (const char *name = r->image; name; name = strchr(name, '/')) {
		name += *name == '/';
		if (!strncmp(name, t->value, n) && (!name[n] || name[n] == ':' || name[n] == '@'))
			return true;
	}
	return false;
}

static bool match_network(const struct test *t)
{
	return !strcmp(t->value, t->item->record.network);
}

static bool match_volume(const struct test *t)
{
	const struct json *mounts = json_get(t->item->config, "Mounts");

	for (size_t i = 0; i < json_count(mounts); i++) {
		const struct json *mount = json_at(mounts, i);

		if (!strcmp(json_text_or(json_get(mount, "Name"), ""), t->value) ||
		    !strcmp(json_text_or(json_get(mount, "Destination"), ""), t->value) ||
		    !strcmp(json_text_or(json_get(mount, "Source"), ""), t->value))
			return true;
	}
	return false;
}

static bool match_health(const struct test *t)
{
	const char *health = t->item->record.health;

	return !strcmp(t->value, *health ? health : "none");
}

static bool match_slice(const struct test *t)
{
	const struct json *host = json_get(t->item->config, "HostConfig");

	return *t->value && !strcmp(t->value, json_text_or(json_get(host, "Slice"), ""));
}

/* When another container was made; false if there is none of that name. */
static bool created_of(const struct test *t, int64_t *created_ns)
{
	autorecord struct record other;
	char id[RECORD_ID_HEX + 1];
	struct error err;

	record_init(&other);
	if (record_find(t->store, t->value, id, &err) < 0 ||
	    record_read(t->store, id, &other, &err) < 0)
		return false;
	*created_ns = other.created_ns;
	return true;
}

static bool match_before(const struct test *t)
{
	int64_t created_ns;

	return created_of(t, &created_ns) && t->item->record.created_ns < created_ns;
}

static bool match_since(const struct test *t)
{
	int64_t created_ns;

	return created_of(t, &created_ns) && t->item->record.created_ns > created_ns;
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct test *t);
	bool needs_config, all_must_match;
} filters_known[] = {
	{ "ancestor", match_ancestor, false, false },
	{ "before", match_before, false, false },
	{ "exited", match_exited, false, false },
	{ "health", match_health, false, false },
	{ "id", match_id, false, false },
	{ "label", match_label, true, true },
	{ "name", match_name, false, false },
	{ "network", match_network, false, false },
	{ "reason", match_reason, false, false },
	{ "since", match_since, false, false },
	{ "slice", match_slice, true, false },
	{ "status", match_status, false, false },
	{ "volume", match_volume, true, false },
};

#define N_FILTERS (sizeof(filters_known) / sizeof(*filters_known))

/* The filter of an argument, and its value; "label!=x" has the key "label!". */
static const struct filter *find_filter(const char *arg, const char **value, bool *negated)
{
	size_t n = strcspn(arg, "=");

	if (!arg[n])
		return NULL;
	*value = arg + n + 1;
	*negated = n > 0 && arg[n - 1] == '!';
	n -= *negated;
	for (size_t i = 0; i < N_FILTERS; i++)
		if (strlen(filters_known[i].key) == n && !memcmp(filters_known[i].key, arg, n))
			return &filters_known[i];
	return NULL;
}

/* Docker has two more states, and podman another name for one; none of ours is ever in the two. */
static bool is_status(const char *value)
{
	for (enum record_status s = RECORD_CREATED; s <= RECORD_EXITED; s++)
		if (!strcmp(value, record_status_name(s)))
			return true;
	return !strcmp(value, "stopped") || !strcmp(value, "dead") || !strcmp(value, "removing");
}

static int explain_unknown(const char *arg, struct error *err)
{
	error_set(err, EINVAL, "unknown filter '%.*s'", (int)strcspn(arg, "="), arg);
	return error_hint(err, "'tare ps --help' lists them");
}

static bool is_health(const char *value)
{
	return !strcmp(value, "starting") || !strcmp(value, "healthy") ||
	       !strcmp(value, "unhealthy") || !strcmp(value, "none");
}

/* A value that no container can have is a mistake, not a filter that lets nothing through. */
static int check_value(const char *arg, const char *value, const struct record_store *store,
		       struct error *err)
{
	char id[RECORD_ID_HEX + 1];
	const char *expected = NULL;
	int64_t code;

	if (str_starts(arg, "status=") && !is_status(value))
		expected = "a status is created, running, paused, restarting or exited";
	else if (str_starts(arg, "health=") && !is_health(value))
		expected = "health is starting, healthy, unhealthy or none";
	else if (str_starts(arg, "exited=") &&
		 str_parse_i64(value, INT32_MIN, INT32_MAX, &code) < 0)
		expected = "that is no exit code";
	else if (strlen(value) > FILTER_VALUE_MAX)
		expected = "that is too long";
	if (expected)
		return error_set(err, EINVAL, "filter '%.64s': %s", arg, expected);
	if ((str_starts(arg, "before=") || str_starts(arg, "since=")) &&
	    record_find(store, value, id, err) < 0)
		return error_wrap(err, "filter '%.64s'", arg);
	return 0;
}

/** container_filter_check() - Refuse filters that do not exist or never match; 0 or -errno */
int container_filter_check(const struct strlist *filters, const struct record_store *store,
			   struct error *err)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *arg = filters->items[i], *value = "";
		bool negated = false;
		int r;

		if (!strchr(arg, '='))
			return error_set(err, EINVAL, "filter '%s' is not KEY=VALUE", arg);
		if (!find_filter(arg, &value, &negated))
			return explain_unknown(arg, err);
		r = check_value(arg, value, store, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/** container_filter_needs_config() - Whether a filter looks at config.json */
bool container_filter_needs_config(const struct strlist *filters)
{
	const struct filter *f;
	const char *value;
	bool negated;

	for (size_t i = 0; i < filters->n; i++) {
		f = find_filter(filters->items[i], &value, &negated);
		if (f && f->needs_config)
			return true;
	}
	return false;
}

/** container_filter_asks_for_state() - Whether "only running ones" is not the default any more */
bool container_filter_asks_for_state(const struct strlist *filters)
{
	for (size_t i = 0; i < filters->n; i++)
		if (str_starts(filters->items[i], "status=") ||
		    str_starts(filters->items[i], "exited=") ||
		    str_starts(filters->items[i], "reason="))
			return true;
	return false;
}

/* All values that were given for the key of the i-th argument. */
static bool key_matches(const struct strlist *filters, size_t i, struct test *t)
{
	const char *key = filters->items[i];
	size_t n = strcspn(key, "=");
	bool any = false, negated = false;

	for (size_t k = 0; k < filters->n; k++) {
		const struct filter *f;
		bool matches;

		if (strncmp(filters->items[k], key, n + 1) != 0)
			continue;
		f = find_filter(filters->items[k], &t->value, &negated);
		matches = f && f->matches(t) != negated;
		if (!matches && ((f && f->all_must_match) || negated))
			return false;
		any |= matches;
	}
	return any;
}

/**
 * container_filter_matches() - Whether a container passes
 * @item:	With its config, if container_filter_needs_config()
 */
bool container_filter_matches(const struct strlist *filters, const struct record_store *store,
			      const struct container_item *item)
{
	struct test t = { .store = store, .item = item };

	for (size_t i = 0; i < filters->n; i++)
		if (!key_matches(filters, i, &t))
			return false;
	return true;
}
