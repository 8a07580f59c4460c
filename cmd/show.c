// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/show.c - tare show: what an appliance is and asks for, before anything runs
 */
#include "cmd/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/appliance.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/health.h"
#include "cmd/opened.h"
#include "cmd/options.h"
#include "cmd/signed.h"
#include "cmd/stores.h"
#include "cmd/units.h"
#include "image/image.h"
#include "image/reference.h"

struct show_options {
	bool json;
	const char *format, *key, *signature, *platform;
};

#define O(...) OPTION(struct show_options, __VA_ARGS__)

static const struct option_def show_options[] = {
	O('f', "format", "FORMAT", OPTION_TEXT, format, "json, or a Go template"),
	O(0, "json", NULL, OPTION_BOOL, json, "The same as --format json"),
	O('k', "key", "KEY.pub", OPTION_TEXT, key, "Check the signature with this key first"),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "Which image where there are several"),
	O(0, "signature", "FILE", OPTION_TEXT, signature, "The signature (FILE.minisig)"),
	{ 0 },
};

/* ---- the document ------------------------------------------------------- */

static void set_text(struct json *map, const char *key, const char *text)
{
	json_set_text(map, key, text ? text : "");
}

static const char *label(const struct image_config *c, const char *key)
{
	return json_text_or(json_get(c->labels, key), "");
}

static struct json *describe_asks(const struct appliance *a)
{
	struct json *asks = json_new_map();

	json_set_list(asks, "Ports", a->ports.items, a->ports.n);
	json_set_list(asks, "Volumes", a->volumes.items, a->volumes.n);
	json_set_int(asks, "Memory", a->memory_bytes);
	json_set_int(asks, "NanoCpus", a->nano_cpus);
	json_set_int(asks, "Pids", a->pids_max);
	json_set(asks, "Healthcheck",
		 health_is_on(&a->health) ? health_to_docker(&a->health) : json_new_nil());
	set_text(asks, "Restart", a->restart ? a->restart : "no");
	return asks;
}

static void describe_config(const struct image_config *c, struct json *doc)
{
	set_text(doc, "Title", label(c, "org.opencontainers.image.title"));
	set_text(doc, "Description", label(c, "org.opencontainers.image.description"));
	set_text(doc, "Version", label(c, "org.opencontainers.image.version"));
	set_text(doc, "Created", c->created);
	json_take_text(doc, "Platform",
		       xasprintf("%s/%s%s%s", c->os ? c->os : "linux",
				 c->architecture ? c->architecture : "unknown",
				 c->variant ? "/" : "", c->variant ? c->variant : ""));
	json_set_list(doc, "Entrypoint", c->entrypoint.items, c->entrypoint.n);
	json_set_list(doc, "Cmd", c->cmd.items, c->cmd.n);
	json_set_list(doc, "Env", c->env.items, c->env.n);
	set_text(doc, "User", c->user);
	set_text(doc, "WorkingDir", c->working_dir);
	set_text(doc, "StopSignal", c->stop_signal);
	json_set_list(doc, "ExposedPorts", c->exposed_ports.items, c->exposed_ports.n);
	json_set_list(doc, "Volumes", c->volumes.items, c->volumes.n);
	json_set(doc, "Labels", c->labels ? json_clone(c->labels) : json_new_map());
	json_set_int(doc, "Layers", (int64_t)c->n_diff_ids);
}

static int describe(const struct image_config *c, struct json *doc, struct error *err)
{
	autoappliance struct appliance asks = { 0 };
	int r = appliance_read(c, &asks, err);

	if (r < 0)
		return r;
	describe_config(c, doc);
	json_set(doc, "Asks", describe_asks(&asks));
	set_text(doc, "Help", asks.help);
	return 0;
}

static int from_store(const struct context *ctx, const char *operand, struct json *doc,
		      struct error *err)
{
	autoimage struct image image = { 0 };
	struct image_store store;
	int r = stores_open_own(ctx, &store, err);

	if (r < 0)
		return r;
	r = image_find(&store, operand, &image, err);
	if (r == 0) {
		json_set_text(doc, "Name", reference_familiar(image.name));
		json_take_text(doc, "Id", xasprintf("sha256:%s", image.id));
		json_set_text(doc, "Digest", image.manifest);
		json_set_int(doc, "Size", (int64_t)image.size);
		json_set_text(doc, "Signature", "");
		r = describe(&image.config, doc, err);
	}
	image_store_close(&store);
	return r;
}

static void describe_signature(const struct opened *file, const char *path, struct json *doc)
{
	char key_id[2 * SIGNATURE_KEY_ID + 1];
	autofree char *text = NULL;

	if (file->claim.key_id[0])
		text = xasprintf("valid, key %s", file->claim.key_id);
	else if (signed_who(path, key_id))
		text = xasprintf("not checked, claims to be of key %s", key_id);
	json_set_text(doc, "Signature", text ? text : "none");
}

/* What else the archive has: other names of the image that is shown, and other images. */
static void describe_others(const struct plan *plan, struct json *others)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_image *image = &plan->images[i];
		char text[DIGEST_TEXT_MAX];

		for (size_t j = !i; j < image->names.n; j++)
			json_add_text(others, reference_familiar(image->names.items[j]));
		digest_format(&image->config_digest, text);
		if (i && !image->names.n)
			json_add_text(others, text);
	}
}

static int from_file(const char *path, const struct show_options *o, struct json *doc,
		     struct json *others, struct error *err)
{
	const struct opened_how how = { o->key, o->signature, o->platform };
	const struct plan_image *image;
	struct opened file;
	char text[DIGEST_TEXT_MAX];
	struct stat st;
	int r = opened_open(&file, path, &how, err);

	if (r == 0) {
		image = &file.plan.images[0];
		json_set_text(doc, "Name",
			      image->names.n ? reference_familiar(image->names.items[0]) : "");
		digest_format(&image->config_digest, text);
		json_set_text(doc, "Id", text);
		if (image->manifest.hex[0])
			digest_format(&image->manifest, text);
		json_set_text(doc, "Digest", image->manifest.hex[0] ? text : "");
		json_set_int(doc, "Size",
			     fstat(file.fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0);
		describe_signature(&file, path, doc);
		describe_others(&file.plan, others);
		r = describe(&image->config, doc, err);
	}
	opened_close(&file);
	return r;
}

/* ---- for people --------------------------------------------------------- */

static void line(const char *title, const char *text)
{
	autofree char *safe = str_escape(text);

	if (*safe)
		printf("%-13s %s\n", title, safe);
}

static void line_of(const char *title, const struct json *list)
{
	autostr struct str text = { 0 };

	for (size_t i = 0; i < json_count(list); i++)
		str_printf(&text, "%s%s", i ? " " : "", json_text_or(json_at(list, i), ""));
	if (text.len)
		line(title, text.data);
}

static void print_limits(const struct json *asks)
{
	int64_t memory = json_int(json_get(asks, "Memory"), 0);
	int64_t cpus = json_int(json_get(asks, "NanoCpus"), 0);
	int64_t pids = json_int(json_get(asks, "Pids"), 0);
	autostr struct str text = { 0 };
	char size[UNITS_TEXT_MAX];

	if (memory)
		str_printf(&text, "memory %s", units_print_binary(size, (uint64_t)memory));
	if (cpus)
		str_printf(&text, "%s%g CPUs", text.len ? ", " : "", (double)cpus / 1e9);
	if (pids)
		str_printf(&text, "%s%lld processes", text.len ? ", " : "", (long long)pids);
	line("Limits:", text.data ? text.data : "");
}

static void print_health(const struct json *docker)
{
	struct health_check h = { 0 };
	autofree char *text = NULL;
	struct error ignored;

	if (health_parse_docker(docker, &h, &ignored) == 0 && health_is_on(&h))
		text = health_text(&h);
	line("Health check:", text ? text : "");
	strlist_done(&h.test);
}

/* Help may have lines; nothing else that a terminal acts upon. */
static void print_help(const char *help)
{
	autostrlist struct strlist lines = { 0 };

	if (!*help)
		return;
	strlist_split(&lines, help, '\n');
	printf("\n");
	for (size_t i = 0; i < lines.n; i++) {
		autofree char *safe = str_escape(lines.items[i]);

		printf("%s\n", safe);
	}
}

static void print_about(const struct json *doc)
{
	static const char *const texts[][2] = {
		{ "Name:", "Name" },
		{ "Title:", "Title" },
		{ "Description:", "Description" },
		{ "Version:", "Version" },
		{ "Created:", "Created" },
		{ "Id:", "Id" },
		{ "Platform:", "Platform" },
	};
	char size[UNITS_TEXT_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		line(texts[i][0], json_text_or(json_get(doc, texts[i][1]), ""));
	printf("%-13s %s, %lld layer%s\n",
	       "Size:", units_print_size(size, json_u64(json_get(doc, "Size"), 0)),
	       (long long)json_int(json_get(doc, "Layers"), 0),
	       json_int(json_get(doc, "Layers"), 0) == 1 ? "" : "s");
	line("Signature:", json_text_or(json_get(doc, "Signature"), ""));
	line_of("Others:", json_get(doc, "Others"));
}

static void print_text(const struct json *doc)
{
	const struct json *asks = json_get(doc, "Asks");
	const char *restart = json_text_or(json_get(asks, "Restart"), "no");

	print_about(doc);
	line_of("Entry point:", json_get(doc, "Entrypoint"));
	line_of("Command:", json_get(doc, "Cmd"));
	line("User:", json_text_or(json_get(doc, "User"), ""));
	line("Directory:", json_text_or(json_get(doc, "WorkingDir"), ""));
	line_of("Own volumes:", json_get(doc, "Volumes"));
	line_of("Serves:", json_get(doc, "ExposedPorts"));
	print_limits(asks);
	print_health(json_get(asks, "Healthcheck"));
	line("Restart:", strcmp(restart, "no") ? restart : "");
	if (json_count(json_get(asks, "Ports")) || json_count(json_get(asks, "Volumes")))
		printf("\nWith --accept it also gets:\n");
	line_of("Ports:", json_get(asks, "Ports"));
	line_of("Volumes:", json_get(asks, "Volumes"));
	print_help(json_text_or(json_get(doc, "Help"), ""));
}

static int show(const struct context *ctx, const char *operand, const struct show_options *o,
		struct error *err)
{
	autojson struct json *doc = json_new_map();
	struct json *others = json_new_list();
	const char *format = o->json ? "json" : o->format;
	int r;

	json_set(doc, "Others", others);
	r = opened_is_path(operand) ? from_file(operand, o, doc, others, err)
				    : from_store(ctx, operand, doc, err);
	if (r < 0)
		return error_wrap(err, "show '%s'", operand);
	if (!format) {
		print_text(doc);
		return 0;
	}
	if (strcmp(format, "json") != 0)
		return format_print_template(format, doc, err);
	format_print_json(doc);
	return 0;
}

/** show_file() - What `tare show PATH` prints */
int show_file(const struct context *ctx, const char *path, struct error *err)
{
	return show(ctx, path, &(struct show_options){ .json = false }, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct show_options *o = ctx->options;

	(void)argc;
	if (o->json && o->format)
		return error_set(err, EINVAL, "--json and --format exclude each other");
	if (o->key && !opened_is_path(argv[0]))
		return error_set(err, EINVAL, "--key is for files: the store keeps no signatures");
	return show(ctx, argv[0], o, err);
}

const struct command cmd_show = {
	.name = "show",
	.args = "ARCHIVE|DIR|IMAGE",
	.summary = "Show what an appliance is and asks for, before it runs",
	.details =
		"Name, size, platform, command, limits, health check and help, and what it wants of "
		"the host: that it gets with 'tare run --accept' only. Nothing is unpacked.\n\n"
		"Fields of a template: .Name .Title .Description .Version .Created .Id .Digest .Size "
		".Layers .Platform .Entrypoint .Cmd .Env .User .WorkingDir .StopSignal .ExposedPorts "
		".Volumes .Labels .Asks (.Ports .Volumes .Memory .NanoCpus .Pids .Healthcheck "
		".Restart) .Help .Signature .Others",
	.options = show_options,
	COMMAND_OPTIONS(struct show_options, .json = false),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
