// SPDX-License-Identifier: Apache-2.0
/*
 * base/glibc_shim.c - What glibc-built archives expect and musl does not have
 *
 * The distribution's static libraries were compiled against glibc's headers.
 * These are the names that leaves undefined under musl: the fortified forms of
 * functions that musl has, and a few with another name. Compiled to nothing
 * when linking against glibc. The bounds the fortified forms are given are
 * enforced as glibc does it, by aborting.
 */
#include <features.h> /* defines __GLIBC__, or does not */
#include <stddef.h>

#ifdef __GLIBC__

extern int glibc_shim_is_empty;

#else

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <wchar.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void check(size_t need, size_t have)
{
	if (need > have)
		abort();
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	check(n, room);
	return memcpy(to, from, n);
}

void *__memmove_chk(void *to, const void *from, size_t n, size_t room)
{
	check(n, room);
	return memmove(to, from, n);
}

void *__memset_chk(void *to, int c, size_t n, size_t room)
{
	check(n, room);
	return memset(to, c, n);
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
	check(strlen(from) + 1, room);
	return strcpy(to, from);
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t room)
{
	check(n, room);
	return strncpy(to, from, n);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
	check(strlen(to) + strlen(from) + 1, room);
	return strcat(to, from);
}

wchar_t *__wmemcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room)
{
	check(n, room);
	return wmemcpy(to, from, n);
}

int __vsnprintf_chk(char *to, size_t n, int flags, size_t room, const char *fmt, va_list ap)
{
	(void)flags;
	check(n, room);
	return vsnprintf(to, n, fmt, ap);
}

int __snprintf_chk(char *to, size_t n, int flags, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vsnprintf_chk(to, n, flags, room, fmt, ap);
	va_end(ap);
	return r;
}

int __sprintf_chk(char *to, int flags, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flags;
	va_start(ap, fmt);
	r = vsnprintf(to, room, fmt, ap);
	va_end(ap);
	check((size_t)r + 1, room);
	return r;
}

int __fprintf_chk(FILE *to, int flags, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flags;
	va_start(ap, fmt);
	r = vfprintf(to, fmt, ap);
	va_end(ap);
	return r;
}

int __vfprintf_chk(FILE *to, int flags, const char *fmt, va_list ap)
{
	(void)flags;
	return vfprintf(to, fmt, ap);
}

int __vasprintf_chk(char **out, int flags, const char *fmt, va_list ap)
{
	(void)flags;
	return vasprintf(out, fmt, ap);
}

int __asprintf_chk(char **out, int flags, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flags;
	va_start(ap, fmt);
	r = vasprintf(out, fmt, ap);
	va_end(ap);
	return r;
}

ssize_t __read_chk(int fd, void *to, size_t n, size_t room)
{
	check(n, room);
	return read(fd, to, n);
}

int __isoc99_sscanf(const char *s, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsscanf(s, fmt, ap);
	va_end(ap);
	return r;
}

void __explicit_bzero_chk(void *to, size_t n, size_t room)
{
	check(n, room);
	explicit_bzero(to, n);
}

unsigned int gnu_dev_major(unsigned long long dev)
{
	return major(dev);
}

unsigned int gnu_dev_minor(unsigned long long dev)
{
	return minor(dev);
}

unsigned long long gnu_dev_makedev(unsigned int major_number, unsigned int minor_number)
{
	return makedev(major_number, minor_number);
}

#endif
