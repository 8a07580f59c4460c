// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/config_json.c - config.json of an OCI bundle, to a struct config
 *
 * runtime-spec config.md: the document's top and its process.
 */
#include "runtime/config_json.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "runtime/config.h"
#include "runtime/field.h"
#include "runtime/hook.h"

#define MAX_GROUPS	 65536		  /* NGROUPS_MAX of Linux */
#define ID_MAX		 (UINT32_MAX - 1) /* one more means "no change" to the kernel */
#define OOM_SCORE_MAX	 1000		  /* proc_pid_oom_score_adj(5) */
#define MAX_WINDOW_CELLS 65535
#define HOSTNAME_MAX	 64 /* __NEW_UTS_LEN */

/* ---- process ------------------------------------------------------------ */

static int read_groups(const struct json *user, struct config_process *p, struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(user, "process.user", "additionalGids", &list, err);

	if (r < 0 || !json_count(list))
		return r;
	if (json_count(list) > MAX_GROUPS)
		return error_set(err, E2BIG, "process.user.additionalGids: more than %d groups",
				 MAX_GROUPS);
	p->groups = xcalloc(json_count(list), sizeof(*p->groups));
	for (size_t i = 0; i < json_count(list); i++) {
		int64_t gid = json_int(json_at(list, i), -1);

		if (gid < 0 || gid >= UINT32_MAX)
			return error_set(err, EBADMSG,
					 "process.user.additionalGids[%zu]: not a group id", i);
		p->groups[p->n_groups++] = (gid_t)gid;
	}
	return 0;
}

static int read_user(const struct json *process, struct config_process *p, struct error *err)
{
	const struct json *user = NULL;
	int64_t mask = 022; /* what runc and crun give when nothing is said */
	int64_t uid = p->uid, gid = p->gid;
	int r = field_map(process, "process", "user", &user, err);

	p->numeric = true;
	if (r == 0)
		r = field_int(user, "process.user", "uid", 0, ID_MAX, &uid, err);
	if (r == 0)
		r = field_int(user, "process.user", "gid", 0, ID_MAX, &gid, err);
	if (r == 0)
		r = field_int(user, "process.user", "umask", 0, UINT32_MAX, &mask, err);
	p->uid = (uid_t)uid;
	p->gid = (gid_t)gid;
	p->umask = (mode_t)mask & 0777;
	return r == 0 ? read_groups(user, p, err) : r;
}

/* A name that this kernel has no number for is passed over: config.md, "capabilities". */
static int read_capability_set(const struct json *map, const char *key, uint64_t *set,
			       struct error *err)
{
	autostrlist struct strlist names = { 0 };
	struct error unknown;
	uint64_t one;
	int r = field_texts(map, "process.capabilities", key, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (capability_parse(names.items[i], &one, &unknown) == 0 && one != CAPABILITY_ALL)
			*set |= one;
		else
			log_debug("process.capabilities.%s: '%s' is unknown here", key,
				  names.items[i]);
	}
	return r;
}

static int read_capabilities(const struct json *process, struct config_process *p,
			     struct error *err)
{
	struct capability_sets *sets = &p->capabilities;
	const struct {
		const char *key;
		uint64_t *set;
	} members[] = {
		{ "bounding", &sets->bounding },   { "effective", &sets->effective },
		{ "permitted", &sets->permitted }, { "inheritable", &sets->inheritable },
		{ "ambient", &sets->ambient },
	};
	const struct json *map = NULL;
	int r = field_map(process, "process", "capabilities", &map, err);

	for (size_t i = 0; r == 0 && i < sizeof(members) / sizeof(*members); i++)
		r = read_capability_set(map, members[i].key, members[i].set, err);
	/* capabilities(7): the kernel refuses an ambient one that is not in both; runc warns. */
	sets->ambient &= sets->permitted & sets->inheritable;
	return r;
}

static int read_rlimit(const struct json *entry, size_t i, struct config_process *p,
		       struct error *err)
{
	autofree char *where = xasprintf("process.rlimits[%zu]", i);
	uint64_t soft = 0, hard = 0;
	autofree char *type = NULL;
	int resource, r = field_text(entry, where, "type", &type, err);

	if (r == 0)
		r = field_u64(entry, where, "soft", &soft, err);
	if (r == 0)
		r = field_u64(entry, where, "hard", &hard, err);
	if (r < 0)
		return r;
	if (!type)
		return field_missing(where, "type", err);
	if (!str_starts(type, "RLIMIT_"))
		return error_set(err, EBADMSG, "%s.type: '%s' is no resource", where, type);
	resource = rlimit_of_name(type);
	if (resource >= 0 && p->rlimits.limits[resource].is_set)
		return error_set(err, EBADMSG, "%s: '%s' is there twice", where, type);
	r = rlimit_add(&p->rlimits, type, soft, hard, err);
	if (r == 0)
		return 0;
	err->hint[0] = '\0'; /* about a flag */
	return error_wrap(err, "%s", where);
}

static int read_rlimits(const struct json *process, struct config_process *p, struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(process, "process", "rlimits", &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++)
		r = read_rlimit(json_at(list, i), i, p, err);
	return r;
}

static int read_terminal(const struct json *process, struct config_process *p, struct error *err)
{
	const struct json *size = NULL;
	int64_t rows = 0, columns = 0;
	int r = field_bool(process, "process", "terminal", &p->terminal, err);

	if (r == 0)
		r = field_map(process, "process", "consoleSize", &size, err);
	if (r == 0)
		r = field_int(size, "process.consoleSize", "height", 0, MAX_WINDOW_CELLS, &rows,
			      err);
	if (r == 0)
		r = field_int(size, "process.consoleSize", "width", 0, MAX_WINDOW_CELLS, &columns,
			      err);
	p->rows = (uint16_t)rows;
	p->columns = (uint16_t)columns;
	return r;
}

static int read_oom_score(const struct json *process, struct config_process *p, struct error *err)
{
	int64_t score = INT64_MIN;
	int r = field_int(process, "process", "oomScoreAdj", -OOM_SCORE_MAX, OOM_SCORE_MAX, &score,
			  err);

	p->has_oom_score = score != INT64_MIN;
	p->oom_score_adj = p->has_oom_score ? (int)score : 0;
	return r;
}

static int check_process(const struct config_process *p, struct error *err)
{
	if (!p->args.n)
		return error_set(err, EINVAL, "process.args must not be empty");
	if (!p->cwd || !*p->cwd)
		return error_set(err, EINVAL, "process.cwd must not be empty");
	if (*p->cwd != '/')
		return error_set(err, EINVAL, "process.cwd must be an absolute path, not '%s'",
				 p->cwd);
	for (size_t i = 0; i < p->env.n; i++)
		if (!strchr(p->env.items[i], '='))
			return error_set(err, EINVAL, "process.env[%zu]: '%s' is not NAME=VALUE", i,
					 p->env.items[i]);
	return 0;
}

struct variable {
	char *text;
	size_t i;
};

static size_t name_length(const char *text)
{
	return strcspn(text, "=");
}

/* By name; of one name, in the order given. */
static int compare_variables(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;
	size_t n = name_length(x->text), m = name_length(y->text);
	int r = memcmp(x->text, y->text, n < m ? n : m);

	if (r == 0)
		r = n == m ? (x->i > y->i) - (x->i < y->i) : (n > m) - (n < m);
	return r;
}

static bool is_same_name(const char *a, const char *b)
{
	return name_length(a) == name_length(b) && !memcmp(a, b, name_length(a));
}

/* As runc: of a variable that is there twice the last counts; an empty HOME is none. */
static void settle_env(struct strlist *env)
{
	autofree struct variable *sorted = xcalloc(env->n + 1, sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++)
		sorted[i] = (struct variable){ env->items[i], i };
	qsort(sorted, env->n, sizeof(*sorted), compare_variables);
	for (size_t i = 0; i < env->n; i++)
		if ((i + 1 < env->n && is_same_name(sorted[i].text, sorted[i + 1].text)) ||
		    !strcmp(sorted[i].text, "HOME=")) {
			env->items[sorted[i].i] = NULL;
			free(sorted[i].text);
			sorted[i].text = NULL;
		}
	for (size_t i = 0; i < env->n; i++)
		if (env->items[i])
			env->items[n++] = env->items[i];
	if (env->items)
		env->items[n] = NULL;
	env->n = n;
}

/**
 * config_process_from_json() - The process of a configuration, or of `exec --process`
 * @process:	The object; seccomp, which is in linux, is not part of it
 * @p:		Zeroed; config_process_done() releases it, also after a failure
 */
int config_process_from_json(const struct json *process, struct config_process *p,
			     struct error *err)
{
	int r;

	if (json_kind_of(process) != JSON_MAP)
		return error_set(err, EBADMSG, "process: not an object");
	p->home_from_passwd = true;
	r = field_texts(process, "process", "args", &p->args, err);
	if (r == 0)
		r = field_texts(process, "process", "env", &p->env, err);
	if (r == 0)
		settle_env(&p->env);
	if (r == 0)
		r = field_text(process, "process", "cwd", &p->cwd, err);
	if (r == 0)
		r = read_terminal(process, p, err);
	if (r == 0)
		r = read_user(process, p, err);
	if (r == 0)
		r = read_capabilities(process, p, err);
	if (r == 0)
		r = read_rlimits(process, p, err);
	if (r == 0)
		r = field_bool(process, "process", "noNewPrivileges", &p->no_new_privs, err);
	if (r == 0)
		r = read_oom_score(process, p, err);
	if (r == 0)
		r = attributes_parse_process(&p->attributes, process, err);
	p->attributes.resets_cpus = true;
	return r == 0 ? check_process(p, err) : r;
}

/* ---- hooks -------------------------------------------------------------- */

static int read_hook(const struct json *entry, const char *where, struct config_hook *hook,
		     struct error *err)
{
	int64_t timeout = 0;
	int r = field_text(entry, where, "path", &hook->path, err);

	if (r == 0)
		r = field_texts(entry, where, "args", &hook->args, err);
	if (r == 0)
		r = field_texts(entry, where, "env", &hook->env, err);
	if (r == 0 && !hook->env.n && json_get(entry, "env"))
		hook->env.items = xcalloc(1, sizeof(*hook->env.items)); /* none, not ours */
	if (r == 0)
		r = field_int(entry, where, "timeout", 1, INT32_MAX / 1000, &timeout, err);
	hook->timeout_s = (int)timeout;
	if (r < 0)
		return r;
	if (!hook->path)
		return field_missing(where, "path", err);
	return *hook->path == '/'
		       ? 0
		       : error_set(err, EINVAL, "%s.path: '%s' is not absolute", where, hook->path);
}

static int read_hooks(const struct json *hooks, const char *key, struct config_hook_list *out,
		      struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(hooks, "hooks", key, &list, err);

	if (r < 0 || !json_count(list))
		return r;
	out->items = xcalloc(json_count(list), sizeof(*out->items));
	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		autofree char *where = xasprintf("hooks.%s[%zu]", key, i);

		r = read_hook(json_at(list, i), where, &out->items[out->n++], err);
	}
	return r;
}

/** config_hooks_from_json() - All six kinds of hooks; config.md, "POSIX-platform Hooks" */
int config_hooks_from_json(const struct json *document, struct config *c, struct error *err)
{
	const struct json *hooks = NULL;
	int r = field_map(document, "", "hooks", &hooks, err);

	for (size_t i = 0; r == 0 && i < CONFIG_HOOK_KINDS; i++)
		r = read_hooks(hooks, hook_kind_name((enum config_hook_kind)i), &c->hooks[i], err);
	return r;
}

/* ---- the document ------------------------------------------------------- */

/* Semantic versions: any 1.x is promised to be compatible (version.md). */
static int check_version(const struct json *document, struct error *err)
{
	const char *version = json_text(json_get(document, "ociVersion"));
	uint64_t major;
	autofree char *text = NULL;

	if (!version)
		return error_set(err, EBADMSG, "ociVersion is missing or not a string");
	text = xstrndup(version, strcspn(version, "."));
	if (version[strlen(text)] != '.' || str_parse_u64(text, UINT32_MAX, &major) < 0)
		return error_set(err, EBADMSG, "ociVersion: '%s' is no version", version);
	if (major != 1)
		return error_set(err, EOPNOTSUPP, "ociVersion: '%s' is not supported, only 1.x is",
				 version);
	return 0;
}

static int read_root(const struct json *document, const char *bundle, struct config *c,
		     struct error *err)
{
	autofree char *path = NULL;
	const struct json *root = NULL;
	int r = field_map(document, "", "root", &root, err);

	if (r == 0 && !root)
		return field_missing("", "root", err);
	if (r == 0)
		r = field_text(root, "root", "path", &path, err);
	if (r == 0)
		r = field_bool(root, "root", "readonly", &c->read_only, err);
	if (r < 0)
		return r;
	if (!path || !*path)
		return field_missing("root", "path", err);
	c->root = CONFIG_ROOT_BUNDLE;
	c->root_path = *path == '/' ? steal_ptr(&path) : xasprintf("%s/%s", bundle, path);
	return 0;
}

static int read_names(const struct json *document, struct config *c, struct error *err)
{
	const struct {
		const char *key;
		char **name;
	} names[] = { { "hostname", &c->hostname }, { "domainname", &c->domainname } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int r = field_word(document, "", names[i].key, names[i].name, err);

		if (r < 0)
			return r;
		if (!*names[i].name)
			continue;
		if (!config_has_own(c, CONFIG_NS_UTS))
			return error_set(err, EINVAL, "%s: needs a private uts namespace",
					 names[i].key);
		if (strlen(*names[i].name) > HOSTNAME_MAX)
			return error_set(err, ENAMETOOLONG, "%s: longer than %d bytes",
					 names[i].key, HOSTNAME_MAX);
	}
	return 0;
}

static int read_annotations(const struct json *document, struct config *c, struct error *err)
{
	const struct json *map = NULL, *value;
	const char *key;
	void *it = NULL;
	int r = field_map(document, "", "annotations", &map, err);

	while (r == 0 && map && json_next(map, &it, &key, &value))
		if (!json_text(value))
			return error_set(err, EBADMSG, "annotations: '%s' is not a string", key);
	/* crun's; podman's --group-add keep-groups. */
	c->process.keep_groups =
		!strcmp(json_text_or(json_get(map, "run.oci.keep_original_groups"), ""), "1");
	return r;
}

/**
 * config_from_json() - Read a whole config.json
 * @document:	The parsed file
 * @bundle:	Absolute path of its directory: what relative paths begin at
 * @c:		Initialised; config_done() releases it, also after a failure
 *
 * Return: 0; -EBADMSG if the document is malformed; -EINVAL, -ERANGE, -E2BIG or
 * -EOPNOTSUPP if it asks for what cannot be
 */
int config_from_json(const struct json *document, const char *bundle, struct config *c,
		     struct error *err)
{
	const struct json *process = NULL, *linux_map = NULL;
	int r;

	if (json_kind_of(document) != JSON_MAP)
		return error_set(err, EBADMSG, "not a JSON object");
	r = check_version(document, err);
	if (r == 0)
		r = field_map(document, "", "process", &process, err);
	if (r == 0)
		r = field_map(document, "", "linux", &linux_map, err);
	if (r == 0 && !process)
		r = field_missing("", "process", err);
	if (r == 0)
		r = config_process_from_json(process, &c->process, err);
	if (r == 0)
		r = read_root(document, bundle, c, err);
	if (r == 0)
		r = config_linux_from_json(linux_map, c, err);
	if (r == 0)
		r = read_names(document, c, err);
	if (r == 0)
		r = config_mounts_from_json(document, bundle, c, err);
	if (r == 0)
		r = config_hooks_from_json(document, c, err);
	return r == 0 ? read_annotations(document, c, err) : r;
}
