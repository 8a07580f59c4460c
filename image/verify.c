// SPDX-License-Identifier: Apache-2.0
/*
 * image/verify.c - Whether an archive is what its digests say, without unpacking it
 *
 * Documents are compared when the plan is read (plan.c). Here every layer is
 * read, inflated and compared with both its digests, and every other blob with
 * its name, so that images for other platforms and attestations count, too.
 * Inflating what others wrote is the work of a child that has given up all it
 * does not need; it answers through shared memory.
 */
#include "image/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/confine.h"
#include "image/source.h"
#include "image/stream.h"
#include "image/tree.h"

#define VERIFY_MEMORY_BYTES (512ULL << 20)
#define VERIFY_RATIO	    200
#define VERIFY_MIN_BYTES    (2ULL << 30)
#define CHUNK_BYTES	    (256U << 10)
#define MAX_BLOBS	    65536

/* What the child says; in shared memory. */
struct answer {
	bool complete;
	struct error why; /* it is not */
	size_t n_layers, n_blobs;
	struct verify_layer *layers; /* behind this struct */
	bool *blob_is_good;	     /* behind those */
};

static int hash_file(const struct source_file *f, enum digest_algorithm algorithm,
		     struct digest *out, struct error *err)
{
	autofree char *buffer = xmalloc(CHUNK_BYTES);
	struct digest_hash *hash = digest_hash_new(algorithm);
	uint64_t at = 0;
	ssize_t n;

	while ((n = source_file_read(f, at, buffer, CHUNK_BYTES, err)) > 0) {
		digest_hash_update(hash, buffer, (size_t)n);
		at += (uint64_t)n;
	}
	digest_hash_finish(hash, out);
	digest_hash_free(hash);
	return (int)n;
}

static int check_stream(const struct plan_layer *layer, const struct source_file *file,
			struct tree_budget *budget, struct error *err)
{
	const struct stream_plan plan = {
		.file = *file,
		.blob = layer->has_blob ? &layer->blob : NULL,
		.diff_id = &layer->diff_id,
		.budget = budget,
	};
	const unsigned char *data;
	struct stream *stream;
	size_t len = 1;
	int r = stream_open(&plan, &stream, err);

	if (r < 0)
		return r;
	while (r == 0 && len)
		r = stream_read(stream, &data, &len, err);
	r = r < 0 ? stream_explain(stream, err) : stream_finish(stream, err);
	stream_close(stream);
	return r;
}

static int check_layer(const struct source *source, const struct plan_layer *layer,
		       struct tree_budget *budget, struct verify_layer *out)
{
	struct source_file file;
	int r;

	r = source_find(source, layer->file, &file, &out->err);
	if (r < 0)
		return r;
	out->size = file.size;
	if (layer->has_blob && layer->blob_size != file.size)
		r = error_set(&out->err, EBADMSG,
			      "size mismatch (manifest says %llu, file has %llu)",
			      (unsigned long long)layer->blob_size, (unsigned long long)file.size);
	if (r == 0)
		r = check_stream(layer, &file, budget, &out->err);
	out->blob = layer->blob;
	/* New archives name it by SHA-256. */
	if (r == 0 && (!layer->has_blob || layer->blob.algorithm != DIGEST_SHA256))
		r = hash_file(&file, DIGEST_SHA256, &out->blob, &out->err);
	source_file_close(&file);
	out->valid = r == 0;
	return r;
}

/* The hex digits of a blob's name. Bazel's rules_oci has ".tar.gz" behind those of layers. */
static size_t find_hex(const char *name, const char **hex)
{
	*hex = strrchr(name, '/') + 1;
	return strcspn(*hex, ".");
}

static bool check_blob(const struct source *source, const char *name)
{
	const char *hex;
	size_t n = find_hex(name, &hex);
	bool is_512 = str_starts(name, "blobs/sha512/");
	autofree char *text = xasprintf("%s:%.*s", is_512 ? "sha512" : "sha256", (int)n, hex);
	struct source_file file;
	struct digest want, have;
	struct error ignored;
	bool good;

	if (digest_parse(text, &want) < 0 || source_find(source, name, &file, &ignored) < 0)
		return false;
	good = hash_file(&file, want.algorithm, &have, &ignored) == 0 && digest_equal(&have, &want);
	source_file_close(&file);
	return good;
}

/* A layer that was found good is its blob's name's worth already. */
static bool is_known(const struct answer *a, const char *name)
{
	const char *hex;
	size_t n = find_hex(name, &hex);

	for (size_t i = 0; i < a->n_layers; i++)
		if (a->layers[i].valid && strlen(a->layers[i].blob.hex) == n &&
		    !memcmp(a->layers[i].blob.hex, hex, n))
			return true;
	return false;
}

static void check_all(const struct source *source, const struct plan *plan,
		      const struct strlist *blobs, struct answer *a)
{
	struct tree_budget budget = { .limit = source_size(source) * VERIFY_RATIO };
	size_t at = 0;

	if (budget.limit < VERIFY_MIN_BYTES)
		budget.limit = VERIFY_MIN_BYTES;
	budget.left = budget.limit;
	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].n_layers; j++)
			(void)check_layer(source, &plan->images[i].layers[j], &budget,
					  &a->layers[at++]);
	for (size_t i = 0; i < blobs->n; i++)
		a->blob_is_good[i] = is_known(a, blobs->items[i]) ||
				     check_blob(source, blobs->items[i]);
	a->complete = true;
}

static _Noreturn void run_child(const struct source *source, int dir_fd, const struct plan *plan,
				const struct strlist *blobs, struct answer *a, pid_t parent)
{
	const struct confine_plan confine = {
		.write_fd = -1,
		.read_fds = &dir_fd,
		.n_read_fds = 1,
		.max_memory_bytes = VERIFY_MEMORY_BYTES,
	};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    confine_self(&confine, &a->why) == 0)
		check_all(source, plan, blobs, a);
	_exit(0);
}

static void error_terminate(struct error *err)
{
	err->msg[sizeof(err->msg) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
}

static size_t count_layers(const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->images[i].n_layers;
	return n;
}

static size_t answer_bytes(const struct answer *a)
{
	return sizeof(*a) + a->n_layers * sizeof(*a->layers) + a->n_blobs;
}

static struct answer *make_answer(size_t n_layers, size_t n_blobs)
{
	const struct answer size = { .n_layers = n_layers, .n_blobs = n_blobs };
	struct answer *a = mmap(NULL, answer_bytes(&size), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED)
		return NULL;
	*a = size;
	a->layers = (struct verify_layer *)(a + 1);
	a->blob_is_good = (bool *)(a->layers + n_layers);
	return a;
}

static int ask_child(const struct source *source, int dir_fd, const struct plan *plan,
		     const struct strlist *blobs, struct answer *a, struct error *err)
{
	pid_t self = getpid(), pid = fork();
	int status;

	if (pid == 0)
		run_child(source, dir_fd, plan, blobs, a, self);
	if (pid < 0)
		return error_sys(err, errno, "start the verifier");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (a->complete)
		return 0;
	if (a->why.code > 0) {
		*err = a->why;
		error_terminate(err);
		return -err->code;
	}
	return error_set(err, ECHILD, "the verifier ended without a word (out of memory?)");
}

/* The child parsed what others wrote: nothing it could have changed is followed. */
static void take_answer(const struct answer *a, const struct strlist *blobs, struct verify *out)
{
	const struct verify_layer *layers = (const struct verify_layer *)(a + 1);
	const bool *good = (const bool *)(layers + out->n_layers);

	out->layers = xcalloc(out->n_layers, sizeof(*out->layers));
	for (size_t i = 0; i < out->n_layers; i++) {
		out->layers[i] = layers[i];
		error_terminate(&out->layers[i].err);
	}
	for (size_t i = 0; i < blobs->n; i++)
		if (!good[i])
			strlist_add(&out->damaged, blobs->items[i]);
	out->n_blobs = blobs->n;
}

/**
 * verify_run() - Compare all that is in an archive with its digests
 * @dir_fd:	The layout directory, or -1 for an archive
 * @plan:	Of all its images
 * @out:	Released with verify_done(); what is wrong is in there, and no failure
 */
int verify_run(const struct source *source, int dir_fd, const struct plan *plan, struct verify *out,
	       struct error *err)
{
	autostrlist struct strlist blobs = { 0 };
	struct answer *a;
	int r;

	*out = (struct verify){ .n_layers = count_layers(plan) };
	source_list(source, "blobs/sha", &blobs);
	if (blobs.n > MAX_BLOBS)
		return error_set(err, E2BIG, "%zu blobs, at most %d are allowed", blobs.n,
				 MAX_BLOBS);
	a = make_answer(out->n_layers, blobs.n);
	if (!a)
		return error_sys(err, errno, "make memory to share");
	r = ask_child(source, dir_fd, plan, &blobs, a, err);
	if (r == 0)
		take_answer(a, &blobs, out);
	(void)munmap(
		a, answer_bytes(&(struct answer){ .n_layers = out->n_layers, .n_blobs = blobs.n }));
	if (r < 0)
		out->n_layers = 0;
	return r;
}

/** verify_first_error() - Why the first bad layer is bad; NULL: none is */
const struct error *verify_first_error(const struct verify *v)
{
	for (size_t i = 0; i < v->n_layers; i++)
		if (!v->layers[i].valid)
			return &v->layers[i].err;
	return NULL;
}

/** verify_done() - Release; safe twice */
void verify_done(struct verify *v)
{
	free(v->layers);
	strlist_done(&v->damaged);
	*v = (struct verify){ 0 };
}
