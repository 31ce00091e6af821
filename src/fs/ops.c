/* SPDX-License-Identifier: MIT */
#include "fs/ops.h"

/*
 * The table. What is missing in it is missing on purpose: libfuse answers ENOSYS, and the kernel
 * then does without (FLUSH, locks, lseek, fallocate, access) for the life of the mount.
 * An answered FLUSH alone made `grep -r` six times slower.
 */

/* Bits of libfuse's default that are wrong for us: with stateless opens an atomic O_TRUNC would be
 * lost, and plain READDIR would cost a LOOKUP for each file. */
static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	conn->want &= ~(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS_AUTO);
	session_begin(userdata);
}

/* --- what would change the mailbox --- */

static void refuse(fuse_req_t req, bool is_control)
{
	fuse_reply_err(req, err_to_errno(is_control ? ERR_PERM : ERR_READ_ONLY));
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)parent, (void)name, (void)mode, (void)rdev;
	refuse(req, false);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	refuse(req, false);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	refuse(req, false);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *file)
{
	(void)parent, (void)name, (void)mode, (void)file;
	refuse(req, false);
}

static void op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent;
	refuse(req, control_is_name(name));
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
		      const char *to_name, unsigned flags)
{
	(void)parent, (void)to_parent, (void)flags;
	refuse(req, control_is_name(name) || control_is_name(to_name));
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	refuse(req, control_is_ino(ino));
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t n, int flags)
{
	(void)name, (void)value, (void)n, (void)flags;
	refuse(req, control_is_ino(ino));
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	(void)name;
	refuse(req, control_is_ino(ino));
}

const struct fuse_lowlevel_ops fs_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.open = op_open,
	.release = op_release,
	.opendir = op_opendir,
	.readdirplus = op_readdirplus,
	.read = op_read,
	.write = op_write,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.statfs = op_statfs,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.create = op_create,
	.unlink = op_remove,
	.rmdir = op_remove,
	.rename = op_rename,
	.link = op_link,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
};
