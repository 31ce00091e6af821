/* SPDX-License-Identifier: MIT */
#ifndef SERVER_FOLDER_XML_H
#define SERVER_FOLDER_XML_H

#include "shape.h"

/* folder_xml - a folder as EWS shows it, and the folder that a request means. */

bool folder_want(struct shape *shape, const char *uri);

/* <t:Folder>..., with the properties in the order of the schema. */
void folder_write(struct xml *out, const struct folder *folder, const struct shape *shape);
/* <t:FolderId .../> or, with the stub of a ChangeKey, <t:ParentFolderId .../>. */
void folder_write_id(struct xml *out, const struct folder *folder);
void folder_write_parent_id(struct xml *out, const struct folder *parent);

/* A FolderId or DistinguishedFolderId. NULL sets *ret_error to the ResponseCode. */
struct folder *folder_asked(struct call *call, const xmlNode *node, const char **ret_error);

#endif
