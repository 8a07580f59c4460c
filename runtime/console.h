/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/console.h - The terminal of a container, and the user's own
 */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct error;

/* In the container, before pivot_root: its pty, as its standard streams. */
int console_setup(int devpts_dir, uint16_t rows, uint16_t columns, int *peer, struct error *err);
int console_open_peer(int master, struct error *err);
int console_take_over(int peer, struct error *err);

/* The user's terminal, in the supervisor. */
struct console_mode {
	bool saved;
	int fd;
	struct termios termios;
};

int console_make_raw(int fd, struct console_mode *mode);
void console_restore(struct console_mode *mode);
void console_copy_size(int from_fd, int to_fd);

#endif
