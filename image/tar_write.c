// SPDX-License-Identifier: Apache-2.0
/*
 * image/tar_write.c - Writing tar streams: ustar, with pax records where it takes them
 *
 * POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header".
 * What does not fit an old field goes into an extended header before the
 * entry: long names, large numbers, attributes (SCHILY.xattr., which is what
 * every reader of layers knows).
 */
#include "image/tar_write.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define TAR_BLOCK    512
#define TAR_NAME_MAX 100
#define TAR_ID_MAX   07777777	     /* seven octal digits */
#define TAR_SIZE_MAX 077777777777ULL /* eleven */

struct header {
	char name[TAR_NAME_MAX];
	char mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[TAR_NAME_MAX];
	char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155];
	char unused[12];
};

static_assert(sizeof(struct header) == TAR_BLOCK, "a tar header is one block");

static char type_flag(const struct tar_entry *e)
{
	if (e->hardlink)
		return '1';
	switch (e->type) {
	case S_IFLNK:
		return '2';
	case S_IFCHR:
		return '3';
	case S_IFBLK:
		return '4';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

static void set_octal(char *field, size_t size, uint64_t value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);

	/* What does not fit is in the extended header. */
	if ((size_t)n == size - 1)
		memcpy(field, text, size);
	else
		memset(field, '0', size - 1);
}

static void set_name(char field[TAR_NAME_MAX], const char *text)
{
	size_t len = strlen(text);

	memcpy(field, text, len < TAR_NAME_MAX ? len : TAR_NAME_MAX);
}

static void set_checksum(struct header *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static void fill_header(struct header *h, const struct tar_entry *e, const char *path, char type)
{
	memset(h, 0, sizeof(*h));
	set_name(h->name, path);
	set_octal(h->mode, sizeof(h->mode), e->perm & 07777);
	set_octal(h->uid, sizeof(h->uid), e->uid);
	set_octal(h->gid, sizeof(h->gid), e->gid);
	set_octal(h->size, sizeof(h->size), e->size);
	set_octal(h->mtime, sizeof(h->mtime), e->mtime_s > 0 ? (uint64_t)e->mtime_s : 0);
	h->type = type;
	if (e->link)
		set_name(h->link, e->link);
	memcpy(h->magic, "ustar", sizeof(h->magic));
	memcpy(h->version, "00", sizeof(h->version));
	set_octal(h->major, sizeof(h->major), e->major);
	set_octal(h->minor, sizeof(h->minor), e->minor);
	set_checksum(h);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
static void add_record(struct str *out, const char *key, const void *value, size_t size)
{
	size_t body = strlen(key) + size + 3, length = body, digits;

	do {
		digits = (size_t)snprintf(NULL, 0, "%zu", length);
		if (body + digits == length)
			break;
		length = body + digits;
	} while (true);
	str_printf(out, "%zu %s=", length, key);
	str_append(out, value, size);
	str_putc(out, '\n');
}

static void add_text(struct str *out, const char *key, const char *value)
{
	add_record(out, key, value, strlen(value));
}

static void add_number(struct str *out, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_text(out, key, text);
}

static void collect_records(const struct tar_entry *e, const char *path, struct str *out)
{
	if (strlen(path) > TAR_NAME_MAX)
		add_text(out, "path", path);
	if (e->link && strlen(e->link) > TAR_NAME_MAX)
		add_text(out, "linkpath", e->link);
	if (e->size > TAR_SIZE_MAX)
		add_number(out, "size", (int64_t)e->size);
	if (e->uid > TAR_ID_MAX)
		add_number(out, "uid", (int64_t)e->uid);
	if (e->gid > TAR_ID_MAX)
		add_number(out, "gid", (int64_t)e->gid);
	if (e->mtime_s < 0 || (uint64_t)e->mtime_s > TAR_SIZE_MAX)
		add_number(out, "mtime", e->mtime_s);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		autofree char *key = xasprintf("SCHILY.xattr.%s", e->xattrs[i].name);

		add_record(out, key, e->xattrs[i].value, e->xattrs[i].size);
	}
}

static int pad(struct tar_writer *w, size_t len, struct error *err)
{
	static const char zeros[TAR_BLOCK];

	return len ? w->sink(w->arg, zeros, len, err) : 0;
}

static size_t padding_of(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

static int write_records(struct tar_writer *w, const struct str *records, struct error *err)
{
	const struct tar_entry extended = { .size = records->len, .perm = 0644 };
	struct header h;
	int r;

	fill_header(&h, &extended, "PaxHeaders.0/x", 'x');
	r = w->sink(w->arg, &h, sizeof(h), err);
	if (r == 0)
		r = w->sink(w->arg, records->data, records->len, err);
	return r == 0 ? pad(w, padding_of(records->len), err) : r;
}

/**
 * tar_write_entry() - Begin an entry; its content, e->size bytes, must follow
 */
int tar_write_entry(struct tar_writer *w, const struct tar_entry *e, struct error *err)
{
	bool slash = e->type == S_IFDIR && !str_ends(e->path, "/");
	autofree char *path = xasprintf("%s%s", e->path, slash ? "/" : "");
	autostr struct str records = { 0 };
	struct header h;
	int r = 0;

	assert(!w->left);
	collect_records(e, path, &records);
	if (records.len)
		r = write_records(w, &records, err);
	if (r < 0)
		return r;
	fill_header(&h, e, path, type_flag(e));
	w->left = e->size;
	w->padding = padding_of(e->size);
	return w->sink(w->arg, &h, sizeof(h), err);
}

/** tar_write_data() - The next piece of the entry's content */
int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct error *err)
{
	int r;

	assert(len <= w->left);
	r = w->sink(w->arg, data, len, err);
	if (r < 0)
		return r;
	w->left -= len;
	return w->left ? 0 : pad(w, w->padding, err);
}

/** tar_write_end() - Two blocks of nothing, as the format wants them */
int tar_write_end(struct tar_writer *w, struct error *err)
{
	int r = pad(w, TAR_BLOCK, err);

	assert(!w->left);
	return r == 0 ? pad(w, TAR_BLOCK, err) : r;
}

/** tar_write_file() - An entry of root's, readable by all, without a time */
int tar_write_file(struct tar_writer *w, const char *path, const void *data, size_t len,
		   struct error *err)
{
	const struct tar_entry e = { .path = path, .type = S_IFREG, .perm = 0644, .size = len };
	int r = tar_write_entry(w, &e, err);

	return r == 0 && len ? tar_write_data(w, data, len, err) : r;
}

/** tar_sink_fd() - Write to the descriptor that @arg points to */
int tar_sink_fd(void *arg, const void *data, size_t len, struct error *err)
{
	int r = file_write_fd(*(const int *)arg, data, len);

	return r < 0 ? error_sys(err, -r, "write the archive") : 0;
}
