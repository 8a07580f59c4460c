/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/record_document.h - record.json, for who reads and writes the file
 */
#ifndef RUNTIME_RECORD_DOCUMENT_H
#define RUNTIME_RECORD_DOCUMENT_H

struct json;
struct record;

char *record_to_text(const struct record *r);
void record_from_json(struct record *r, const struct json *v);

#endif
