// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/opened.c - An archive or layout directory, opened to be looked at
 *
 * In this order: the signature, if it is to be checked, before anything of the
 * file is understood; the names of what is in it; its documents.
 */
#include "cmd/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/birth.h"
#include "cmd/platform.h"
#include "cmd/signed.h"
#include "image/source.h"

#define LIMIT_MIN_BYTES (UINT64_C(2) << 30)
#define LIMIT_RATIO	200

/** opened_is_path() - Whether an operand is a file or directory rather than an image's name */
bool opened_is_path(const char *operand)
{
	struct stat st;

	return birth_is_path(operand) || (stat(operand, &st) == 0 && S_ISDIR(st.st_mode));
}

static int open_file(struct opened *o, const char *path, const struct opened_how *how,
		     struct error *err)
{
	struct stat st;

	if (how->key)
		o->fd = signed_open(path, how->key, how->signature, &o->claim, err);
	else
		o->fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (how->key && o->fd < 0)
		return o->fd;
	if (o->fd < 0 || fstat(o->fd, &st) < 0)
		return error_sys(err, errno, "open '%s'", path);
	if (S_ISDIR(st.st_mode))
		o->dir_fd = o->fd;
	return 0;
}

/**
 * opened_open() - Open, check the signature, read the documents
 * @o:		opened_close() releases it, also after a failure
 *
 * Return: 0, -EKEYREJECTED for the signature, -EBADMSG for the content, or another -errno
 */
int opened_open(struct opened *o, const char *path, const struct opened_how *how, struct error *err)
{
	static const struct source_limits limits = { LIMIT_MIN_BYTES, LIMIT_RATIO };
	autostrlist struct strlist parts = { 0 };
	struct plan_platform platform;
	autoclose int spool = -1;
	int r;

	*o = OPENED_NONE;
	plan_this_machine(&platform);
	r = platform_parse(&platform, &parts, how->platform, err);
	if (r == 0)
		r = open_file(o, path, how, err);
	if (r < 0)
		return r;
	spool = file_open_tmp(&(struct error){ 0 }); /* few archives need one, and then say so */
	r = source_open(o->fd, spool, &limits, &o->source, err);
	if (r == 0)
		r = plan_read(o->source, &platform, &o->plan, err);
	return r < 0 ? error_wrap(err, "read '%s'", path) : 0;
}

/** opened_close() - Release; safe twice */
void opened_close(struct opened *o)
{
	source_close(o->source);
	plan_done(&o->plan);
	signature_claim_done(&o->claim);
	cleanup_close(&o->fd);
	*o = OPENED_NONE;
}
