/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/log.h - Debug messages, on stderr or where the command says
 *
 * The only output allowed outside cmd/, and only in the parent. Everything a
 * user must know travels in a struct error instead.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_enable_debug(bool on);
void log_to(void (*sink)(void *arg, const char *text), void *arg);
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
