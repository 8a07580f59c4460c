// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/assemble.c - From settings and image to what runtime/, cgroups/ and network/ take
 *
 * Pure, but for what cmd/device looks up; no container exists yet.
 */
#include "cmd/assemble.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/sys.h"
#include "cmd/connect.h"
#include "cmd/device.h"
#include "cmd/systemd_mode.h"
#include "cmd/volume.h"
#include "image/image.h"

#define OOM_SCORE_MAX 1000 /* proc_pid_oom_score_adj(5) */
#define DEFAULT_PATH  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- security options --------------------------------------------------- */

struct security {
	const char *seccomp; /* NULL: built in; "unconfined"; or a profile */
	bool new_privs, unmasked;
};

static int security_option(struct security *out, const char *option, struct error *err)
{
	if (str_starts(option, "seccomp=")) {
		out->seccomp = strcmp(option + 8, "builtin") ? option + 8 : NULL;
	} else if (!strcmp(option, "no-new-privileges") ||
		   !strcmp(option, "no-new-privileges=true") ||
		   !strcmp(option, "no-new-privileges:true")) {
		out->new_privs = false;
	} else if (!strcmp(option, "no-new-privileges=false") ||
		   !strcmp(option, "no-new-privileges:false")) {
		out->new_privs = true;
	} else if (!strcmp(option, "systempaths=unconfined") || !strcmp(option, "unmask=ALL")) {
		out->unmasked = true;
	} else if (!strcmp(option, "apparmor=unconfined") || !strcmp(option, "label=disable") ||
		   !strcmp(option, "label:disable")) {
		return 0; /* there is nothing to switch off */
	} else {
		error_set(err, EINVAL, "security option '%s' is not supported", option);
		return error_hint(err,
				  "known are seccomp=, no-new-privileges=, "
				  "systempaths=unconfined, apparmor=unconfined, label=disable");
	}
	return 0;
}

static int read_security(const struct settings *s, struct security *out, struct error *err)
{
	int r = 0;

	*out = (struct security){
		.new_privs = s->privileged,
		.unmasked = s->privileged,
		.seccomp = s->privileged ? "unconfined" : NULL,
	};
	for (size_t i = 0; r == 0 && i < s->security.n; i++)
		r = security_option(out, s->security.items[i], err);
	return r;
}

static int make_filter(const struct security *sec, uint64_t caps, const struct settings *s,
		       struct seccomp_program *out, struct error *err)
{
	autojson struct json *profile = NULL;
	int r;

	if (sec->seccomp && !strcmp(sec->seccomp, "unconfined"))
		return 0;
	if (!sec->seccomp) {
		r = seccomp_default(
			caps, (s->compat ? SECCOMP_COMPAT : 0) | (s->systemd ? SECCOMP_UEVENTS : 0),
			out);
		return r < 0 ? error_sys(err, -r, "make the seccomp filter") : 0;
	}
	profile = json_parse(sec->seccomp, strlen(sec->seccomp), err);
	if (!profile)
		return error_wrap(err, "read the seccomp profile");
	return seccomp_from_profile(profile, caps, out, err);
}

/* ---- the process -------------------------------------------------------- */

static bool has_variable(const struct strlist *env, const char *name_equals)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->items[i], name_equals))
			return true;
	return false;
}

static void fill_env(const struct settings *s, struct strlist *env)
{
	if (!has_variable(&s->env, "PATH="))
		strlist_add(env, DEFAULT_PATH);
	if (s->tty && !has_variable(&s->env, "TERM="))
		strlist_add(env, "TERM=xterm");
	if (!has_variable(&s->env, "HOSTNAME=") && s->hostname)
		strlist_take(env, xasprintf("HOSTNAME=%s", s->hostname));
	strlist_copy(env, &s->env);
}

static int choose_capabilities(const struct settings *s, uint64_t *mask, struct error *err)
{
	uint64_t basis = s->privileged ? CAPABILITY_ALL : CAPABILITY_DEFAULT;
	int r;

	if (s->systemd)
		basis |= systemd_mode_capabilities();
	r = capability_tweak(basis, &s->cap_add, &s->cap_drop, mask, err);
	/* In a user namespace of its own the container's root starts with all there are. */
	return r == 0 && s->host_userns ? capability_limit_to_own(*mask, mask, err) : r;
}

static int fill_rlimits(const struct settings *s, struct rlimit_set *set, struct error *err)
{
	rlimit_set_defaults(set);
	for (size_t i = 0; i < s->ulimits.n; i++) {
		int r = rlimit_parse(set, s->ulimits.items[i], err);

		if (r < 0)
			return r;
	}
	return rlimit_clamp(set, err);
}

/**
 * assemble_process() - Rights, environment and user of a container's processes
 * @p:	Zeroed; args stay empty, they differ between run and exec
 */
int assemble_process(const struct settings *s, struct config_process *p, struct error *err)
{
	struct security sec;
	uint64_t caps = 0;
	int r;

	if (s->oom_score_adj < -OOM_SCORE_MAX || s->oom_score_adj > OOM_SCORE_MAX)
		return error_set(err, ERANGE, "--oom-score-adj must be -%d to %d", OOM_SCORE_MAX,
				 OOM_SCORE_MAX);
	r = read_security(s, &sec, err);
	if (r == 0)
		r = choose_capabilities(s, &caps, err);
	if (r == 0)
		r = make_filter(&sec, caps, s, &p->seccomp, err);
	if (r == 0)
		r = fill_rlimits(s, &p->rlimits, err);
	if (r < 0)
		return r;
	p->capabilities = capability_sets_for_root(caps);
	p->no_new_privs = !sec.new_privs;
	p->terminal = s->tty;
	p->home_from_passwd = true;
	p->cwd = xstrdup(s->cwd ? s->cwd : "/");
	p->user = xstrdup(s->user ? s->user : "");
	p->oom_score_adj = (int)s->oom_score_adj;
	p->has_oom_score = s->oom_score_adj != 0;
	p->umask = 022;
	strlist_copy(&p->add_groups, &s->groups);
	fill_env(s, &p->env);
	return 0;
}

/* ---- mounts ------------------------------------------------------------ */

static void add_mount(struct config *c, const struct config_mount *m)
{
	c->mounts = xrealloc(c->mounts, (c->n_mounts + 1) * sizeof(*c->mounts));
	c->mounts[c->n_mounts++] = *m;
}

/* What is mounted deeper comes later, whatever the order of the flags. */
static int by_depth(const void *a, const void *b)
{
	const struct config_mount *x = a, *y = b;
	size_t dx = 0, dy = 0;

	for (const char *p = x->target; *p; p++)
		dx += *p == '/';
	for (const char *p = y->target; *p; p++)
		dy += *p == '/';
	/* Equal ones become neighbours: what is mounted twice is found so. */
	return dx != dy ? (dx < dy ? -1 : 1) : strcmp(x->target, y->target);
}

static int fill_mounts(const struct settings *s, struct config *c, struct error *err)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct settings_mount *m = &s->mounts[i];

		add_mount(c, &(struct config_mount){
				     .kind = CONFIG_MOUNT_BIND,
				     .source = xstrdup(m->source),
				     .target = xstrdup(m->target),
				     .attributes = SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV |
						   (m->read_only ? SYS_MOUNT_ATTR_RDONLY : 0),
				     .recursive = m->recursive,
				     .idmap = m->idmap && !s->host_userns,
				     .copy_up = m->fresh,
				     .is_real = !*m->name, /* realpath(3), see volume.c */
			     });
	}
	for (size_t i = 0; i < s->tmpfs.n; i++) {
		struct config_mount m;
		int r = volume_parse_tmpfs(s->tmpfs.items[i], &m, err);

		if (r < 0)
			return r;
		add_mount(c, &m);
	}
	if (s->systemd && systemd_mode_add_mounts(c, err) < 0)
		return -err->code;
	if (c->n_mounts)
		qsort(c->mounts, c->n_mounts, sizeof(*c->mounts), by_depth);
	for (size_t i = 1; i < c->n_mounts; i++)
		if (!strcmp(c->mounts[i - 1].target, c->mounts[i].target))
			return error_set(err, EINVAL, "two mounts on '%s'", c->mounts[i].target);
	return 0;
}

/* Whether it has a network namespace of its own stands in its config later: connect_prepare(). */
static int fill_sysctls(const struct settings *s, struct config *c, struct error *err)
{
	uint64_t namespaces = c->namespaces;
	int r = 0;

	if (connect_has_own_netns(s->network))
		c->namespaces |= CLONE_NEWNET;
	for (size_t i = 0; r == 0 && i < s->sysctls.n; i++) {
		autofree char *name = xstrdup(s->sysctls.items[i]);
		char *value = strchr(name, '=');

		if (!value)
			r = error_set(err, EINVAL, "'%s' is not KEY=VALUE", name);
		else
			*value++ = '\0';
		if (r == 0)
			r = config_add_sysctl(c, name, value, err);
		if (r < 0)
			error_wrap(err, "flag '--sysctl'");
	}
	c->namespaces = namespaces;
	return r;
}

/* ---- the root ----------------------------------------------------------- */

static void fill_root(const struct settings *s, const struct image *image, struct config *c)
{
	if (s->rootfs) {
		c->root = CONFIG_ROOT_DIRECTORY;
		c->root_path = xstrdup(s->rootfs);
	} else {
		c->root = CONFIG_ROOT_OVERLAY;
		strlist_copy(&c->lowers, &image->layers);
		c->lower_store = xstrdup(image->store_path);
		c->view_fds = image->view_fds;
		c->n_view_fds = image->n_view_fds;
		c->root_mode = image->root_mode;
		c->root_uid = image->root_uid;
		c->root_gid = image->root_gid;
	}
	c->scratch = CONFIG_SCRATCH_DISK;
	c->scratch_bytes = (uint64_t)s->scratch_bytes;
	c->read_only = s->read_only;
	/* What is kept must survive a power cut once a program in there has called fsync(). */
	c->volatile_upper = s->auto_remove;
}

/**
 * assemble_config() - All of a container but its ids, network and generated files
 * @image:	NULL with --rootfs
 * @c:		Initialised; config_done() releases it, also after a failure
 */
int assemble_config(const struct settings *s, const char *id, const struct image *image,
		    struct config *c, struct error *err)
{
	struct security sec;
	int r;

	c->id = xstrdup(id);
	c->hostname = xstrdup(s->hostname);
	c->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (!s->host_userns)
		c->namespaces |= CLONE_NEWUSER;
	c->shm_bytes = (uint64_t)(s->shm_bytes ? s->shm_bytes : SETTINGS_SHM_BYTES);
	c->init = s->init;
	c->writable_cgroup = s->systemd;
	fill_root(s, image, c);
	r = read_security(s, &sec, err);
	c->writable_kernel = sec.unmasked;
	if (r == 0)
		r = assemble_process(s, &c->process, err);
	if (s->systemd)
		systemd_mode_add_env(id, &c->process.env);
	strlist_copy(&c->process.args, &s->entrypoint);
	strlist_copy(&c->process.args, &s->cmd);
	if (r == 0)
		r = fill_mounts(s, c, err);
	if (r == 0)
		r = fill_sysctls(s, c, err);
	return r == 0 ? device_fill(s, c, err) : r;
}
