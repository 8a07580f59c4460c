/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/inflate_output.h - Where inflated content goes: behind what it may refer to
 */
#ifndef IMAGE_INFLATE_OUTPUT_H
#define IMAGE_INFLATE_OUTPUT_H

#define INFLATE_WINDOW 32768U /* how far back content may refer */
#define INFLATE_SLACK  512U   /* room behind a limit: a match is never cut in two */

struct inflate_output {
	unsigned char *oldest; /* the first byte of the stream, or of the last INFLATE_WINDOW */
	unsigned char *next;
	unsigned char *limit; /* INFLATE_SLACK bytes follow, which are written to */
};

#endif
