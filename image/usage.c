// SPDX-License-Identifier: Apache-2.0
/*
 * image/usage.c - What images take on disk
 *
 * The loader leaves a layer's size on its directory; where the file system
 * keeps no attributes, the tree is walked.
 */
#include "image/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/view_store.h"

#define USAGE_MAX_DEPTH 300

/* Files with several names, to be counted once. */
struct shared_file {
	ino_t ino;
	uint64_t size;
};

struct walk {
	struct shared_file *shared;
	size_t n_shared;
	uint64_t sum;
	struct timespec newest; /* ctime */
};

static void add_shared(struct walk *w, const struct stat *st)
{
	/* The next power of two, when the number is one. */
	if (!(w->n_shared & (w->n_shared - 1)))
		w->shared = xrealloc(w->shared,
				     (w->n_shared ? w->n_shared * 2 : 1) * sizeof(*w->shared));
	w->shared[w->n_shared++] = (struct shared_file){ st->st_ino, (uint64_t)st->st_size };
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static void walk(struct walk *w, int parent, const char *name, int depth)
{
	autodir DIR *dir = dir_open(parent, name, O_NOFOLLOW);
	const struct dirent *e;
	struct stat st;

	while (depth < USAGE_MAX_DEPTH && (e = dir_next(dir))) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (is_later(&st.st_ctim, &w->newest))
			w->newest = st.st_ctim;
		if (S_ISDIR(st.st_mode))
			walk(w, dirfd(dir), e->d_name, depth + 1);
		else if (S_ISREG(st.st_mode) && st.st_nlink > 1)
			add_shared(w, &st);
		else if (S_ISREG(st.st_mode))
			w->sum += (uint64_t)st.st_size;
	}
}

static int by_ino(const void *a, const void *b)
{
	ino_t x = ((const struct shared_file *)a)->ino, y = ((const struct shared_file *)b)->ino;

	return x < y ? -1 : x > y;
}

static uint64_t measure(struct walk *w, int dirfd, const char *name)
{
	walk(w, dirfd, name, 0);
	if (w->n_shared)
		qsort(w->shared, w->n_shared, sizeof(*w->shared), by_ino);
	for (size_t i = 0; i < w->n_shared; i++)
		if (!i || w->shared[i].ino != w->shared[i - 1].ino)
			w->sum += w->shared[i].size;
	free(w->shared);
	return w->sum;
}

/** usage_of_tree() - Bytes of the files in a directory; 0 if there is none */
uint64_t usage_of_tree(int dirfd, const char *name)
{
	struct walk w = { .sum = 0 };

	return measure(&w, dirfd, name);
}

/**
 * usage_of_layer() - The size of a layer
 * @changed:	Whether something in it was changed after it was published
 *
 * The rename that publishes a layer is the last change of its directory, and
 * nobody can set a ctime back.
 */
uint64_t usage_of_layer(int dirfd, bool *changed)
{
	struct walk w = { .sum = 0 };
	uint64_t size = measure(&w, dirfd, ".");
	struct stat st;

	*changed = fstat(dirfd, &st) == 0 && is_later(&w.newest, &st.st_ctim);
	return size;
}

/** usage_recorded_size() - The size that a layer was loaded with */
bool usage_recorded_size(int dirfd, uint64_t *size)
{
	char text[24];
	ssize_t n = fgetxattr(dirfd, STORE_XATTR_SIZE, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return str_parse_u64(text, UINT64_MAX, size) == 0;
}

static uint64_t layer_size(const struct image_store *s, const char *key)
{
	char path[sizeof("blobs/sha256/") + STORE_KEY_MAX];
	autoclose int fd = -1;
	struct stat st;
	uint64_t size;

	snprintf(path, sizeof(path), "layer/%s", key);
	fd = openat(s->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "blobs/sha256/%s", key);
	if (fd < 0)
		return fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0
									  : (uint64_t)st.st_size;
	return usage_recorded_size(fd, &size) ? size : usage_of_tree(fd, ".");
}

/* Where a layer is not unpacked, its tar archive is found by the same key. */
static void find_key(const struct image_store *s, const struct image_config *c, size_t at,
		     struct digest *chain, char key[STORE_KEY_MAX])
{
	digest_chain(at ? chain : NULL, &c->diff_ids[at], chain);
	if (!image_store_find_layer(s, &c->diff_ids[at], chain, key))
		image_store_layer_key(&c->diff_ids[at], key);
}

/** usage_layer_sizes() - The size of each layer of an image, bottom layer first; 0: missing */
void usage_layer_sizes(const struct image_store *s, const struct image_config *c, uint64_t *sizes)
{
	char key[STORE_KEY_MAX];
	struct digest chain;

	for (size_t i = 0; i < c->n_diff_ids; i++) {
		find_key(s, c, i, &chain, key);
		sizes[i] = layer_size(s, key);
	}
}

static struct usage_layer *layer_of(struct usage *u, const struct image_store *s, const char *key)
{
	struct usage_layer *l;

	for (size_t i = 0; i < u->n_layers; i++)
		if (!strcmp(u->layers[i].key, key))
			return &u->layers[i];
	u->layers = xrealloc(u->layers, (u->n_layers + 1) * sizeof(*u->layers));
	l = &u->layers[u->n_layers++];
	memset(l, 0, sizeof(*l));
	snprintf(l->key, sizeof(l->key), "%s", key);
	l->size = layer_size(s, key);
	u->size += l->size;
	return l;
}

static void count_layer(const struct image_store *s, const char *key, struct usage *u,
			struct usage_image *fill)
{
	struct usage_layer *l = layer_of(u, s, key);

	if (!fill) {
		l->images++;
		return;
	}
	fill->size += l->size;
	fill->shared += l->images > 1 ? l->size : 0;
	l->in_use |= fill->containers != 0;
}

/* Twice: first to count how many images have each layer, then to know what is shared. */
static void count_layers(const struct image_store *s, const char *id, struct usage *u,
			 struct usage_image *fill)
{
	autofree char *data = NULL;
	struct image_config c = { 0 };
	char key[STORE_KEY_MAX];
	struct error ignored;
	struct digest chain;
	size_t len;

	if (image_store_read_blob(s, id, IMAGE_CONFIG_MAX_BYTES, &data, &len, &ignored) == 0)
		(void)image_config_parse(data, len, &c, &ignored);
	for (size_t i = 0; i < c.n_diff_ids; i++) {
		find_key(s, &c, i, &chain, key);
		count_layer(s, key, u, fill);
	}
	if (view_store_has(s, &c, key))
		count_layer(s, key, u, fill);
	image_config_done(&c);
}

static bool has_image(const struct usage *u, const char *id)
{
	for (size_t i = 0; i < u->n_images; i++)
		if (!strcmp(u->images[i].id, id))
			return true;
	return false;
}

/**
 * usage_read() - Find out what the store's images take
 * @count:	Asked for each image
 * @out:	Released with usage_done(), also after a failure
 */
int usage_read(const struct image_store *s, usage_count_containers *count, void *arg,
	       struct usage *out, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	int r = image_list(s, &list, err);

	*out = (struct usage){ 0 };
	if (r < 0)
		return r;
	out->images = xcalloc(list.n, sizeof(*out->images));
	for (size_t i = 0; i < list.n; i++) {
		struct usage_image *image = &out->images[out->n_images];

		if (has_image(out, list.items[i].id))
			continue;
		memcpy(image->id, list.items[i].id, sizeof(image->id));
		image->containers = count(arg, image->id);
		out->n_images++;
		count_layers(s, image->id, out, NULL);
	}
	for (size_t i = 0; i < out->n_images; i++)
		count_layers(s, out->images[i].id, out, &out->images[i]);
	for (size_t i = 0; i < out->n_layers; i++)
		out->reclaimable += out->layers[i].in_use ? 0 : out->layers[i].size;
	return 0;
}

/** usage_done() - Release; safe twice */
void usage_done(struct usage *u)
{
	free(u->layers);
	free(u->images);
	*u = (struct usage){ 0 };
}
