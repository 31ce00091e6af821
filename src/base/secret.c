/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum err secret_make_room(struct secret *secret, size_t n)
{
	secret_release(secret);
	void *pages = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return ERR_NOMEM;
	/* All are as good as the limits of the user allow. */
	(void)mlock(pages, n);
	(void)madvise(pages, n, MADV_DONTDUMP);
	(void)madvise(pages, n, MADV_DONTFORK);
	secret->text = pages;
	secret->size = n;
	return ERR_OK;
}

enum err secret_put(struct secret *secret, const char *text, size_t n)
{
	if (n >= SECRET_MAX)
		return ERR_LIMIT;
	enum err err = secret_make_room(secret, SECRET_MAX);
	if (!err)
		memcpy(secret->text, text, n);
	return err;
}

void secret_release(struct secret *secret)
{
	if (!secret->text)
		return;
	explicit_bzero(secret->text, secret->size);
	munmap(secret->text, secret->size);
	*secret = (struct secret){ 0 };
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->text && b->text && strcmp(a->text, b->text) == 0;
}

void secret_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void *secret_realloc(void *memory, size_t n)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	void *moved = malloc(n);

	if (!moved)
		return NULL;
	if (old > 0)
		memcpy(moved, memory, old < n ? old : n);
	secret_free(memory);
	return moved;
}
