/* SPDX-License-Identifier: MIT */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static enum err write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_from_errno(errno);
		bytes += done;
		n -= (size_t)done;
	}
	return ERR_OK;
}

static enum err spill(struct spool *spool)
{
	int fd = open(spool->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_from_errno(errno);
	spool->fd_plus_1 = fd + 1;
	enum err err = write_all(fd, buf_str(&spool->memory), spool->memory.len);
	buf_release(&spool->memory);
	return err;
}

enum err spool_append(struct spool *spool, const void *bytes, size_t n)
{
	enum err err = ERR_OK;

	if (!spool->fd_plus_1 && spool->memory.len + n > SPOOL_MEMORY_BYTES)
		err = spill(spool);
	if (!err)
		err = spool->fd_plus_1 ? write_all(spool->fd_plus_1 - 1, bytes, n)
				       : buf_append(&spool->memory, bytes, n);
	if (!err)
		spool->len += n;
	return err;
}

enum err spool_read(const struct spool *spool, uint64_t offset, void *bytes, size_t n)
{
	char *to = bytes;

	if (offset > spool->len || n > spool->len - offset)
		return ERR_INVALID;
	if (!spool->fd_plus_1) {
		if (n > 0)
			memcpy(to, spool->memory.bytes + offset, n);
		return ERR_OK;
	}
	while (n > 0) {
		ssize_t done = pread(spool->fd_plus_1 - 1, to, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? err_from_errno(errno) : ERR_IO;
		to += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	return ERR_OK;
}

enum err spool_view(const struct spool *spool, uint64_t offset, size_t n, char **room,
		    const char **ret)
{
	if (offset > spool->len || n > spool->len - offset)
		return ERR_INVALID;
	if (!spool->fd_plus_1) {
		*ret = buf_str(&spool->memory) + offset;
		return ERR_OK;
	}
	if (!*room)
		*room = malloc(n);
	enum err err = *room ? spool_read(spool, offset, *room, n) : ERR_NOMEM;
	if (!err)
		*ret = *room;
	return err;
}

void spool_release(struct spool *spool)
{
	if (spool->fd_plus_1)
		close(spool->fd_plus_1 - 1);
	buf_release(&spool->memory);
	spool->fd_plus_1 = 0;
	spool->len = 0;
}
