/* SPDX-License-Identifier: MIT */
#include "fs/handle.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"

bool handle_take_own(int session_fd)
{
	AUTO(fd) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	uint32_t of = (uint32_t)session_fd;

	if (fd < 0 || ioctl(fd, FUSE_DEV_IOC_CLONE, &of) != 0 || unshare(CLONE_FILES) != 0)
		return false;
	dup3(fd, session_fd, O_CLOEXEC);
	fd = -1;
	return close_range(0, (unsigned)session_fd - 1, 0) == 0 &&
	       close_range((unsigned)session_fd + 1, ~0U, 0) == 0;
}
