// SPDX-License-Identifier: Apache-2.0
/*
 * powercut.c - What a power cut does to a file system: nothing more gets to its disk
 *
 * Usage: powercut DIR
 *
 * The file system of DIR is shut down without its log being written (ext4 and
 * XFS): all that only its cache knows is lost. Unmount it, mount it again, and
 * there is what a machine would find that starts anew.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define SHUTDOWN   _IOR('X', 125, uint32_t) /* EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */
#define NOLOGFLUSH 2U

int main(int argc, char **argv)
{
	uint32_t how = NOLOGFLUSH;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || ioctl(fd, SHUTDOWN, &how) < 0) {
		perror("powercut");
		return 1;
	}
	return 0;
}
