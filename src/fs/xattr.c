/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/xattr.h>
#include <string.h>

#include "fs/node.h"
#include "fs/ops.h"
#include "model/attr.h"

/* Size 0 asks how much room is needed. */
static void reply(fuse_req_t req, const char *bytes, size_t n, size_t size)
{
	if (size == 0)
		fuse_reply_xattr(req, n);
	else if (size < n)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, bytes, n);
}

/* Of the other namespaces there is nothing here. */
static bool is_ours(const char *name)
{
	return strncmp(name, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN) == 0;
}

/* `ls -l` asks for security.* and the ACL of each file, two requests more, until it hears that they
 * are not supported. Never ENOSYS, after which the kernel would ask for no attribute at all. */
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	AUTO(buf) struct buf set = { 0 };
	struct fs *fs = fuse_req_userdata(req);
	enum attr attr;
	const char *value;
	size_t n;
	enum err err = ERR_NO_XATTR;

	if (!is_ours(name)) {
		fuse_reply_err(req, ENOTSUP);
		return;
	}
	if (!control_is_ino(ino) && attr_by_name(name, &attr))
		err = mailbox_load_attrs(fs->mailbox, ino, &set);
	if (!err)
		err = attr_find(&set, attr, &value, &n);
	if (err)
		node_reply_err(req, err);
	else
		reply(req, value, n, size);
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	AUTO(buf) struct buf set = { 0 }, names = { 0 };
	struct fs *fs = fuse_req_userdata(req);
	enum err err = ERR_OK;

	if (!control_is_ino(ino))
		err = mailbox_load_attrs(fs->mailbox, ino, &set);
	if (!err)
		err = attr_list(&set, &names);
	if (err)
		node_reply_err(req, err);
	else
		reply(req, buf_str(&names), names.len, size);
}
