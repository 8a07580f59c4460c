// SPDX-License-Identifier: Apache-2.0
/*
 * image/self.c - Self-starting files: our program with an archive behind it
 *
 *	program		ours, with the mark below set
 *	zeros		up to the next block of 512 bytes
 *	archive		as it is
 *	footer		512 bytes: "tare-self 1 START SIZE\n" and zeros
 *
 * The program knows by its mark that there is an archive, without a look at its
 * file: so for all others it costs nothing to ask. Everybody else, who has the
 * file and wants the archive, reads the footer.
 */
#include "image/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define BLOCK	    512
#define FOOTER_HEAD "tare-self 1 "
#define PROGRAM_MAX (256U << 20)
#define MARK_BYTES  16

/* Found in our own file by its text, which must not stand there a second time. */
static volatile struct {
	char text[MARK_BYTES];
	uint64_t packed;
} mark = { "\177tare\001self\002mark", 0 };

/** self_is_packed() - Whether an archive follows the program that runs */
bool self_is_packed(void)
{
	return mark.packed != 0;
}

static bool parse_footer(const char *text, uint64_t size, uint64_t *start, uint64_t *end)
{
	autostrlist struct strlist words = { 0 };
	autofree char *line = NULL;
	uint64_t at, len;

	if (strncmp(text, FOOTER_HEAD, strlen(FOOTER_HEAD)) != 0)
		return false;
	line = xstrndup(text + strlen(FOOTER_HEAD), strcspn(text + strlen(FOOTER_HEAD), "\n"));
	strlist_split(&words, line, ' ');
	if (words.n != 2 || str_parse_u64(words.items[0], size, &at) < 0 ||
	    str_parse_u64(words.items[1], size, &len) < 0)
		return false;
	if (at % BLOCK || len > size - at || size - at - len != BLOCK)
		return false;
	*start = at;
	*end = at + len;
	return true;
}

/**
 * self_find_archive() - Where the archive is in a self-starting file
 * @size:	Of the file
 *
 * Return: false if it is none; then the file may be an archive itself
 */
bool self_find_archive(int fd, uint64_t size, uint64_t *start, uint64_t *end)
{
	char footer[BLOCK + 1] = "", head[4];

	if (size < 2 * BLOCK || pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, "\177ELF", sizeof(head)) != 0)
		return false;
	if (pread(fd, footer, BLOCK, (off_t)(size - BLOCK)) != BLOCK)
		return false;
	return parse_footer(footer, size, start, end);
}

static int read_program(char **data, size_t *len, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t start, end;
	off_t size;
	int r;

	size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "read our own program");
	if (self_find_archive(fd, (uint64_t)size, &start, &end))
		return error_set(err, EINVAL, "this is a self-starting file itself: take 'tare'");
	r = file_read_fd(fd, PROGRAM_MAX, data, len);
	return r < 0 ? error_sys(err, -r, "read our own program") : 0;
}

static int set_mark(char *program, size_t len, struct error *err)
{
	const uint64_t packed = 1;
	char text[MARK_BYTES];
	char *at;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = mark.text[i];
	at = memmem(program, len, text, sizeof(text));
	if (!at || (size_t)(program + len - at) < sizeof(mark) ||
	    memmem(at + 1, (size_t)(program + len - at) - 1, text, sizeof(text)))
		return error_set(err, EBADMSG, "our own program is not as it was built");
	memcpy(at + sizeof(text), &packed, sizeof(packed));
	return 0;
}

/**
 * self_write_program() - Write our program, marked, for an archive to follow
 * @start:	Where that begins
 */
int self_write_program(int to, uint64_t *start, struct error *err)
{
	static const char zeros[BLOCK];
	autofree char *program = NULL;
	size_t len, padding;
	int r;

	r = read_program(&program, &len, err);
	if (r == 0)
		r = set_mark(program, len, err);
	if (r < 0)
		return r;
	padding = (BLOCK - len % BLOCK) % BLOCK;
	r = file_write_fd(to, program, len);
	if (r == 0)
		r = file_write_fd(to, zeros, padding);
	*start = len + padding;
	return r < 0 ? error_sys(err, -r, "write the program") : 0;
}

/** self_write_footer() - Say where the archive was */
int self_write_footer(int to, uint64_t start, uint64_t size, struct error *err)
{
	char footer[BLOCK] = "";
	int r;

	snprintf(footer, sizeof(footer), FOOTER_HEAD "%llu %llu\n", (unsigned long long)start,
		 (unsigned long long)size);
	r = file_write_fd(to, footer, sizeof(footer));
	return r < 0 ? error_sys(err, -r, "write the archive") : 0;
}
