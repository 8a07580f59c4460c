// SPDX-License-Identifier: Apache-2.0
/*
 * base/error.c - What went wrong, in words for the user
 *
 * The place that knows the object and the errno writes the message; the place
 * that knows the user prints it. Every function here returns -code, so that
 * "return error_sys(err, errno, ...)" is the whole error path.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang_analyzer__
#undef error_set
#undef error_sys
#undef error_wrap
#undef error_hint
#endif

/**
 * error_set() - Record a failure that has no errno text of its own
 * @err:	Filled in; any hint of before is dropped
 * @code:	errno class, positive
 * @fmt:	Message: operation first, object in single quotes
 *
 * Return: -@code
 */
int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -code;
}

/**
 * error_sys() - Record a failed system call
 * @err:	Filled in; any hint of before is dropped
 * @errnum:	errno of the call, read by the caller on the line of the call
 * @fmt:	Message; ": " and the text of @errnum are appended
 *
 * Return: -@errnum
 */
int error_sys(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	err->code = errnum;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", strerror(errnum));
	if (errnum == EMFILE)
		error_hint(err, "some 30 files are open at a time; more may be: ulimit -n 1024");
	return -errnum;
}

/**
 * error_wrap() - Say what a failed step was part of
 * @err:	A recorded error; the text is put in front of its message
 * @fmt:	What the caller was doing, to what
 *
 * Return: -@err->code
 */
int error_wrap(struct error *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list ap;
	size_t used;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", inner);
	return -err->code;
}

/**
 * error_hint() - Add what the user can do about a recorded error
 *
 * Return: -@err->code
 */
int error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -err->code;
}
