/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/metadata.h - Owner, mode, attributes and times, from one file of a layer to another
 */
#ifndef IMAGE_METADATA_H
#define IMAGE_METADATA_H

int metadata_copy(int from, int to);

#endif
