// SPDX-License-Identifier: Apache-2.0
/*
 * image/load.c - From an archive or a layout directory into the store
 *
 * Theory of operation:
 *   1. start the loader (loader.c) in a child that confines itself; it indexes
 *	the archive (source.c), of which a pipe or a compressed one is spooled, and
 *	leaves verified blobs and unpacked layers in a staging directory
 *   2. when all of it is there, put it on disk (one syncfs) and publish it by
 *	rename: layers, then blobs, then the index that names them
 *
 * Nothing is visible before everything is right, and a crash leaves either
 * rubbish in tmp/, which the next load removes, or layers without a name. The
 * store's lock is held shared all along, so that nobody removes a layer that
 * step 1 found to be there.
 */
#include "image/load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "image/catalog.h"
#include "image/confine.h"
#include "image/loader.h"
#include "image/view.h"
#include "image/workers.h"

#define LOAD_MEMORY_BYTES      (256ULL << 20)
#define LOAD_MEMORY_PER_WORKER (160ULL << 20) /* a zstd window of 2^27, and some */
#define LOAD_MAX_MAPPED	       (1ULL << 40)

/* For a view, layers are mapped, one at a time; inflated ones of the store, too. */
static uint64_t mapped_bytes(const struct loader *loader, const struct stat *st)
{
	uint64_t size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;

	if (loader->view != LOADER_VIEW_STORED)
		return loader->view == LOADER_UNPACK ? 0 : size;
	if (loader->max_bytes)
		return loader->max_bytes < LOAD_MAX_MAPPED ? loader->max_bytes : LOAD_MAX_MAPPED;
	return size < LOADER_MIN_LIMIT / LOADER_RATIO ? LOADER_MIN_LIMIT : size * LOADER_RATIO;
}

/* The child: confine, work, say how it went. Never returns. */
static void __attribute__((noreturn)) run_child(const struct loader *loader)
{
	struct stat st;
	struct loader_message m = { .kind = LOADER_DONE };
	autoclose int layers = openat(loader->store->fd, "layer", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* A file that is open needs no permission. */
	bool is_dir = fstat(loader->source_fd, &st) == 0 && S_ISDIR(st.st_mode);
	autoclose int blobs = openat(loader->store->fd, "blobs/sha256",
				     O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int read_fds[] = { layers, blobs, is_dir ? loader->source_fd : -1 };
	const struct confine_plan plan = {
		.write_fd = loader->staging_fd,
		.read_fds = read_fds,
		.n_read_fds = 3,
		.max_memory_bytes = LOAD_MEMORY_BYTES + WORKERS_MAX * LOAD_MEMORY_PER_WORKER +
				    mapped_bytes(loader, &st),
	};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    (confine_self(&plan, &m.err) < 0 || loader_run(loader, &m.err) < 0))
		m.kind = LOADER_FAILED;
	while (send(loader->report_fd, &m, sizeof(m), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* Read messages until the child is done. Returns 0 if it said so. */
static int follow(int fd, const struct image_load_options *options, struct error *err)
{
	struct loader_message m;
	ssize_t n;

	for (;;) {
		memset(&m, 0, sizeof(m));
		n = recv(fd, &m, sizeof(m), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "listen to the loader");
		if (n == 0)
			return -ECHILD;
		if (m.kind == LOADER_DONE)
			return 0;
		if (m.kind == LOADER_FAILED) {
			*err = m.err;
			err->msg[sizeof(err->msg) - 1] = '\0';
			err->hint[sizeof(err->hint) - 1] = '\0';
			return err->code > 0 ? -err->code : -(err->code = EIO);
		}
		if (options->progress)
			options->progress(options->progress_arg, m.done, m.total);
	}
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int run_loader(struct loader *loader, const struct image_load_options *options,
		      struct error *err)
{
	autoclose int ours = -1;
	int pair[2], status = 0, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, errno, "make a channel to the loader");
	ours = pair[0];
	loader->report_fd = pair[1];
	pid = fork();
	if (pid == 0)
		run_child(loader);
	(void)close(pair[1]);
	if (pid < 0)
		return error_sys(err, errno, "start the loader");
	r = follow(ours, options, err);
	if (wait_for(pid, &status) < 0 || r != -ECHILD)
		return r;
	if (WIFSIGNALED(status))
		return error_set(err, ECHILD, "the loader was ended by signal %d%s",
				 WTERMSIG(status),
				 WTERMSIG(status) == SIGABRT ? " (out of memory?)" : "");
	return error_set(err, ECHILD, "the loader ended without a word");
}

/* Move one thing into place; if it is there already, the copy is left for the clean-up. */
static int publish_one(int from_fd, const char *from, int to_fd, const char *to, struct error *err)
{
	if (renameat(from_fd, from, to_fd, to) == 0 || errno == EEXIST || errno == ENOTEMPTY)
		return 0;
	return error_sys(err, errno, "move '%s' into the store", to);
}

static bool is_key(const char *key)
{
	static const char *const prefixes[] = { "chain-", "view-" };

	for (size_t i = 0; i < 2; i++)
		if (str_starts(key, prefixes[i]))
			key += strlen(prefixes[i]);
	return strlen(key) == DIGEST_SHA256_HEX && str_is_hex(key, DIGEST_SHA256_HEX);
}

/* The report comes from the process that parsed the archive: names in it are checked. */
static int publish_list(const struct image_store *s, const struct json *list, int staging,
			const char *from, const char *to, struct error *err)
{
	autoclose int from_fd = -1, to_fd = -1;
	int r = 0;

	from_fd = openat(staging, from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to_fd = openat(s->fd, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from_fd < 0 || to_fd < 0)
		return error_sys(err, errno, "open 'images/%s'", to);
	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		const struct json *one = json_at(list, i);
		const char *name = json_text_or(json_get(one, "from"), json_text(one));
		const char *key = json_text_or(json_get(one, "key"), json_text(one));

		if (!name || !key || !is_key(key) || strchr(name, '/') || name[0] == '.')
			return error_set(err, EBADMSG, "the loader reports nonsense");
		r = publish_one(from_fd, name, to_fd, key, err);
	}
	if (r == 0 && !s->is_transient && fsync(to_fd) < 0)
		return error_sys(err, errno, "sync 'images/%s'", to);
	return r;
}

static struct json *make_row(const struct json *image)
{
	struct json *row = json_new_map(), *annotations = json_new_map();
	autofree char *digest = xasprintf("sha256:%s",
					  json_text_or(json_get(image, "manifest"), ""));
	autofree char *size = xasprintf("%llu",
					(unsigned long long)json_u64(json_get(image, "size"), 0));

	json_set_text(row, "mediaType", json_text_or(json_get(image, "manifestType"), ""));
	json_set_text(row, "digest", digest);
	json_set_int(row, "size", json_int(json_get(image, "manifestSize"), 0));
	json_set_text(annotations, STORE_ANNOTATION_ID, json_text_or(json_get(image, "id"), ""));
	json_set_text(annotations, STORE_ANNOTATION_CREATED,
		      json_text_or(json_get(image, "created"), ""));
	json_set_text(annotations, STORE_ANNOTATION_SIZE, size);
	json_set(row, "annotations", annotations);
	return row;
}

/* What is added to the index. */
struct addition {
	const struct json *images;
	bool only_free_names;
};

static int edit_add(struct json *index, void *arg, struct error *err)
{
	const struct addition *a = arg;

	(void)err;
	for (size_t i = 0; i < json_count(a->images); i++) {
		const struct json *image = json_at(a->images, i);
		const struct json *names = json_get(image, "names");

		catalog_put(index, make_row(image), "");
		for (size_t j = 0; j < json_count(names); j++) {
			const char *name = json_text_or(json_at(names, j), "");

			if (!a->only_free_names || !catalog_has_name(index, name))
				catalog_put(index, make_row(image), name);
		}
	}
	return 0;
}

static void add_result(struct image_load_result *out, const struct json *image, const char *name)
{
	struct image_loaded *one;

	out->items = xrealloc(out->items, (out->n + 1) * sizeof(*out->items));
	one = &out->items[out->n++];
	one->name = xstrdup(name);
	snprintf(one->id, sizeof(one->id), "%s", json_text_or(json_get(image, "id"), ""));
	snprintf(one->manifest, sizeof(one->manifest), "sha256:%s",
		 json_text_or(json_get(image, "manifest"), ""));
}

static void list_results(const struct json *images, struct image_load_result *out)
{
	for (size_t i = 0; i < json_count(images); i++) {
		const struct json *image = json_at(images, i);
		const struct json *names = json_get(image, "names");

		if (!json_count(names))
			add_result(out, image, "");
		for (size_t j = 0; j < json_count(names); j++)
			add_result(out, image, json_text_or(json_at(names, j), ""));
	}
}

static int publish(const struct image_store *s, int staging, const struct json *report,
		   bool only_free_names, struct error *err)
{
	struct addition addition = { json_get(report, "images"), only_free_names };
	const struct json *layers = json_get(report, "layers");
	int r;

	for (size_t i = 0; i < json_count(addition.images); i++)
		if (!json_u64(json_get(json_at(addition.images, i), "layers"), 1) &&
		    mkdirat(s->fd, STORE_EMPTY, 0755) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make directory 'images/" STORE_EMPTY "'");
	/* All file contents and names below the staging directory, in one go. */
	if (!s->is_transient && syncfs(staging) < 0)
		return error_sys(err, errno, "sync the store");
	r = publish_list(s, layers, staging, "layer", "layer", err);
	if (r == 0)
		r = publish_list(s, json_get(report, "blobs"), staging, "blobs", "blobs/sha256",
				 err);
	if (r < 0)
		return r;
	return image_store_edit_index(s, edit_add, &addition, err);
}

static int load_staged(const struct image_store *s, int source_fd,
		       const struct store_staging *staging,
		       const struct image_load_options *options, struct image_load_result *out,
		       struct error *err)
{
	autojson struct json *report = NULL;
	struct plan_platform here;
	struct loader loader = {
		.store = s,
		.source_fd = source_fd,
		.limits = { options->max_bytes ? options->max_bytes : LOADER_MIN_LIMIT,
			    LOADER_RATIO },
		.staging_fd = staging->fd,
		.max_bytes = options->max_bytes,
		.keep_blobs = options->keep_blobs,
		.platform = options->platform ? options->platform : &here,
		.verify_only = options->verify_only,
		.view = options->store_views	    ? LOADER_VIEW_STORED
			: !options->view	    ? LOADER_UNPACK
			: options->inflate_for_view ? LOADER_VIEW_INFLATED
						    : LOADER_VIEW,
	};
	int r;

	plan_this_machine(&here);
	r = run_loader(&loader, options, err);
	if (r < 0)
		return r;
	report = json_read_at(staging->fd, LOADER_RESULT, LOADER_MAX_RESULT, err);
	if (!report)
		return -err->code;
	if (json_get(report, "view") && options->view)
		r = view_keep(options->view, s, staging, report, err);
	else if (!options->verify_only)
		r = publish(s, staging->fd, report, options->only_free_names, err);
	if (r < 0)
		return r;
	list_results(json_get(report, "images"), out);
	return 0;
}

static int load(const struct image_store *s, int fd, const struct image_load_options *options,
		struct image_load_result *out, struct error *err)
{
	struct store_staging staging = { .fd = -1 };
	autoclose int lock = -1;
	int r;

	lock = image_store_lock(s, LOCK_SH, err);
	if (lock < 0)
		return lock;
	r = image_store_stage(s, &staging, err);
	if (r == 0)
		r = load_staged(s, fd, &staging, options, out, err);
	image_store_unstage(s, &staging);
	return r;
}

/**
 * image_load() - Load all images of an archive or a layout directory
 * @fd:		OCI archive, `docker save` archive (file or pipe, perhaps compressed),
 *		or an OCI layout directory; stays the caller's
 * @name_for_messages: What the user calls it
 * @options:	Or NULL
 * @out:	One item for each name, or for an image without; released with
 *		image_load_result_done()
 *
 * All or nothing: after a failure the store is as it was.
 *
 * Return: 0, -EBADMSG for what is malformed or does not match its digest,
 * -EFBIG past a limit, or another -errno
 */
int image_load(const struct image_store *s, int fd, const char *name_for_messages,
	       const struct image_load_options *options, struct image_load_result *out,
	       struct error *err)
{
	static const struct image_load_options none;
	struct image_load_result result = { 0 };
	int r;

	r = load(s, fd, options ? options : &none, &result, err);
	if (r < 0) {
		image_load_result_done(&result);
		return error_wrap(err, "cannot load '%s'", name_for_messages);
	}
	*out = result;
	return 0;
}

/** image_load_result_done() - Release; safe twice */
void image_load_result_done(struct image_load_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->items[i].name);
	free(r->items);
	memset(r, 0, sizeof(*r));
}
