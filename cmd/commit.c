// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/commit.c - tare commit: an image of what a container has become
 *
 * The layer holds what `tare diff` shows. The container is frozen meanwhile; a
 * process that only waits for the end of this one thaws it, so that not even
 * kill -9 leaves it frozen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/freezer.h"
#include "cmd/change.h"
#include "cmd/command.h"
#include "cmd/container_root.h"
#include "cmd/maps.h"
#include "cmd/options.h"
#include "cmd/target.h"
#include "image/changes.h"
#include "image/compose.h"
#include "image/load.h"
#include "image/pack.h"
#include "image/reference.h"

struct commit_options {
	struct strlist changes;
	const char *author, *message;
	bool pause, quiet;
};

#define O(...) OPTION(struct commit_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('a', "author", "TEXT", OPTION_TEXT, author, "Author, for the image's history"),
	O('c', "change", "INSTRUCTION", OPTION_LIST, changes,
	  "Set this in the image's config, as a Dockerfile would: CMD, ENV, USER, …"),
	O('m', "message", "TEXT", OPTION_TEXT, message, "Comment in the image's history"),
	O('p', "pause", NULL, OPTION_BOOL, pause, "Freeze the container meanwhile (the default)"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Accepted: only the id is printed anyway"),
	{ 0 },
};

/* ---- freezing --------------------------------------------------------------- */

struct frozen {
	pid_t thawer;
	int pipe_fd, group;
};

static void __attribute__((noreturn)) wait_and_thaw(int pipe_fd, int group)
{
	struct error ignored;
	char byte;

	(void)setsid(); /* a Ctrl-C for the one that works is not for this one */
	while (read(pipe_fd, &byte, 1) < 0 && errno == EINTR)
		;
	(void)cgroup_freeze(group, false, &ignored);
	_exit(0);
}

/* Nothing to do for one that does not run, is paused already, or has no cgroup. */
static int freeze(const struct record *r, struct frozen *f, struct error *err)
{
	int fds[2], group;

	*f = (struct frozen){ .pipe_fd = -1, .group = -1 };
	if (!target_is_running(r) || r->status == RECORD_PAUSED || !*r->cgroup)
		return 0;
	group = f->group = target_open_cgroup(r, err);
	if (group < 0)
		return group;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	f->thawer = fork();
	if (f->thawer == 0) {
		(void)close(fds[1]);
		wait_and_thaw(fds[0], group);
	}
	(void)close(fds[0]);
	f->pipe_fd = fds[1];
	if (f->thawer < 0)
		return error_sys(err, errno, "start a process");
	return cgroup_freeze(group, true, err);
}

static void thaw(struct frozen *f)
{
	struct error ignored; /* the other one does it, too */

	if (f->pipe_fd >= 0)
		(void)cgroup_freeze(f->group, false, &ignored);
	cleanup_close(&f->group);
	cleanup_close(&f->pipe_fd);
	while (f->thawer > 0 && waitpid(f->thawer, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the layer ---------------------------------------------------------------- */

static int pack_change(struct pack *p, int root, const struct change *change, struct error *err)
{
	const char *slash = strrchr(change->path, '/');
	autofree char *dir = xstrndup(change->path, slash ? (size_t)(slash - change->path) : 0);
	autoclose int parent = -1;

	if (change->kind == 'D')
		return pack_whiteout(p, change->path, err);
	parent = path_open_beneath(root, *dir ? dir : ".", O_RDONLY | O_DIRECTORY, 0);
	if (parent < 0)
		return error_sys(err, -parent, "open '/%s' of the container", dir);
	return pack_path(p, parent, slash ? slash + 1 : change->path, change->path, false, err);
}

static int pack_changes(const struct container_root *cr, int root,
			const struct change_list *changes, struct layer_writer *w,
			struct error *err)
{
	struct tar_writer tar = { .sink = layer_writer_sink, .arg = w };
	struct pack pack = { .out = &tar, .id_base = cr->id_base };
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->n; i++)
		r = pack_change(&pack, root, &changes->items[i], err);
	pack_done(&pack);
	return r == 0 ? tar_write_end(&tar, err) : r;
}

static int write_layer(void *arg, struct layer_writer *w, struct error *err)
{
	autochanges struct change_list changes = { 0 };
	struct container_root *cr = arg;
	autoclose int root = -1;
	int r = container_root_changes(cr, &root, &changes, err);

	return r == 0 ? pack_changes(cr, root, &changes, w, err) : r;
}

/* ---- the config ----------------------------------------------------------------- */

static void set_list(struct json *config, const char *key, const struct strlist *list)
{
	if (list->n)
		json_set_list(config, key, list->items, list->n);
	else
		json_unset(config, key);
}

/* As docker: the new image runs what the container was told to run. */
static int set_config(struct compose *c, const struct settings *s, const struct commit_options *o,
		      struct error *err)
{
	const struct json *base = json_get(c->config, "config");
	struct json *config = json_kind_of(base) == JSON_MAP ? json_clone(base) : json_new_map();
	int r;

	set_list(config, "Env", &s->env);
	set_list(config, "Cmd", &s->cmd);
	set_list(config, "Entrypoint", &s->entrypoint);
	if (s->exposed.n)
		json_set(config, "ExposedPorts", maps_of_keys(&s->exposed));
	if (s->labels.n)
		json_set(config, "Labels", maps_of_pairs(&s->labels));
	if (s->cwd)
		json_set_text(config, "WorkingDir", s->cwd);
	if (s->user)
		json_set_text(config, "User", s->user);
	if (s->stop_signal)
		json_set_text(config, "StopSignal", s->stop_signal);
	r = change_apply(config, &o->changes, err);
	json_set(c->config, "config", config);
	if (o->author)
		json_set_text(c->config, "author", o->author);
	return r;
}

static int compose(struct container_root *cr, struct compose *c, struct error *err)
{
	const struct commit_options *o = cr->ctx->options;
	struct frozen frozen = { .pipe_fd = -1, .group = -1 };
	int r = set_config(c, &cr->settings, o, err);

	if (r < 0)
		return r;
	if (o->pause)
		r = freeze(&cr->record, &frozen, err);
	if (r == 0)
		r = compose_add_layer(c, write_layer, cr, err);
	thaw(&frozen);
	if (r == 0)
		compose_add_history(c, cr->record.command, o->message);
	return r;
}

static int check_base(const struct container_root *cr, const char *operand, struct error *err)
{
	if (!cr->has_image) {
		error_set(err, EOPNOTSUPP, "it runs from a directory, not from an image");
		return error_hint(err, "tare export %s | tare import - NAME", operand);
	}
	if (cr->settings.image_store && *cr->settings.image_store) {
		error_set(err, EOPNOTSUPP, "nothing of an --ephemeral run is kept");
		return error_hint(err, "tare export %s | tare import - NAME", operand);
	}
	if (cr->image.store_path) {
		error_set(err, EOPNOTSUPP, "its image is in the additional store '%s'",
			  cr->image.store_path);
		return error_hint(err, "load the image into this store first: tare --root … save | "
				       "tare load");
	}
	return 0;
}

/* What is used where it lies has to be in the store, for an image to be built upon it. */
static int load_base(const struct container_root *cr, const struct image_store *store,
		     struct image *base, struct error *err)
{
	static const struct image_load_options how = { .only_free_names = true };
	autoloadresult struct image_load_result loaded = { 0 };
	int r;

	/* The archive is the only device of such a view. */
	r = image_load(store, cr->image.view_fds[1], cr->record.image, &how, &loaded, err);
	return r < 0 ? r : image_find(store, cr->image.id, base, err);
}

static int build(struct container_root *cr, const struct image_store *store, const char *name,
		 char *id, struct error *err)
{
	autoimage struct image loaded = { 0 };
	bool is_view = cr->image.n_view_fds > 1 && !cr->image.is_stored_view;
	struct compose c;
	int r = is_view ? load_base(cr, store, &loaded, err) : 0;

	if (r < 0)
		return r;
	r = compose_open(&c, store, is_view ? &loaded : &cr->image, err);
	if (r == 0)
		r = compose(cr, &c, err);
	if (r == 0)
		r = compose_publish(&c, name, id, err);
	compose_close(&c);
	return r;
}

static int commit(struct container_root *cr, const char *operand, const char *name, char *id,
		  struct error *err)
{
	struct image_store store;
	int r = container_root_open(cr, cr->ctx, operand, err);

	if (r == 0)
		r = check_base(cr, operand, err);
	if (r == 0)
		r = image_store_open(cr->ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = build(cr, &store, name, id, err);
	image_store_close(&store);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autofree char *name = NULL;
	struct container_root cr = { .ctx = ctx };
	char id[DIGEST_SHA256_HEX + 1];
	int r;

	if (argc > 1 && reference_normalise(argv[1], &name, err) < 0)
		return -err->code;
	r = commit(&cr, argv[0], name, id, err);
	container_root_close(&cr);
	if (r < 0)
		return error_wrap(err, "commit '%s'", argv[0]);
	printf("sha256:%s\n", id);
	return 0;
}

const struct command cmd_commit = {
	.name = "commit",
	.args = "CONTAINER [NAME[:TAG]]",
	.summary = "Make an image of what a container has become",
	.details =
		"The new image has one layer more: what 'tare diff' shows. Volumes are not in it.\n"
		"It runs what the container was told to run, unless --change says otherwise.\n"
		"\n"
		"  tare commit -c 'CMD [\"nginx\"]' -m 'new pages' web web:2",
	.options = options,
	COMMAND_OPTIONS(struct commit_options, .pause = true),
	.min_args = 1,
	.max_args = 2,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
