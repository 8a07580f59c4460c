/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/self.h - Self-starting files: our program with an archive behind it
 */
#ifndef IMAGE_SELF_H
#define IMAGE_SELF_H

#include <stdbool.h>
#include <stdint.h>

struct error;

bool self_is_packed(void);
bool self_find_archive(int fd, uint64_t size, uint64_t *start, uint64_t *end);
int self_write_program(int to, uint64_t *start, struct error *err);
int self_write_footer(int to, uint64_t start, uint64_t size, struct error *err);

#endif
