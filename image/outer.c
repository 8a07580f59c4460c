// SPDX-License-Identifier: Apache-2.0
/*
 * image/outer.c - Index of the archive that an image travels in
 *
 * Walks the headers of a tar file by pread() and remembers where the content
 * of each file lies. Understands ustar, old tar, GNU long names and pax
 * headers (path, linkpath, size); that is what image tools write. Entries that
 * are no files or links, or whose name leads out of the archive, are skipped:
 * nobody can ask for them. Two of one name have to be the same.
 */
#include "image/outer.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"

#define BLOCK		  512U
#define OUTER_MAX_ENTRIES 65536U
#define OUTER_MAX_EXTRA	  (1U << 20) /* one pax header or long name */
#define COMPARE_BYTES	  (64U << 10)

/* POSIX ustar, pax(1). */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char linkname[100], magic[6], version[2], uname[32], gname[32];
	char devmajor[8], devminor[8], prefix[155], padding[12];
};

static_assert(sizeof(struct tar_header) == BLOCK, "a tar header is one block");

struct walk {
	int fd;
	uint64_t size, start, at;
	struct outer_index *index;
	size_t cap;
	/* From the extra headers in front of an entry: */
	char *path, *linkpath;
	bool has_size;
	uint64_t entry_size;
};

static int bad(struct error *err, const struct walk *w, const char *why)
{
	return error_set(err, EBADMSG, "broken archive at byte %llu: %s", (unsigned long long)w->at,
			 why);
}

static int read_exactly(const struct walk *w, void *to, size_t len, uint64_t at, struct error *err)
{
	size_t done = 0;

	if (at > w->size || len > w->size - at)
		return bad(err, w, "it is cut off");
	while (done < len) {
		ssize_t n = pread(w->fd, (char *)to + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "read the archive");
		if (n == 0)
			return bad(err, w, "it is cut off");
		done += (size_t)n;
	}
	return 0;
}

/* Octal with leading blanks, ended by a blank or NUL; or GNU's base 256. */
static bool parse_number(const char *field, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	if ((unsigned char)field[0] == 0x80) {
		for (i = 1; i < len; i++) {
			if (v >> 55)
				return false;
			v = v << 8 | (unsigned char)field[i];
		}
		*out = v;
		return true;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(field[i] - '0');
	if (i < len && field[i] != ' ' && field[i] != '\0')
		return false;
	*out = v;
	return true;
}

static bool checksum_is_right(const struct tar_header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	uint64_t want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool in_field = i >= offsetof(struct tar_header, checksum) &&
				i < offsetof(struct tar_header, type);

		sum += in_field ? ' ' : p[i];
	}
	return parse_number(h->checksum, sizeof(h->checksum), &want) && want == sum;
}

static bool is_zero(const struct tar_header *h)
{
	static const struct tar_header zero;

	return !memcmp(h, &zero, sizeof(zero));
}

static char *header_path(const struct tar_header *h)
{
	autofree char *name = xstrndup(h->name, sizeof(h->name));
	autofree char *prefix = NULL;

	/* GNU tar's magic is "ustar " and its prefix field holds times. */
	if (memcmp(h->magic, "ustar\0", 6) || !h->prefix[0])
		return steal_ptr(&name);
	prefix = xstrndup(h->prefix, sizeof(h->prefix));
	return xasprintf("%s/%s", prefix, name);
}

/* One pax record's worth: "LENGTH KEY=VALUE\n". */
static int apply_record(struct walk *w, const char *key, size_t key_len, const char *value,
			size_t len, struct error *err)
{
	autofree char *text = xstrndup(value, len);
	char **to = NULL;

	if (key_len == 4 && !memcmp(key, "path", 4))
		to = &w->path;
	else if (key_len == 8 && !memcmp(key, "linkpath", 8))
		to = &w->linkpath;
	else if (key_len != 4 || memcmp(key, "size", 4))
		return 0;
	if (to) {
		free(*to);
		*to = steal_ptr(&text);
		return 0;
	}
	if (str_parse_u64(text, INT64_MAX, &w->entry_size) < 0)
		return bad(err, w, "malformed size in a pax header");
	w->has_size = true;
	return 0;
}

static int apply_pax(struct walk *w, const char *data, size_t len, struct error *err)
{
	const char *end = data + len;
	int r;

	while (data < end && *data) {
		const char *blank = memchr(data, ' ', (size_t)(end - data));
		const char *equals;
		uint64_t record;
		autofree char *digits = NULL;

		if (!blank || blank - data > 8)
			return bad(err, w, "malformed pax header");
		digits = xstrndup(data, (size_t)(blank - data));
		if (str_parse_u64(digits, (uint64_t)(end - data), &record) < 0 ||
		    record < (uint64_t)(blank - data) + 3 || data[record - 1] != '\n')
			return bad(err, w, "malformed pax header");
		equals = memchr(blank, '=', (size_t)(data + record - blank));
		if (!equals)
			return bad(err, w, "malformed pax header");
		r = apply_record(w, blank + 1, (size_t)(equals - blank - 1), equals + 1,
				 (size_t)(data + record - 1 - (equals + 1)), err);
		if (r < 0)
			return r;
		data += record;
	}
	return 0;
}

/* Headers that say something about the entry after them. */
static int apply_extra(struct walk *w, char type, uint64_t size, struct error *err)
{
	autofree char *data = NULL;
	char **to;
	int r;

	if (size > OUTER_MAX_EXTRA)
		return bad(err, w, "oversized extended header");
	data = xmalloc(size + 1);
	r = read_exactly(w, data, size, w->at + BLOCK, err);
	if (r < 0)
		return r;
	data[size] = '\0';
	if (type == 'x')
		return apply_pax(w, data, size, err);
	to = type == 'L' ? &w->path : &w->linkpath;
	free(*to);
	*to = steal_ptr(&data);
	return 0;
}

static void forget_extras(struct walk *w)
{
	free(w->path);
	free(w->linkpath);
	w->path = NULL;
	w->linkpath = NULL;
	w->has_size = false;
}

static int add_entry(struct walk *w, const struct tar_header *h, uint64_t size, struct error *err)
{
	struct outer_index *index = w->index;
	struct outer_entry e = { .offset = w->at + BLOCK, .size = size };
	autofree char *raw = NULL;

	if (h->type == '1' || h->type == '2') {
		e.kind = h->type == '1' ? OUTER_HARDLINK : OUTER_SYMLINK;
		e.target = w->linkpath ? steal_ptr(&w->linkpath)
				       : xstrndup(h->linkname, sizeof(h->linkname));
	} else if (h->type != '0' && h->type != '\0' && h->type != '7') {
		return 0;
	}
	raw = w->path ? steal_ptr(&w->path) : header_path(h);
	e.name = path_clean(raw);
	if (!e.name) {
		free(e.target);
		return 0;
	}
	if (index->n == OUTER_MAX_ENTRIES) {
		free(e.target);
		free(e.name);
		return bad(err, w, "too many entries");
	}
	if (index->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		index->entries = xrealloc(index->entries, w->cap * sizeof(e));
	}
	index->entries[index->n++] = e;
	return 0;
}

/* One header. Returns 1 to go on, 0 at the end of the archive. */
static int step(struct walk *w, struct error *err)
{
	struct tar_header h;
	uint64_t size;
	int r;

	if (w->at == w->size)
		return 0;
	if (w->size - w->start < BLOCK)
		return bad(err, w, "not a tar archive");
	r = read_exactly(w, &h, sizeof(h), w->at, err);
	if (r < 0)
		return r;
	if (is_zero(&h))
		return 0;
	if (!checksum_is_right(&h))
		return bad(err, w,
			   w->at > w->start ? "wrong header checksum" : "not a tar archive");
	if (!parse_number(h.size, sizeof(h.size), &size))
		return bad(err, w, "malformed size");
	if (h.type == 'x' || h.type == 'L' || h.type == 'K') {
		r = apply_extra(w, h.type, size, err);
	} else {
		size = w->has_size ? w->entry_size : size;
		if (h.type == '1' || h.type == '2' || h.type == '5')
			size = 0;
		if (size > w->size - w->at - BLOCK)
			return bad(err, w, "it is cut off");
		if (h.type != 'g')
			r = add_entry(w, &h, size, err);
		forget_extras(w);
	}
	if (r < 0)
		return r;
	w->at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
	/* Some writers leave out the padding of the last entry. */
	if (w->at > w->size)
		w->at = w->size;
	return 1;
}

static int by_name(const void *a, const void *b)
{
	const struct outer_entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_name_only(const void *a, const void *b)
{
	const struct outer_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The content of two entries of one size. Returns 1 if it is the same, 0 if not. */
static int is_same_content(const struct walk *w, const struct outer_entry *x,
			   const struct outer_entry *y, struct error *err)
{
	autofree char *pieces = xmalloc(2 * COMPARE_BYTES);
	char *of_x = pieces, *of_y = pieces + COMPARE_BYTES;
	uint64_t at = 0;

	while (at < x->size) {
		size_t n = x->size - at < COMPARE_BYTES ? (size_t)(x->size - at) : COMPARE_BYTES;
		int r = read_exactly(w, of_x, n, x->offset + at, err);

		if (r == 0)
			r = read_exactly(w, of_y, n, y->offset + at, err);
		if (r < 0)
			return r;
		if (memcmp(of_x, of_y, n) != 0)
			return 0;
		at += n;
	}
	return 1;
}

/*
 * Some tools write a blob once for each image that has it. Two entries that
 * differ are another matter: some readers take the first, some the last.
 */
static int check_twins(const struct walk *w, struct error *err)
{
	for (size_t i = 1; i < w->index->n; i++) {
		const struct outer_entry *x = &w->index->entries[i - 1], *y = x + 1;
		autofree char *safe = NULL;
		int same = x->kind == y->kind && x->size == y->size;

		if (strcmp(x->name, y->name))
			continue;
		if (same && x->kind == OUTER_FILE)
			same = is_same_content(w, x, y, err);
		else if (same)
			same = !strcmp(x->target, y->target);
		if (same < 0)
			return same;
		if (same)
			continue;
		safe = str_escape(x->name);
		return error_set(err, EBADMSG,
				 "'%.300s' is in the archive twice, and not the same "
				 "(at bytes %llu and %llu)",
				 safe, (unsigned long long)x->offset,
				 (unsigned long long)y->offset);
	}
	return 0;
}

/**
 * outer_index_read() - Index a tar file
 * @fd:		Read by offset
 * @start:	Where it begins in the file; offsets are those of the file
 * @end:	Where it ends
 * @out:	Released with outer_index_done(), also after a failure
 *
 * Return: 0, or -EBADMSG with the offset of the trouble
 */
int outer_index_read(int fd, uint64_t start, uint64_t end, struct outer_index *out,
		     struct error *err)
{
	struct walk w = { .fd = fd, .start = start, .at = start, .size = end, .index = out };
	int r;

	memset(out, 0, sizeof(*out));
	if (start == end)
		return error_set(err, EBADMSG, "the archive is empty");
	do
		r = step(&w, err);
	while (r > 0);
	forget_extras(&w);
	if (r < 0)
		return r;
	if (!out->n)
		return 0;
	qsort(out->entries, out->n, sizeof(*out->entries), by_name);
	return check_twins(&w, err);
}

/** outer_index_find() - The entry of a cleaned name; NULL: none */
const struct outer_entry *outer_index_find(const struct outer_index *index, const char *name)
{
	struct outer_entry key = { .name = (char *)(uintptr_t)name };

	if (!index->n)
		return NULL;
	/* Of several any will do, see check_twins(). */
	return bsearch(&key, index->entries, index->n, sizeof(key), by_name_only);
}

/** outer_index_done() - Release; safe twice */
void outer_index_done(struct outer_index *index)
{
	for (size_t i = 0; i < index->n; i++) {
		free(index->entries[i].name);
		free(index->entries[i].target);
	}
	free(index->entries);
	memset(index, 0, sizeof(*index));
}
