/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/signed.h - Signatures beside files: FILE.minisig
 */
#ifndef CMD_SIGNED_H
#define CMD_SIGNED_H

#include <stdbool.h>
#include <stdint.h>

#include "image/signature.h"

struct error;

int signed_open(const char *path, const char *key, const char *signature,
		struct signature_claim *claim, struct error *err);
int signed_check(int fd, const char *path, const char *key, const char *signature,
		 struct signature_claim *claim, struct error *err);
bool signed_who(const char *path, char key_id[2 * SIGNATURE_KEY_ID + 1]);
int signed_make(int fd, const char *path, const char *secret_file, int64_t timestamp_s,
		struct error *err);

#endif
