// SPDX-License-Identifier: Apache-2.0
/*
 * image/iconv_stub.c - No character set conversion in this program
 *
 * Names in a tar stream are bytes, and so are names in a file system.
 * libarchive converts between them where it can; refused, it keeps the bytes
 * (see archive.c). The three functions stand in for libc's, which with glibc
 * would also load shared objects to do the work.
 */
#include <errno.h>
#include <iconv.h>

iconv_t iconv_open(const char *to, const char *from)
{
	(void)to;
	(void)from;
	errno = EINVAL;
	return (iconv_t)-1;
}

size_t iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	(void)cd;
	(void)in;
	(void)in_left;
	(void)out;
	(void)out_left;
	errno = EBADF;
	return (size_t)-1;
}

int iconv_close(iconv_t cd)
{
	(void)cd;
	errno = EBADF;
	return -1;
}
