// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/cgroup.c - A container's cgroup, made by us or by systemd
 *
 * Ours exists before the process, which is cloned into it. A scope of systemd's
 * needs a process to begin with: it is made around the first one while that
 * still waits for its ids.
 */
#include "cmd/oci/cgroup.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/delegate.h"
#include "cgroups/devices.h"
#include "cgroups/group.h"
#include "cgroups/limits.h"
#include "cgroups/path.h"
#include "cgroups/systemd.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/user.h"

/** oci_cgroup_close() - Close what is open; the cgroup itself stays */
void oci_cgroup_close(struct oci_cgroup *cg)
{
	cleanup_close(&cg->fd);
	cgroup_root_close(&cg->root);
}

static const char *cgroups_path_of(const struct oci_bundle *b)
{
	return json_text_or(json_get(json_get(b->document, "linux"), "cgroupsPath"), "");
}

static bool wants_limits(const struct oci_bundle *b)
{
	return cgroup_limits_any(&b->limits);
}

static int apply_devices(int dirfd, const struct oci_bundle *b, struct error *err)
{
	int r;

	if (!b->devices.n || cgroup_devices_allow_all(b->devices.items, b->devices.n))
		return 0;
	r = cgroup_devices_attach(dirfd, b->devices.items, b->devices.n, err);
	/* Who may not load programs cannot make devices either. */
	return r == -EPERM && !oci_is_host_root() ? 0 : r;
}

/* config-linux.md, "Cgroup ownership": whose cgroup mount is writable shall own the cgroup. */
static int delegate(int dirfd, const struct oci_bundle *b, struct error *err)
{
	const struct config *c = &b->config;
	uid_t owner = (uid_t)-1;

	if (!(c->namespaces & CLONE_NEWCGROUP) || !(c->namespaces & CLONE_NEWUSER))
		return 0;
	for (size_t i = 0; i < c->uid_map.n; i++)
		if (c->uid_map.items[i].inside == 0)
			owner = c->uid_map.items[i].outside;
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].kind == CONFIG_MOUNT_CGROUP && owner != (uid_t)-1 &&
		    !(c->mounts[i].attributes & SYS_MOUNT_ATTR_RDONLY))
			return cgroup_delegate(dirfd, owner, err);
	return 0;
}

static int claim(struct oci_cgroup *cg, const struct oci_bundle *b, struct state *s, int dirfd,
		 struct error *err)
{
	const char *wanted = cgroups_path_of(b);
	autofree char *own = NULL, *path = NULL;
	int r = cgroup_path_of_process(0, &own, err);

	if (r == -ENOENT)
		own = xstrdup("/");
	else if (r < 0)
		return r;
	r = cgroup_path_resolve(wanted, s->id, own, &path, err);
	if (r == 0)
		r = state_note_cgroup(dirfd, path, err);
	if (r == 0)
		r = cgroup_claim(&cg->root, path, &b->limits, &cg->fd, err);
	/* Who may not make cgroups, and does not insist, does without. */
	if ((r == -EACCES || r == -EPERM || r == -EROFS) && !*wanted && !wants_limits(b) &&
	    !oci_is_host_root())
		return 0;
	if (r < 0)
		return r;
	str_replace(&s->cgroup, path);
	return 0;
}

/**
 * oci_cgroup_create() - Make the cgroup that the bundle asks for
 * @s:		Gets where it is; for systemd, only what to ask for
 * @dirfd:	Its directory: nobody knows of the cgroup before state_write()
 */
int oci_cgroup_create(struct oci_cgroup *cg, const struct oci_globals *g,
		      const struct oci_bundle *b, struct state *s, int dirfd, struct error *err)
{
	const char *manager = g->cgroup_manager ? g->cgroup_manager : "";
	int r;

	if (!strcmp(manager, "disabled"))
		return 0;
	r = cgroup_root_open(&cg->root, err);
	if (r == -ENOENT && !wants_limits(b))
		return 0; /* nothing to limit, and nowhere to do it */
	if (r < 0)
		return r;
	if (!g->systemd_cgroup && strcmp(manager, "systemd") != 0)
		return claim(cg, b, s, dirfd, err);
	s->user_manager = !oci_is_host_root();
	str_replace(&s->cgroups_path, *cgroups_path_of(b) ? cgroups_path_of(b) : "::");
	return 0;
}

static int parse_unit(struct systemd_unit *unit, const struct state *s, struct error *err)
{
	return systemd_unit_parse(unit, strcmp(s->cgroups_path, "::") ? s->cgroups_path : NULL,
				  s->id, s->user_manager, err);
}

static bool is_in_scope(const struct state *s)
{
	return s->cgroups_path && *s->cgroups_path;
}

static size_t read_properties(const struct oci_bundle *b, struct systemd_property **out)
{
	const struct json *annotations = json_get(b->document, "annotations"), *value;
	const char *key, *name;
	void *it = NULL;
	size_t n = 0;

	*out = xcalloc(json_count(annotations) + 1, sizeof(**out));
	while (annotations && json_next(annotations, &it, &key, &value)) {
		name = systemd_property_of_annotation(key);
		if (name && json_text(value))
			(*out)[n++] = (struct systemd_property){ name, json_text(value) };
	}
	return n;
}

/** oci_cgroup_adopt() - Once the process exists: have systemd make the cgroup around it */
int oci_cgroup_adopt(struct oci_cgroup *cg, const struct oci_bundle *b, struct state *s, pid_t pid,
		     struct error *err)
{
	autofree struct systemd_property *properties = NULL;
	struct systemd_start start = { .pid = pid, .limits = &b->limits };
	struct systemd_unit unit = { 0 };
	autofree char *path = NULL;
	int r;

	if (!is_in_scope(s))
		return 0;
	start.n_properties = read_properties(b, &properties);
	start.properties = properties;
	r = parse_unit(&unit, s, err);
	if (r == 0)
		r = cgroup_systemd_start(&unit, &start, &cg->root, &path, &cg->fd, err);
	if (r == 0) {
		str_replace(&s->cgroup, path);
		r = cgroup_pass_controllers(&cg->root, path, cg->fd, &b->limits, err);
	}
	if (r == 0)
		r = cgroup_limits_apply(cg->fd, &b->limits, err);
	systemd_unit_done(&unit);
	return r;
}

/**
 * oci_cgroup_confine() - What has to hold before anything of the container's runs
 *
 * The device rules and the owner. The kernel takes its time to check the program
 * of the rules: meanwhile the first process, which is still our own code, mounts.
 */
int oci_cgroup_confine(struct oci_cgroup *cg, const struct oci_bundle *b, struct error *err)
{
	int r = cg->fd >= 0 ? apply_devices(cg->fd, b, err) : 0;

	return r == 0 && cg->fd >= 0 ? delegate(cg->fd, b, err) : r;
}

static int open_in(struct oci_cgroup *cg, const struct state *s, struct error *err)
{
	cg->fd = cgroup_open(&cg->root, s->cgroup, err);
	return cg->fd == -ENOENT || cg->fd >= 0 ? 0 : cg->fd;
}

/** oci_cgroup_open() - The cgroup of an existing container; fd stays -1 if it has none */
int oci_cgroup_open(struct oci_cgroup *cg, const struct state *s, struct error *err)
{
	int r;

	if (!s->cgroup || !*s->cgroup)
		return 0;
	r = cgroup_root_open(&cg->root, err);
	return r < 0 ? r : open_in(cg, s, err);
}

/**
 * oci_cgroup_move() - Have the container's systemd move a process into its cgroup
 *
 * Return: 0; -EACCES if there is no systemd that would; or -errno
 */
int oci_cgroup_move(const struct state *s, pid_t pid, struct error *err)
{
	struct systemd_unit unit = { 0 };
	int r;

	if (!is_in_scope(s))
		return error_set(err, EACCES,
				 "move a process into the container's cgroup: "
				 "not allowed from ours");
	r = parse_unit(&unit, s, err);
	if (r == 0)
		r = cgroup_systemd_attach(&unit, pid, err);
	systemd_unit_done(&unit);
	return r;
}

/** oci_cgroup_forget() - That of a container whose making was killed before it had a state */
void oci_cgroup_forget(int dirfd)
{
	autofree char *path = state_noted_cgroup(dirfd);
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	struct error ignored;

	if (path && cgroup_root_open(&cg.root, &ignored) == 0)
		(void)cgroup_remove_if_empty(&cg.root, path);
}

/**
 * oci_cgroup_end() - Kill whatever is in the container's cgroup, and remove it
 *
 * Of a scope that was never had, as when another has its name, nothing is touched.
 */
int oci_cgroup_end(const struct state *s, struct error *err)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	struct systemd_unit unit = { 0 };
	int r;

	if (!s->cgroup || !*s->cgroup)
		return 0;
	r = cgroup_root_open(&cg.root, err);
	if (r < 0)
		return r;
	if (!is_in_scope(s) && cgroup_remove_if_empty(&cg.root, s->cgroup))
		return 0; /* nobody to be killed */
	r = open_in(&cg, s, err);
	if (r == 0 && cg.fd >= 0)
		r = cgroup_kill(cg.fd, err);
	if (r == 0 && is_in_scope(s)) {
		r = parse_unit(&unit, s, err);
		if (r == 0)
			r = cgroup_systemd_stop(&unit, err);
		systemd_unit_done(&unit);
	}
	return r == 0 && cg.fd >= 0 ? cgroup_remove(&cg.root, s->cgroup, CGROUP_END_TIMEOUT_MS, err)
				    : r;
}
