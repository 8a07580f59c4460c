// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/signed.c - Signatures beside files: FILE.minisig
 *
 * Beside, and not inside: so the file stays what it is for every other tool,
 * whoever has minisign can check it without us, and nothing of it is looked at
 * before that is done.
 */
#include "cmd/signed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/outfile.h"
#include "cmd/units.h"

static char *path_of(const char *path, const char *signature)
{
	return signature ? xstrdup(signature) : xasprintf("%s" SIGNATURE_SUFFIX, path);
}

/**
 * signed_check() - Check an open file's signature
 * @path:	What it is called
 * @key:	Public key, or the file with it
 * @signature:	File with the signature; NULL: beside @path
 * @claim:	Released with signature_claim_done()
 *
 * Return: 0, -EKEYREJECTED if it does not fit or is not there, or another -errno
 */
int signed_check(int fd, const char *path, const char *key, const char *signature,
		 struct signature_claim *claim, struct error *err)
{
	autofree char *beside = path_of(path, signature), *text = NULL;
	struct signature_key public;
	size_t len;
	int r;

	r = signature_read_key(key, &public, err);
	if (r < 0)
		return r;
	r = file_read_at(AT_FDCWD, beside, SIGNATURE_MAX_BYTES, &text, &len, err);
	if (r == -ENOENT)
		return error_set(err, EKEYREJECTED, "'%s' is not signed: there is no '%s'", path,
				 beside);
	if (r == 0)
		r = signature_check(fd, text, &public, claim, err);
	return r < 0 ? error_wrap(err, "verify '%s'", path) : 0;
}

/**
 * signed_open() - Open a file whose signature is valid
 *
 * Return: the fd, or as signed_check()
 */
int signed_open(const char *path, const char *key, const char *signature,
		struct signature_claim *claim, struct error *err)
{
	autoclose int fd = -1;
	struct stat st;
	int r;

	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "only a file can be signed, and '%s' is none", path);
	r = signed_check(fd, path, key, signature, claim, err);
	return r < 0 ? r : steal_fd(&fd);
}

/** signed_who() - Whose signature lies beside a file, unchecked; false: none */
bool signed_who(const char *path, char key_id[2 * SIGNATURE_KEY_ID + 1])
{
	autofree char *beside = path_of(path, NULL), *text = NULL;
	struct error ignored;
	size_t len;

	return file_read_at(AT_FDCWD, beside, SIGNATURE_MAX_BYTES, &text, &len, &ignored) == 0 &&
	       signature_who(text, key_id, &ignored) == 0;
}

/* ---- signing ------------------------------------------------------------ */

static int read_line(char out[SIGNATURE_PASSWORD_MAX], struct error *err)
{
	size_t len = 0;
	char c;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) > 0 && c != '\n') {
		if (len + 1 >= SIGNATURE_PASSWORD_MAX)
			return error_set(err, E2BIG, "the password is too long");
		out[len++] = c;
	}
	out[len] = '\0';
	return n < 0 ? error_sys(err, errno, "read the password") : 0;
}

static volatile sig_atomic_t ended_by;

static void note_end(int sig)
{
	ended_by = sig;
}

/* A terminal gives whole lines. A signal that comes before the wait ends it at once. */
static int await_line(const sigset_t *mask, struct error *err)
{
	struct pollfd line = { .fd = STDIN_FILENO, .events = POLLIN };

	while (ppoll(&line, 1, NULL, mask) < 0)
		if (errno != EINTR || ended_by)
			return error_sys(err, errno, "read the password");
	return 0;
}

/* Whoever gives up is not left with a terminal that shows nothing. */
static int read_unseen(const char *prompt, const struct termios *before,
		       char out[SIGNATURE_PASSWORD_MAX], struct error *err)
{
	static const int ends[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	const struct sigaction note = { .sa_handler = note_end };
	struct sigaction as_was[sizeof(ends) / sizeof(*ends)];
	struct termios silent = *before;
	sigset_t held, mask;
	int r;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		(void)sigaddset(&held, ends[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &mask);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		(void)sigaction(ends[i], &note, &as_was[i]);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fputs(prompt, stderr);
	r = await_line(&mask, err);
	if (r == 0)
		r = read_line(out, err);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
	fputc('\n', stderr);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		(void)sigaction(ends[i], &as_was[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	if (ended_by)
		(void)raise(ended_by);
	return r;
}

/* From the terminal without showing it, else a line of standard input. */
static int ask_password(void *arg, char out[SIGNATURE_PASSWORD_MAX], struct error *err)
{
	const char *file = arg;
	autofree char *prompt = xasprintf("Password of '%s': ", file);
	struct termios before;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return read_line(out, err);
	return read_unseen(prompt, &before, out, err);
}

/**
 * signed_make() - Sign a file, into FILE.minisig
 * @fd:		The file, open for reading
 * @path:	What it is, or will be, called
 * @timestamp_s: For the comment; negative: now
 */
int signed_make(int fd, const char *path, const char *secret_file, int64_t timestamp_s,
		struct error *err)
{
	const char *slash = strrchr(path, '/');
	const struct signature_plan plan = {
		.secret_file = secret_file,
		.name = slash ? slash + 1 : path,
		.timestamp_s = timestamp_s >= 0 ? timestamp_s : units_now_ns() / UNITS_NS_PER_S,
		.ask = ask_password,
		.arg = (void *)(uintptr_t)secret_file,
	};
	autofree char *beside = path_of(path, NULL);
	struct outfile out = OUTFILE_NONE;
	autostr struct str text = { 0 };
	int r;

	r = signature_make(fd, &plan, &text, err);
	if (r == 0)
		r = outfile_open(&out, beside, err);
	if (r == 0) {
		r = file_write_fd(out.fd, text.data, text.len);
		r = r < 0 ? error_sys(err, -r, "write '%s'", beside)
			  : outfile_commit(&out, 0644, err);
	}
	outfile_close(&out);
	return r;
}
