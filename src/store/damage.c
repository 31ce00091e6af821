/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

void damage_note(const struct store *store)
{
	char mark[PATH_MAX];

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

void store_forget_damage(const char *path)
{
	char mark[PATH_MAX];

	if (print_mark(path, mark, sizeof(mark)))
		unlink(mark);
}
