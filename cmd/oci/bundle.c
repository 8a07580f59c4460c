// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/bundle.c - A bundle's config.json, read for all who act on it
 *
 * Each part of the document goes to the folder whose business it is: runtime
 * takes most, cgroups takes linux.resources, network takes linux.netDevices.
 */
#include "cmd/oci/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/resources.h"
#include "runtime/config_json.h"
#include "runtime/label.h"

/** oci_bundle_init() - Empty; oci_bundle_done() may follow at any time */
void oci_bundle_init(struct oci_bundle *b)
{
	*b = (struct oci_bundle){ 0 };
	config_init(&b->config);
}

/** oci_bundle_done() - Release all that the struct holds */
void oci_bundle_done(struct oci_bundle *b)
{
	free(b->path);
	free(b->text);
	json_free(b->document);
	config_done(&b->config);
	cgroup_limits_done(&b->limits);
	cgroup_device_rules_done(&b->devices);
	seccomp_notify_done(&b->notify);
	device_done(&b->net_devices);
	resctrl_done(&b->rdt);
	*b = (struct oci_bundle){ 0 };
	config_init(&b->config);
}

/* SELinux labels what the container mounts, where there is SELinux. */
static void label_mounts(struct config *c)
{
	const char *label = c->process.attributes.labels.mounts;

	if (!label || !*label || !label_has_selinux())
		return;
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct config_mount *m = &c->mounts[i];

		if (m->kind == CONFIG_MOUNT_TMPFS ||
		    (m->kind == CONFIG_MOUNT_FS && label_is_for_mount(m->type)))
			strlist_take(&m->data, xasprintf("context=%s", label));
	}
}

static int parse(struct oci_bundle *b, struct error *err)
{
	const struct json *section = json_get(b->document, "linux");
	int r = config_from_json(b->document, b->path, &b->config, err);

	if (r == 0)
		r = cgroup_resources_parse(json_get(section, "resources"), &b->limits, &b->devices,
					   err);
	if (r == 0)
		r = seccomp_notify_parse(&b->notify, json_get(section, "seccomp"),
					 &b->config.process.seccomp, err);
	if (r == 0)
		r = device_parse(&b->net_devices, json_get(section, "netDevices"), err);
	if (r == 0)
		r = resctrl_parse(&b->rdt, json_get(section, "intelRdt"), err);
	if (r == 0)
		r = label_check(&b->config.process.attributes.labels, err);
	if (r < 0)
		return r;
	cgroup_resources_add_default_devices(&b->devices);
	label_mounts(&b->config);
	return 0;
}

static int load(struct oci_bundle *b, int dirfd, const char *file, struct error *err)
{
	int r = file_read_at(dirfd, file, JSON_MAX_BYTES, &b->text, &b->text_len, err);

	if (r < 0)
		return error_wrap(err, "load bundle '%s'", b->path);
	b->document = json_parse(b->text, b->text_len, err);
	if (!b->document || parse(b, err) < 0)
		return error_wrap(err, "%s of '%s'", file, b->path);
	return 0;
}

/**
 * oci_bundle_load() - Read a bundle
 * @dir:	NULL: the working directory
 * @file:	Where the configuration is, from there; NULL: config.json
 */
int oci_bundle_load(struct oci_bundle *b, const char *dir, const char *file, struct error *err)
{
	autoclose int fd = -1;

	b->path = realpath(dir && *dir ? dir : ".", NULL);
	if (!b->path)
		return error_sys(err, errno, "open bundle '%s'", dir ? dir : ".");
	fd = openat(AT_FDCWD, b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open bundle '%s'", b->path);
	return load(b, fd, file ? file : "config.json", err);
}

/** oci_bundle_load_saved() - Read the copy of config.json that create has made */
int oci_bundle_load_saved(struct oci_bundle *b, int state_dir, const char *bundle,
			  struct error *err)
{
	str_replace(&b->path, bundle);
	return load(b, state_dir, "config.json", err);
}

/** oci_bundle_has_errands() - Whether start or delete have to know more than the state */
bool oci_bundle_has_errands(const struct oci_bundle *b)
{
	return b->config.hooks[CONFIG_HOOK_POSTSTART].n ||
	       b->config.hooks[CONFIG_HOOK_POSTSTOP].n || b->rdt.is_set;
}
