// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/volume_store.c - The volumes there are, and who uses them
 */
#include "cmd/volume_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/settings.h"

#define ANONYMOUS_HEX 64

/** volume_store_list() - The names of all volumes, sorted */
int volume_store_list(const struct context *ctx, struct strlist *names, struct error *err)
{
	int r = dir_list(ctx->store.root_fd, "volumes", names);

	return r < 0 && r != -ENOENT ? error_sys(err, -r, "read 'volumes'") : 0;
}

/**
 * volume_store_users() - The volumes of all containers: a name for each that has it
 *
 * Return: 0, or -errno when a container's settings cannot be read: then nobody
 * knows what it uses
 */
int volume_store_users(const struct context *ctx, struct strlist *used, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int r = record_list(&ctx->store, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		autosettings struct settings s = { 0 };

		r = settings_load(&s, &ctx->store, ids.items[i], err);
		if (r == -ENOENT) { /* it has gone meanwhile */
			r = 0;
			continue;
		}
		for (size_t k = 0; r == 0 && k < s.n_mounts; k++)
			if (*s.mounts[k].name)
				strlist_add(used, s.mounts[k].name);
	}
	return r;
}

/** volume_store_count() - How many containers have a volume */
size_t volume_store_count(const struct strlist *used, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < used->n; i++)
		n += !strcmp(used->items[i], name);
	return n;
}

/** volume_store_is_anonymous() - Whether tare has chosen the name */
bool volume_store_is_anonymous(const char *name)
{
	return strlen(name) == ANONYMOUS_HEX && str_is_hex(name, ANONYMOUS_HEX);
}

/** volume_store_remove() - Remove a volume that nobody uses: renamed first, so never by halves */
int volume_store_remove(const struct context *ctx, const char *name, struct error *err)
{
	int root = ctx->store.root_fd;
	autofree char *dir = xasprintf("volumes/%s", name), *trash = NULL;
	char random[17];

	file_random_hex(random, 8);
	trash = xasprintf("trash/volume.%s", random);
	while (renameat(root, dir, root, trash) < 0) {
		if (errno != ENOENT || faccessat(root, "trash", F_OK, 0) == 0)
			return error_sys(err, errno, "remove volume '%s'", name);
		if (mkdirat(root, "trash", 0700) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make directory 'trash'");
	}
	(void)file_remove_tree_at(root, trash); /* what stays is emptied by the next sweep */
	return 0;
}
