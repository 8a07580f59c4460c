/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/config_json.h - config.json of an OCI bundle, to a struct config
 *
 * Pure: nothing is opened or looked up. What the specification does not know
 * is ignored, what it knows and cannot be is an error that names the field.
 * cgroups/resources reads linux.cgroupsPath and linux.resources.
 */
#ifndef RUNTIME_CONFIG_JSON_H
#define RUNTIME_CONFIG_JSON_H

struct config;
struct config_idmap_list;
struct config_process;
struct error;
struct json;

int config_from_json(const struct json *document, const char *bundle, struct config *c,
		     struct error *err);
int config_process_from_json(const struct json *process, struct config_process *p,
			     struct error *err);

/* Parts, each in a file of its own. */
int config_linux_from_json(const struct json *linux_map, struct config *c, struct error *err);
int config_mounts_from_json(const struct json *document, const char *bundle, struct config *c,
			    struct error *err);
int config_hooks_from_json(const struct json *document, struct config *c, struct error *err);
int config_idmaps_from_json(const struct json *map, const char *where, const char *key,
			    struct config_idmap_list *out, struct error *err);

#endif
