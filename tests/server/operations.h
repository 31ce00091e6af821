/* SPDX-License-Identifier: MIT */
#ifndef SERVER_OPERATIONS_H
#define SERVER_OPERATIONS_H

#include "soap.h"

/* The operations of EWS that are served; each file holds a family of them. */

/* op_folders.c */
void op_get_folder(struct call *call);
void op_find_folder(struct call *call);

/* op_sync.c */
void op_sync_hierarchy(struct call *call);
void op_sync_items(struct call *call);

/* op_items.c */
void op_get_item(struct call *call);
void op_find_item(struct call *call);

/* op_attachment.c */
void op_get_attachment(struct call *call);

/* op_create.c, op_update.c */
void op_create_item(struct call *call);
void op_update_item(struct call *call);

/* op_move.c */
void op_move_item(struct call *call);
void op_copy_item(struct call *call);
void op_delete_item(struct call *call);

/* op_folder_writes.c */
void op_create_folder(struct call *call);
void op_update_folder(struct call *call);
void op_move_folder(struct call *call);
void op_copy_folder(struct call *call);
void op_delete_folder(struct call *call);
void op_empty_folder(struct call *call);

/* op_watch.c */
void op_subscribe(struct call *call);
void op_unsubscribe(struct call *call);
void op_get_events(struct call *call);
void op_get_streaming_events(struct call *call);

/* op_names.c */
void op_resolve_names(struct call *call);
void op_convert_id(struct call *call);

#endif
