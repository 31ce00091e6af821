/* SPDX-License-Identifier: MIT */
#include "ctl/xattr.h"

#include <errno.h>
#include <sys/xattr.h>

#include "base/text.h"

enum { VALUE_MAX_BYTES = 65536 };

enum err xattr_load(const char *path, enum attr attr, struct buf *ret)
{
	AUTO(str) char *value = malloc(VALUE_MAX_BYTES);

	if (!value)
		return ERR_NOMEM;
	buf_clear(ret);
	ssize_t n = getxattr(path, attr_name(attr), value, VALUE_MAX_BYTES);
	if (n < 0)
		return errno == ENODATA || errno == ENOTSUP ? ERR_NO_XATTR : err_from_errno(errno);
	return buf_append(ret, value, (size_t)n);
}

enum err xattr_load_if_any(const char *path, enum attr attr, struct buf *ret)
{
	enum err err = xattr_load(path, attr, ret);

	return err == ERR_NO_XATTR ? ERR_OK : err;
}

static enum err load_hex(const char *path, enum attr attr, struct buf *ret)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = xattr_load_if_any(path, attr, &text);

	return err ? err : text_parse_hex(ret, buf_str(&text), text.len);
}

enum err xattr_load_diagnosis(const char *path, struct buf *sync, struct diagnosis *ret)
{
	enum err err = xattr_load_if_any(path, ATTR_SYNC, sync);

	if (!err)
		err = load_hex(path, ATTR_MAPI_CHANGE_KEY, &ret->change_key);
	if (!err)
		err = load_hex(path, ATTR_MAPI_PREDECESSORS, &ret->predecessors);
	ret->sync = buf_str(sync);
	return err;
}
