// SPDX-License-Identifier: Apache-2.0
/*
 * image/reference.c - Image names: DOMAIN/PATH[:TAG][@DIGEST]
 *
 * The grammar and the normalisation are docker's (distribution/reference):
 * without a registry a name means docker.io, and docker.io's one-part names
 * live below library/. The first part is a registry if it has a dot, a colon
 * or a capital letter, or is "localhost".
 */
#include "image/reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#define DEFAULT_DOMAIN "docker.io"

static int invalid(struct error *err, const char *text, const char *why)
{
	autofree char *safe = NULL;
	autofree char *cut = xstrndup(text, REFERENCE_MAX);

	safe = str_escape(cut);
	return error_set(err, EINVAL, "invalid image name '%s': %s", safe, why);
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* [a-z0-9]+ joined by one dot, one or two underscores, or dashes. */
static bool is_path_component(const char *s, size_t n)
{
	size_t i = 0;

	if (!n || !is_lower_alnum(s[0]) || !is_lower_alnum(s[n - 1]))
		return false;
	while (i < n) {
		size_t run = 0;

		if (is_lower_alnum(s[i])) {
			i++;
			continue;
		}
		while (i + run < n && s[i + run] == s[i])
			run++;
		if (s[i] == '.' ? run != 1 : s[i] == '_' ? run > 2 : s[i] != '-')
			return false;
		if (!is_lower_alnum(s[i + run]))
			return false;
		i += run;
	}
	return true;
}

static bool is_path(const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "/");

		if (!is_path_component(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

/* A host name or an address in brackets, then perhaps a port. */
static bool is_domain(const char *s, size_t n)
{
	size_t host = n;

	if (!n)
		return false;
	if (s[0] == '[') {
		const char *end = memchr(s, ']', n);

		if (!end || strspn(s + 1, "0123456789abcdefABCDEF:") != (size_t)(end - s - 1))
			return false;
		host = (size_t)(end - s) + 1;
	} else {
		for (host = 0; host < n && s[host] != ':'; host++)
			if (!is_lower_alnum(s[host]) && !is_upper(s[host]) && s[host] != '-' &&
			    s[host] != '.')
				return false;
		if (!host || s[0] == '-' || s[0] == '.' || s[host - 1] == '-' || s[host - 1] == '.')
			return false;
	}
	if (host == n)
		return true;
	return s[host] == ':' && host + 1 < n && strspn(s + host + 1, "0123456789") == n - host - 1;
}

static bool is_tag(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 128 || *s == '.' || *s == '-')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

/* Whether the part before the first slash names a registry. */
static bool has_domain(const char *name, size_t *len)
{
	size_t n = strcspn(name, "/");

	*len = n;
	if (!name[n])
		return false;
	if (n == strlen("localhost") && !strncmp(name, "localhost", n))
		return true;
	for (size_t i = 0; i < n; i++)
		if (name[i] == '.' || name[i] == ':' || is_upper(name[i]))
			return true;
	return false;
}

static int normalise(const char *name, const char *text, struct reference *ref, struct error *err)
{
	const char *path = name, *domain = DEFAULT_DOMAIN, *library = "";
	size_t len = 0, domain_len = strlen(DEFAULT_DOMAIN);
	int n;

	ref->short_name = !has_domain(name, &len);
	if (!ref->short_name) {
		if (!is_domain(name, len))
			return invalid(err, text, "malformed registry");
		domain = name;
		domain_len = len;
		path = name + len + 1;
		if (domain_len == strlen("index.docker.io") &&
		    !strncmp(domain, "index.docker.io", domain_len)) {
			domain = DEFAULT_DOMAIN;
			domain_len = strlen(DEFAULT_DOMAIN);
		}
	}
	if (!is_path(path))
		return invalid(
			err, text,
			"expected lower-case letters, digits and separators ('.', '_', '-', '/')");
	if (ref->short_name && strlen(path) == DIGEST_SHA256_HEX &&
	    str_is_hex(path, DIGEST_SHA256_HEX))
		return invalid(err, text, "64 hex digits would be taken for an image id");
	if (domain_len == strlen(DEFAULT_DOMAIN) && !strncmp(domain, DEFAULT_DOMAIN, domain_len) &&
	    !strchr(path, '/'))
		library = "library/";
	n = snprintf(ref->repository, sizeof(ref->repository), "%.*s/%s%s", (int)domain_len, domain,
		     library, path);
	if (n < 0 || (size_t)n >= sizeof(ref->repository))
		return invalid(err, text, "longer than 255 characters");
	return 0;
}

/**
 * reference_parse() - Parse and normalise a name the way docker does
 * @text:	As the user or an archive gave it
 * @out:	Result, written on success only
 * @err:	Set on failure
 *
 * Return: 0, or -EINVAL
 */
int reference_parse(const char *text, struct reference *out, struct error *err)
{
	struct reference ref = { 0 };
	char name[REFERENCE_MAX];
	char *at, *colon;
	int r;

	if (!*text || strlen(text) >= sizeof(name))
		return invalid(err, text, *text ? "too long" : "empty");
	snprintf(name, sizeof(name), "%s", text);
	at = strchr(name, '@');
	if (at) {
		*at = '\0';
		if (digest_parse(at + 1, &ref.digest) < 0)
			return invalid(err, text, "malformed digest");
		ref.has_digest = true;
	}
	colon = strrchr(name, ':');
	if (colon && !strchr(colon, '/')) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return invalid(err, text, "malformed tag");
		snprintf(ref.tag, sizeof(ref.tag), "%s", colon + 1);
	} else if (!ref.has_digest) {
		snprintf(ref.tag, sizeof(ref.tag), "latest");
	}
	r = normalise(name, text, &ref, err);
	if (r < 0)
		return r;
	*out = ref;
	return 0;
}

/** reference_name() - "REPOSITORY:TAG" (without tag: "REPOSITORY"); the caller frees it */
char *reference_name(const struct reference *r)
{
	return r->tag[0] ? xasprintf("%s:%s", r->repository, r->tag) : xstrdup(r->repository);
}

/**
 * reference_familiar() - The short form that docker shows: "busybox:latest"
 * @name:	Normalised
 *
 * Return: the tail of @name, borrowed
 */
const char *reference_familiar(const char *name)
{
	static const char library[] = DEFAULT_DOMAIN "/library/";
	static const char domain[] = DEFAULT_DOMAIN "/";

	if (str_starts(name, library))
		return name + strlen(library);
	if (str_starts(name, domain))
		return name + strlen(domain);
	return name;
}

/**
 * reference_normalise() - The name that a user wants an image to have
 * @name:	Freed by the caller
 *
 * Return: 0 or -EINVAL
 */
int reference_normalise(const char *text, char **name, struct error *err)
{
	struct reference ref;
	int r = reference_parse(text, &ref, err);

	if (r < 0)
		return r;
	if (ref.has_digest)
		return error_set(err, EINVAL, "a name for an image cannot have a digest: '%s'",
				 text);
	*name = reference_name(&ref);
	return 0;
}
