// SPDX-License-Identifier: Apache-2.0
/*
 * image/store.c - Images on disk: an OCI image layout with unpacked layers beside it
 *
 * Theory of operation:
 * Everything in the store is immutable or replaced by rename, so readers need
 * no lock and a crash leaves nothing but rubbish in tmp/ or a layer nobody
 * names. There is no recovery step.
 *
 *   lock		shared by loaders from before they look for layers that are
 *			already there until the index names them; exclusive for
 *			the removal of what the index does not name
 *   index.lock		exclusive while index.json is read, changed and replaced
 *   tmp/X		exclusive for as long as its maker lives
 *
 * Layers are keyed by what they depend on. A layer in overlay form needs
 * nothing from below, so it is layer/DIFFID and shared by all images. The
 * exception is a layer with entries in directories it does not carry itself
 * (bazel, kaniko and hand-made tars do that): overlayfs shows such a directory
 * with the metadata of the topmost layer that has it, that is ours, and it
 * would be invented. It gets the metadata of the layers below, and then the
 * layer is good on top of these only: layer/chain-CHAINID. So is one with hard
 * links to files of other layers (crosslink.c). The name says which of the two
 * it is, so finding the layers of an image costs a stat() each.
 */
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "image/manifest.h"

#define STORE_MODE	    0700
#define STORE_LAYOUT	    "{\"imageLayoutVersion\":\"1.0.0\"}\n"
#define STORE_MAX_INDEX	    (64U << 20) /* our own file: some 100 000 images */
#define STORE_SWEEP_AT_ONCE 16
#define STORE_RESERVE_BYTES (64 << 10)

static const char *const directories[] = { "blobs", "blobs/sha256", "layer", "import", "tmp" };

/* Each step may have been done before; the file that says it is all there comes last. */
static int make_skeleton(const struct image_store *s, struct error *err)
{
	static const char *const locks[] = { "lock", "index.lock" };
	int fd = s->fd, r = file_inherit_nothing(fd, STORE_MODE);

	if (r < 0)
		return error_sys(err, -r, "set the mode of 'images'");
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (mkdirat(fd, directories[i], STORE_MODE) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make directory 'images/%s'", directories[i]);
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		autoclose int lock = openat(fd, locks[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (lock < 0)
			return error_sys(err, errno, "create 'images/%s'", locks[i]);
	}
	return file_replace_at(fd, "oci-layout", STORE_LAYOUT, strlen(STORE_LAYOUT), 0600,
			       s->is_transient ? 0 : FILE_SYNC, err);
}

static int open_store(int root_fd, bool transient, struct image_store *out, struct error *err)
{
	struct image_store s = { .is_transient = transient };

	s.fd = file_open_dir(root_fd, "images", STORE_MODE, err);
	if (s.fd < 0)
		return s.fd;
	if (faccessat(s.fd, "oci-layout", F_OK, 0) < 0 && make_skeleton(&s, err) < 0) {
		image_store_close(&s);
		return -err->code;
	}
	*out = s;
	return 0;
}

/**
 * image_store_open() - Open the image store below ROOT, making it if it is missing
 * @root_fd:	ROOT
 * @out:	Closed with image_store_close()
 */
int image_store_open(int root_fd, struct image_store *out, struct error *err)
{
	return open_store(root_fd, false, out, err);
}

/**
 * image_store_make_transient() - A store for images that nobody keeps
 * @dirfd:	A directory of the caller's own, which removes it, see image_store_stage()
 * @out:	Closed with image_store_close()
 */
int image_store_make_transient(int dirfd, struct image_store *out, struct error *err)
{
	return open_store(dirfd, true, out, err);
}

/** image_store_close() - Close; safe twice */
void image_store_close(struct image_store *s)
{
	cleanup_close(&s->fd);
}

static int lock_file(int dirfd, const char *name, int operation, struct error *err)
{
	autoclose int fd = -1;
	int r;

	fd = openat(dirfd, name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open 'images/%s'", name);
	r = file_lock(fd, operation);
	if (r < 0)
		return error_sys(err, -r, "lock 'images/%s'", name);
	return steal_fd(&fd);
}

/**
 * image_store_lock() - Keep layers from being removed, or everybody else from doing anything
 * @operation:	LOCK_SH or LOCK_EX, as file_lock() takes it
 *
 * Return: an fd that holds the lock until it is closed, or -errno
 */
int image_store_lock(const struct image_store *s, int operation, struct error *err)
{
	return lock_file(s->fd, "lock", operation, err);
}

/**
 * image_store_read_index() - The document that names all images
 *
 * Return: a map with a list "manifests", freed by the caller; NULL on failure
 */
struct json *image_store_read_index(const struct image_store *s, struct error *err)
{
	autofree char *data = NULL;
	struct json *index;
	size_t len;
	int r;

	r = file_read_at(s->fd, "index.json", STORE_MAX_INDEX, &data, &len, err);
	if (r == -ENOENT) {
		index = json_new_map();
		json_set_int(index, "schemaVersion", 2);
		json_set_text(index, "mediaType", MEDIA_TYPE_INDEX);
		json_set(index, "manifests", json_new_list());
		return index;
	}
	if (r < 0)
		return NULL;
	index = json_parse(data, len, err);
	if (index && json_kind_of(json_get(index, "manifests")) != JSON_LIST) {
		json_free(index);
		index = NULL;
		error_set(err, EBADMSG, "'manifests' is not a list");
	}
	if (!index)
		error_wrap(err, "read 'images/index.json'");
	return index;
}

static int replace_index(const struct image_store *s, const char *text, struct error *err)
{
	return file_replace_at(s->fd, "index.json", text, strlen(text), 0600,
			       s->is_transient ? 0 : FILE_SYNC, err);
}

static bool shrinks(const struct image_store *s, const char *text)
{
	struct stat st;

	return fstatat(s->fd, "index.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       strlen(text) <= (size_t)st.st_size;
}

/* So that images can be removed from a full disk: that begins with a new index. */
static void keep_reserve(const struct image_store *s)
{
	autoclose int fd = -1;

	if (s->is_transient)
		return;
	fd = openat(s->fd, "reserve", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && fallocate(fd, 0, 0, STORE_RESERVE_BYTES) < 0)
		(void)unlinkat(s->fd, "reserve", 0); /* the next edit tries again */
}

/**
 * image_store_edit_index() - Change the index, as the only one to do so
 * @edit:	Changes the document in place; a failure leaves the file alone
 */
int image_store_edit_index(const struct image_store *s, image_store_edit *edit, void *arg,
			   struct error *err)
{
	autojson struct json *index = NULL;
	autofree char *text = NULL;
	autoclose int lock = -1;
	int r;

	lock = lock_file(s->fd, "index.lock", LOCK_EX, err);
	if (lock < 0)
		return lock;
	index = image_store_read_index(s, err);
	if (!index)
		return -err->code;
	r = edit(index, arg, err);
	if (r < 0)
		return r;
	text = json_print(index);
	r = replace_index(s, text, err);
	if (r == 0)
		keep_reserve(s);
	else if (r == -ENOSPC && shrinks(s, text) && unlinkat(s->fd, "reserve", 0) == 0)
		r = replace_index(s, text, err);
	return r;
}

/**
 * image_store_read_blob() - Read a manifest or config
 * @hex:	SHA-256, from a parsed digest
 */
int image_store_read_blob(const struct image_store *s, const char *hex, size_t max_bytes,
			  char **data, size_t *len, struct error *err)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_MAX];

	snprintf(path, sizeof(path), "blobs/sha256/%s", hex);
	return file_read_at(s->fd, path, max_bytes, data, len, err);
}

/** image_store_layer_key() - Name in layer/ of a layer that depends on nothing */
void image_store_layer_key(const struct digest *diff_id, char key[STORE_KEY_MAX])
{
	snprintf(key, STORE_KEY_MAX, "%.*s", DIGEST_SHA256_HEX, diff_id->hex);
}

/** image_store_chain_key() - Name in layer/ of a layer that depends on those below it */
void image_store_chain_key(const struct digest *chain_id, char key[STORE_KEY_MAX])
{
	snprintf(key, STORE_KEY_MAX, "chain-%.*s", DIGEST_SHA256_HEX, chain_id->hex);
}

static bool have_layer(const struct image_store *s, const char *key)
{
	char path[sizeof("layer/") + STORE_KEY_MAX];

	snprintf(path, sizeof(path), "layer/%s", key);
	return faccessat(s->fd, path, F_OK, 0) == 0;
}

/**
 * image_store_find_layer() - Whether a layer is there, and under which name
 * @chain_id:	ChainID of the stack that ends with this layer
 * @key:	Its name in layer/, if it is there
 */
bool image_store_find_layer(const struct image_store *s, const struct digest *diff_id,
			    const struct digest *chain_id, char key[STORE_KEY_MAX])
{
	image_store_layer_key(diff_id, key);
	if (have_layer(s, key))
		return true;
	image_store_chain_key(chain_id, key);
	return have_layer(s, key);
}

/* Lock up to STORE_SWEEP_AT_ONCE directories whose makers are gone. */
static size_t find_rubbish(int tmp, char names[][32], int *fds)
{
	autodir DIR *dir = dir_open(tmp, ".", 0);
	const struct dirent *e;
	size_t n = 0;

	while (n < STORE_SWEEP_AT_ONCE && (e = dir_next(dir))) {
		if (strlen(e->d_name) >= sizeof(names[0]))
			continue;
		fds[n] = openat(tmp, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds[n] < 0)
			continue;
		if (file_lock(fds[n], LOCK_EX | LOCK_NB) < 0) {
			(void)close(fds[n]);
			continue;
		}
		snprintf(names[n++], sizeof(names[0]), "%s", e->d_name);
	}
	return n;
}

/*
 * tmp/ itself is locked while a directory is made and locked, and while
 * rubbish is told from work; removing the rubbish takes longer, and only needs
 * the lock on each piece.
 */
static void sweep(int tmp)
{
	char names[STORE_SWEEP_AT_ONCE][32];
	int fds[STORE_SWEEP_AT_ONCE];
	size_t n;

	if (file_lock(tmp, LOCK_EX) < 0)
		return;
	n = find_rubbish(tmp, names, fds);
	(void)flock(tmp, LOCK_UN);
	for (size_t i = 0; i < n; i++) {
		/* What cannot go now goes next time. */
		(void)file_remove_tree_at(tmp, names[i]);
		(void)close(fds[i]);
	}
}

static int make_staging(int tmp, struct store_staging *out, struct error *err)
{
	autoclose int fd = -1;
	int r;

	file_random_hex(out->name, 8);
	r = file_lock(tmp, LOCK_EX);
	if (r < 0)
		return error_sys(err, -r, "lock 'images/tmp'");
	if (mkdirat(tmp, out->name, STORE_MODE) < 0)
		return error_sys(err, errno, "make directory 'images/tmp/%s'", out->name);
	fd = openat(tmp, out->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open directory 'images/tmp/%s'", out->name);
	r = file_lock(fd, LOCK_EX | LOCK_NB);
	if (r < 0)
		return error_sys(err, -r, "lock 'images/tmp/%s'", out->name);
	out->fd = steal_fd(&fd);
	return 0;
}

/**
 * image_store_stage() - Make a directory for work in progress
 * @out:	Removed with image_store_unstage(); after a crash by the next caller of this
 */
int image_store_stage(const struct image_store *s, struct store_staging *out, struct error *err)
{
	autoclose int tmp = -1;

	out->fd = -1;
	tmp = openat(s->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tmp < 0)
		return error_sys(err, errno, "open 'images/tmp'");
	sweep(tmp);
	return make_staging(tmp, out, err);
}

/** image_store_unstage() - Remove the directory and what is left in it; safe twice */
void image_store_unstage(const struct image_store *s, struct store_staging *staging)
{
	autoclose int tmp = -1;

	if (staging->fd < 0)
		return;
	tmp = openat(s->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* What stays behind is unlocked a line later, and so rubbish for the next one. */
	if (tmp >= 0)
		(void)file_remove_tree_at(tmp, staging->name);
	(void)close(staging->fd);
	staging->fd = -1;
}

/** image_store_sweep() - Remove directories of work in progress whose makers are gone */
void image_store_sweep(const struct image_store *s)
{
	autoclose int tmp = openat(s->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tmp >= 0)
		sweep(tmp);
}
