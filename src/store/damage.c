/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"

/*
 * Damage that is met while the file is in use is noted beside it: reads of good pages go on, and
 * whoever opens it next knows that it is to be made anew. A note that cannot be written is no
 * loss, since the damage will be met again.
 */
static bool print_mark(const char *path, char *ret, size_t size)
{
	return (size_t)snprintf(ret, size, "%s-damaged", path) < size;
}

void damage_note(struct store *store)
{
	char mark[PATH_MAX];

	store->has_met_damage = true;
	if (!store->path || !print_mark(store->path, mark, sizeof(mark)))
		return;
	int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
}

bool store_is_damaged(const struct store *store)
{
	char mark[PATH_MAX];

	return print_mark(store->path, mark, sizeof(mark)) && access(mark, F_OK) == 0;
}

bool store_take_damage(struct store *store)
{
	bool met = store->has_met_damage;

	store->has_met_damage = false;
	return met;
}

void store_pad(const char *path)
{
	enum { PAGES_N_AT = 28 };
	AUTO(fd) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	char first[PAGE_BYTES];
	uint32_t pages_n;
	struct stat st;

	/* A number that is damaged itself would make it grow without end. */
	if (fd < 0 || fstat(fd, &st) != 0 || pread(fd, first, PAGE_BYTES, 0) != PAGE_BYTES ||
	    !page_is_sound(first, 0))
		return;
	memcpy(&pages_n, first + PAGES_N_AT, sizeof(pages_n));
	off_t size = (off_t)be32toh(pages_n) * PAGE_BYTES;
	/* What cannot be read then is not served, that is all. */
	if (st.st_size < size && ftruncate(fd, size) != 0)
		return;
}

void store_forget_damage(const char *path)
{
	char mark[PATH_MAX];

	if (print_mark(path, mark, sizeof(mark)))
		unlink(mark);
}
