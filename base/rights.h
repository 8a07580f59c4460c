/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/rights.h - Descriptors that go along with a message (SCM_RIGHTS, unix(7))
 *
 * Async-signal-safe: also between clone and exec.
 */
#ifndef BASE_RIGHTS_H
#define BASE_RIGHTS_H

#include <stddef.h>
#include <sys/types.h>

#define RIGHTS_MAX 2

ssize_t rights_send(int socket, const void *data, size_t len, const int *fds, size_t n);
ssize_t rights_receive(int socket, void *data, size_t len, int *fd);

#endif
