// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/apply.c - tare slice apply and cap: slices as a file says
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/slice/cap.h"
#include "cmd/slice/commands.h"
#include "cmd/slice/store.h"
#include "cmd/units.h"

#define FILE_MAX_BYTES (1U << 20)
#define MAX_SLICES     1000

/* ---- the file ------------------------------------------------------------ */

struct wanted {
	char name[SLICE_NAME_MAX + 1];
	struct slice_limits limits;
};

static int read_one(const struct json *v, const struct cap *cap, struct wanted *w,
		    struct error *err)
{
	static const char *const known[] = {
		"Name",		 "Memory",	   "MemoryHigh",     "MemorySwap",	"Cpus",
		"CpusetCpus",	 "Pids",	   "Weight",	     "BlkioWeight",	"Lease",
		"DeviceReadBps", "DeviceWriteBps", "DeviceReadIops", "DeviceWriteIops", NULL
	};
	const char *name = json_text_or(json_get(v, "Name"), "");
	int r = slice_check_name(name, err);

	if (r == 0)
		r = slice_check_keys(v, known, "it", err);
	if (r == 0)
		r = slice_limits_from_json(v, &w->limits, err);
	if (r == 0)
		r = slice_limits_check(&w->limits, err);
	if (r == 0)
		r = cap_fit(cap, &w->limits, err);
	snprintf(w->name, sizeof(w->name), "%s", name);
	return r < 0 ? error_wrap(err, "slice '%s'", name) : 0;
}

/* All of it is looked at before anything is done. */
static int read_document(const struct json *doc, const struct cap *cap, struct wanted **all,
			 size_t *n, struct error *err)
{
	const struct json *list = json_get(doc, "Slices");
	int r = 0;

	if (json_kind_of(list) != JSON_LIST || json_count(doc) != 1)
		return error_set(err, EBADMSG,
				 "it is no map with a list 'Slices' and nothing else");
	*n = json_count(list);
	if (*n > MAX_SLICES)
		return error_set(err, EBADMSG, "more than %d slices", MAX_SLICES);
	*all = xcalloc(*n ? *n : 1, sizeof(**all));
	for (size_t i = 0; r == 0 && i < *n; i++) {
		r = read_one(json_at(list, i), cap, &(*all)[i], err);
		for (size_t k = 0; r == 0 && k < i; k++)
			if (!strcmp((*all)[k].name, (*all)[i].name))
				r = error_set(err, EBADMSG, "two slices are called '%s'",
					      (*all)[i].name);
	}
	return r;
}

static int read_file(const char *path, char **text, size_t *len, struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (strcmp(path, "-") != 0) {
		fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, errno, "open '%s'", path);
	}
	r = file_read_fd(fd < 0 ? STDIN_FILENO : fd, FILE_MAX_BYTES, text, len);
	return r < 0 ? error_sys(err, -r, "read '%s'", path) : 0;
}

/* ---- apply --------------------------------------------------------------- */

struct apply_options {
	bool renew;
};

static const struct option_def apply_options[] = {
	OPTION(struct apply_options, 0, "renew", NULL, OPTION_BOOL, renew,
	       "Start the leases of all anew, not only of those that have ended"),
	{ 0 },
};

/* Returns what was done, for the user, or NULL with @err set. */
static const char *apply_one(struct slice_maker *m, const struct wanted *w, bool renew,
			     struct error *err)
{
	autoslice struct slice s = { 0 };
	int r = slice_store_read(m->store->dir_fd, w->name, &s, err);
	bool changed, again;

	if (r == -ENOENT)
		return slice_maker_create(m, w->name, &w->limits, err) == 0 ? "created" : NULL;
	if (r < 0)
		return NULL;
	slice_store_settle(m->store, &s);
	changed = !slice_limits_equal(&s.limits, &w->limits);
	again = renew || slice_is_over(&s, units_now_ns());
	if (again || s.limits.lease_ms != w->limits.lease_ms) {
		s.limits.lease_ms = w->limits.lease_ms;
		slice_start_lease(&s, units_now_ns());
	}
	/* Also if nothing has changed: a crash may have come between kernel and document. */
	if (slice_store_change(m->store, &s, &w->limits, err) < 0)
		return NULL;
	return changed ? "updated" : again ? "renewed" : "unchanged";
}

static int apply(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct apply_options *o = ctx->options;
	autostrlist struct strlist names = { 0 };
	autojson struct json *doc = NULL;
	autofree struct wanted *all = NULL;
	autofree char *text = NULL;
	struct slice_maker maker;
	size_t len, n = 0;
	struct cap cap;
	int r;

	(void)argc;
	r = read_file(argv[0], &text, &len, err);
	if (r == 0)
		r = cap_read(&cap, err);
	if (r < 0)
		return r;
	doc = json_parse(text, len, err);
	r = doc ? read_document(doc, &cap, &all, &n, err) : -EBADMSG;
	if (r < 0)
		return error_wrap(err, "'%s'", argv[0]);
	r = slice_store_open(&st, ctx, err);
	if (r == 0)
		r = slice_store_list(&st, &names, err);
	maker = (struct slice_maker){ &st, &cap, names.n };
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *done = apply_one(&maker, &all[i], o->renew, err);

		if (!done)
			return -err->code;
		printf("%s: %s\n", all[i].name, done);
	}
	return r;
}

/* ---- cap ----------------------------------------------------------------- */

static struct json *part(const struct slice_limits *limits)
{
	struct json *map = json_new_map();

	slice_limits_to_json(limits, map);
	return map;
}

static int show_cap(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	autojson struct json *doc = json_new_map();
	struct cap cap = { 0 };
	int r = slice_store_open(&st, ctx, err); /* has it in force */

	(void)argc;
	(void)argv;
	if (r == 0)
		r = cap_read(&cap, err);
	if (r < 0)
		return r;
	if (cap.is_there) {
		json_set(doc, "Total", part(&cap.total));
		json_set(doc, "Slice", part(&cap.slice));
		if (cap.slices)
			json_set_int(doc, "Slices", cap.slices);
	}
	format_print_json(doc);
	return 0;
}

const struct command cmd_slice_apply = {
	.name = "apply",
	.args = "FILE",
	.summary = "Make slices, or change them, until they are as a file says",
	.details =
		"The file, - for standard input, is what 'tare slice export' prints; sizes and "
		"times may be written as with flags:\n"
		"\n"
		"  { \"Slices\": [ { \"Name\": \"ci\", \"Memory\": \"8g\", \"Cpus\": 4, \"Pids\": 4000,\n"
		"                  \"Weight\": 200, \"Lease\": \"2h\" } ] }\n"
		"\n"
		"Applying it again changes nothing, so that it can be done on many machines and by "
		"every job: a line for each slice says created, updated, renewed (its lease had "
		"ended) or unchanged. Slices that it does not mention stay.",
	.options = apply_options,
	COMMAND_OPTIONS(struct apply_options, .renew = false),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = apply,
};

const struct command cmd_slice_cap = {
	.name = "cap",
	.summary = "Show what this host gives tare at most, and put it in force",
	.details = CAP_FILE
	" is for hosts that many share:\n"
	"\n"
	"  { \"Total\": { \"Memory\": \"48g\", \"Cpus\": 12, \"Pids\": 20000 },\n"
	"    \"Slice\": { \"Memory\": \"16g\", \"Cpus\": 8, \"Lease\": \"8h\" },\n"
	"    \"Slices\": 20 }\n"
	"\n"
	"Total limits all containers and slices together; the kernel enforces it. Slice is the "
	"most that one slice may ask for, and what one gets that does not ask; Slices is how "
	"many there may be. The first container after the machine's start puts an edited file in "
	"force, and so does every 'tare slice' command. What Total does not mention is lifted then; "
	"when the file goes away, what it said stays until the machine's restart.",
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = show_cap,
};
