// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/info.c - tare info: this machine, as tare sees it
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/probe.h"
#include "cmd/units.h"
#include "image/image.h"

#define SUBNET_MAX_BYTES 256

struct info_options {
	const char *format;
};

static const struct option_def info_options[] = {
	OPTION(struct info_options, 'f', "format", "FORMAT", OPTION_TEXT, format,
	       "json, or a Go template"),
	{ 0 },
};

static int count_containers(const struct context *ctx, struct json *doc, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int64_t counts[RECORD_EXITED + 1] = { 0 };
	int r;

	r = record_list(&ctx->store, &ids, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++) {
		autorecord struct record record;

		record_init(&record);
		if (record_read(&ctx->store, ids.items[i], &record, &(struct error){ 0 }) == 0)
			counts[record.status]++;
	}
	json_set_int(doc, "Containers",
		     counts[RECORD_CREATED] + counts[RECORD_RUNNING] + counts[RECORD_PAUSED] +
			     counts[RECORD_RESTARTING] + counts[RECORD_EXITED]);
	counts[RECORD_RUNNING] += counts[RECORD_RESTARTING]; /* as docker counts */
	json_set_int(doc, "ContainersRunning", counts[RECORD_RUNNING]);
	json_set_int(doc, "ContainersPaused", counts[RECORD_PAUSED]);
	json_set_int(doc, "ContainersStopped", counts[RECORD_CREATED] + counts[RECORD_EXITED]);
	return 0;
}

/* Images, each counted once however many names it has. */
static int count_images(const struct context *ctx, struct json *doc, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	autostrlist struct strlist ids = { 0 };
	struct image_store images;
	int r;

	r = image_store_open(ctx->store.root_fd, &images, err);
	if (r < 0)
		return r;
	r = image_list(&images, &list, err);
	image_store_close(&images);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (!strlist_has(&ids, list.items[i].id))
			strlist_add(&ids, list.items[i].id);
	if (r == 0)
		json_set_int(doc, "Images", (int64_t)ids.n);
	return r;
}

static void describe_system(struct json *doc)
{
	struct utsname system;
	struct sysinfo memory;

	(void)uname(&system);
	(void)sysinfo(&memory);
	json_set_text(doc, "ServerVersion", TARE_VERSION);
	json_set_text(doc, "Name", system.nodename);
	json_set_text(doc, "OSType", "linux");
	json_set_text(doc, "Architecture", system.machine);
	json_set_text(doc, "KernelVersion", system.release);
	json_set_int(doc, "NCPU", sysconf(_SC_NPROCESSORS_ONLN));
	json_set_int(doc, "MemTotal", (int64_t)((uint64_t)memory.totalram * memory.mem_unit));
}

static void describe_cgroups(struct json *doc)
{
	struct json *controllers = json_new_list();
	struct cgroup_root root;
	struct error err = { 0 };
	unsigned int mask = 0;

	json_set_text(doc, "CgroupDriver", "cgroupfs");
	if (cgroup_root_open(&root, &err) < 0) {
		json_set_text(doc, "CgroupVersion", "");
		json_set_text(doc, "CgroupError", err.msg);
		json_set(doc, "CgroupControllers", controllers);
		return;
	}
	json_set_text(doc, "CgroupVersion", "2");
	json_set_text(doc, "CgroupPath", root.path);
	json_set_bool(doc, "CgroupHybrid", root.hybrid);
	(void)cgroup_read_controllers(root.fd, "cgroup.controllers", &mask, &err);
	for (int i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (mask & CGROUP_BIT(i))
			json_add_text(controllers,
				      cgroup_controller_name((enum cgroup_controller)i));
	json_set(doc, "CgroupControllers", controllers);
	cgroup_root_close(&root);
}

static void describe_network(const struct context *ctx, struct json *doc)
{
	struct json *network = json_new_map();
	autofree char *subnet = NULL;
	struct stat st;
	size_t len;

	if (file_read_at(ctx->store.run_fd, "networks/bridge/subnet", SUBNET_MAX_BYTES, &subnet,
			 &len, &(struct error){ 0 }) == 0)
		subnet[strcspn(subnet, "\n")] = '\0';
	json_set_text(network, "Bridge", "tare0");
	json_set_bool(network, "Up", stat("/sys/class/net/tare0", &st) == 0);
	json_set_text(network, "Subnet", subnet ? subnet : "");
	json_set(doc, "Network", network);
}

static void describe_kernel(const struct context *ctx, struct json *doc)
{
	struct json *features = json_new_map();

	for (const struct probe *p = probe_list; p->name; p++) {
		struct json *feature = json_new_map();
		int r = p->run(ctx);

		json_set_bool(feature, "Works", r > 0);
		json_set_text(feature, "Error", r < 0 ? strerror(-r) : "");
		json_set(features, p->name, feature);
	}
	json_set(doc, "Features", features);
}

static int describe(const struct context *ctx, struct json *doc, struct error *err)
{
	int r;

	r = count_containers(ctx, doc, err);
	if (r == 0)
		r = count_images(ctx, doc, err);
	if (r < 0)
		return r;
	json_set_text(doc, "Driver", "overlay");
	json_set_text(doc, "DockerRootDir", ctx->root); /* where scripts look for it */
	json_set_text(doc, "RootDir", ctx->root);
	json_set_text(doc, "RunRootDir", ctx->runroot);
	describe_system(doc);
	describe_cgroups(doc);
	describe_network(ctx, doc);
	describe_kernel(ctx, doc);
	return 0;
}

static void print_cgroups(const struct json *doc)
{
	const struct json *controllers = json_get(doc, "CgroupControllers");

	if (!*json_text_or(json_get(doc, "CgroupVersion"), "")) {
		printf("Cgroups:      none: %s\n", json_text_or(json_get(doc, "CgroupError"), ""));
		return;
	}
	printf("Cgroups:      v2 at %s%s\n", json_text_or(json_get(doc, "CgroupPath"), ""),
	       json_is_true(json_get(doc, "CgroupHybrid")) ? ", beside v1" : "");
	printf("Controllers: ");
	for (size_t i = 0; i < json_count(controllers); i++)
		printf(" %s", json_text_or(json_at(controllers, i), ""));
	printf("%s\n", json_count(controllers) ? "" : " none: limits are refused");
}

static void print_kernel(const struct json *doc)
{
	const struct json *features = json_get(doc, "Features");

	printf("\nThe kernel has\n");
	for (const struct probe *p = probe_list; p->name; p++) {
		const struct json *feature = json_get(features, p->name);

		if (json_is_true(json_get(feature, "Works")))
			printf("  yes  %s\n", p->what);
		else
			printf("  no   %s (%s): %s\n", p->what,
			       json_text_or(json_get(feature, "Error"), ""), p->without);
	}
}

static void print_page(const struct json *doc)
{
	const struct json *network = json_get(doc, "Network");
	char memory[UNITS_TEXT_MAX];

	printf("Version:      %s\n", json_text_or(json_get(doc, "ServerVersion"), ""));
	printf("Kernel:       %s %s\n", json_text_or(json_get(doc, "KernelVersion"), ""),
	       json_text_or(json_get(doc, "Architecture"), ""));
	printf("Machine:      %" PRId64 " CPUs, %s\n", json_int(json_get(doc, "NCPU"), 0),
	       units_print_binary(memory, json_u64(json_get(doc, "MemTotal"), 0)));
	printf("Containers:   %" PRId64 " (%" PRId64 " running, %" PRId64 " paused)\n",
	       json_int(json_get(doc, "Containers"), 0),
	       json_int(json_get(doc, "ContainersRunning"), 0),
	       json_int(json_get(doc, "ContainersPaused"), 0));
	printf("Images:       %" PRId64 "\n", json_int(json_get(doc, "Images"), 0));
	printf("Root:         %s\n", json_text_or(json_get(doc, "RootDir"), ""));
	printf("Run root:     %s\n", json_text_or(json_get(doc, "RunRootDir"), ""));
	print_cgroups(doc);
	printf("Network:      bridge tare0 %s%s%s\n",
	       json_is_true(json_get(network, "Up")) ? "is up" : "not made yet",
	       *json_text_or(json_get(network, "Subnet"), "") ? ", " : "",
	       json_text_or(json_get(network, "Subnet"), ""));
	print_kernel(doc);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct info_options *o = ctx->options;
	autojson struct json *doc = json_new_map();
	int r;

	(void)argc;
	(void)argv;
	r = describe(ctx, doc, err);
	if (r < 0)
		return r;
	if (o->format)
		return format_print_template(o->format, doc, err);
	print_page(doc);
	return 0;
}

const struct command cmd_info = {
	.name = "info",
	.summary = "Show what this machine offers to containers",
	.options = info_options,
	COMMAND_OPTIONS(struct info_options, .format = NULL),
	.flags = COMMAND_STORE | COMMAND_ANYBODY,
	.run = run,
};
