/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/error.h - What went wrong, in words for the user
 *
 * Functions return 0 or a useful value on success and -errno on failure; the
 * last parameter is a caller-owned struct error. It never allocates, so the
 * same struct works between clone and exec and crosses to the parent whole.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
	int code;	/* errno class, for callers that branch */
	char msg[2048]; /* operation and object: what failed, on what, why */
	char hint[512]; /* what the user can do, or empty */
};

int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int error_sys(struct error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__
/* It doesn't look into error.c: without this it follows failures that return success. */
static inline int error_is_negative(int code)
{
	__builtin_assume(code < 0);
	return code;
}
#define error_set(...)	error_is_negative(error_set(__VA_ARGS__))
#define error_sys(...)	error_is_negative(error_sys(__VA_ARGS__))
#define error_wrap(...) error_is_negative(error_wrap(__VA_ARGS__))
#define error_hint(...) error_is_negative(error_hint(__VA_ARGS__))
#endif

#endif
