/* SPDX-License-Identifier: MIT */
#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

/*
 * statements - all the SQL that runs after the file is open, for sql.h. A test asks SQLite how it
 * would run each of them: none may walk or sort a table that grows with the mailbox, but for
 * the two of the mtime rule.
 */
#define FOLDER_COLUMNS \
	"ino, ews_id, change_key, parent_id, display_name, folder_class, distinguished, " \
	"is_hidden, last_sync, error, sync_state, shown_in, shown_as, tree, "
#define RECORD_COLUMNS \
	"SELECT i.row, i.folder, i.ino, i.entry, i.kind, i.state, i.verdict, i.is_read, " \
	"i.by_received, i.size, i.file_size, i.received, i.modified, i.change_key, i.error, " \
	"i.not_before IS NOT NULL, " \
	"(SELECT n.flags FROM inode n WHERE n.ino = i.ino) FROM item i "

/* clang-format off */
#define STATEMENT_TABLE(X) \
	X(BEGIN, "BEGIN IMMEDIATE") \
	X(COMMIT, "COMMIT") \
	X(ROLLBACK, "ROLLBACK") \
	X(SHRINK, "PRAGMA incremental_vacuum(256)") \
	\
	X(LOAD_VALUE, "SELECT value FROM mailbox WHERE key = ?1") \
	X(PUT_VALUE, "INSERT INTO mailbox (key, value) VALUES (?1, ?2) " \
		"ON CONFLICT (key) DO UPDATE SET value = excluded.value") \
	X(DROP_VALUE, "DELETE FROM mailbox WHERE key = ?1") \
	\
	X(INO_ABOVE, "SELECT 1 FROM inode WHERE ino > ?1 LIMIT 1") \
	X(ROW_ABOVE, "SELECT 1 FROM item WHERE row > ?1 LIMIT 1") \
	\
	X(ADD_INODE, "INSERT INTO inode (ino, flags, size, mtime, ctime, owner) " \
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
	X(LOAD_INODE, "SELECT ino, flags, size, mtime, ctime, owner FROM inode WHERE ino = ?1") \
	X(STAMP_INODE, "UPDATE inode SET mtime = ?2, ctime = max(ctime, ?3) WHERE ino = ?1 " \
		"AND (mtime <> ?2 OR ctime < ?3)") \
	X(STAMP_FLAG, "UPDATE inode SET mtime = ?2, ctime = max(ctime + 1, ?3) WHERE ino = ?1") \
	X(STAMP_CTIME, "UPDATE inode SET ctime = max(ctime + ?3, ?2) WHERE ino = ?1") \
	X(STAMP_DIR, "UPDATE inode SET mtime = max(mtime + 1, ?2), ctime = max(ctime + 1, ?2) " \
		"WHERE ino = ?1") \
	X(PUT_OWNER, "UPDATE inode SET owner = ?2 WHERE ino = ?1") \
	X(BURY_INODE, "UPDATE inode SET flags = flags | 2, owner = NULL WHERE ino = ?1") \
	X(DROP_INODE, "DELETE FROM inode WHERE ino = ?1") \
	/* These two walk all items: when the mtime rule of the mount changes. */ \
	X(RULE_RECEIVED, "UPDATE inode SET mtime = max(min(i.received, 9223372036), -9223372036) " \
		"* 1000000000 FROM item i WHERE i.row = inode.owner AND i.ino = inode.ino " \
		"AND inode.flags & 1 = 0 AND i.by_received AND i.received IS NOT NULL") \
	X(RULE_MODIFIED, "UPDATE inode SET mtime = max(min(i.modified, 9223372036), -9223372036) " \
		"* 1000000000 FROM item i WHERE i.row = inode.owner AND i.ino = inode.ino " \
		"AND inode.flags & 1 = 0 AND i.by_received AND i.modified IS NOT NULL") \
	\
	X(FIND_NODE, "SELECT n.ino, n.flags, n.size, n.mtime, n.ctime, n.owner " \
		"FROM entry e INDEXED BY entry_name CROSS JOIN inode n ON n.ino = e.ino " \
		"WHERE e.parent = ?1 AND e.name_key = ?2 AND e.name = ?3") \
	X(LIST_ENTRIES, "SELECT n.ino, n.flags, n.size, n.mtime, n.ctime, n.owner, e.id, e.name " \
		"FROM entry e CROSS JOIN inode n ON n.ino = e.ino " \
		"WHERE e.parent = ?1 AND e.id > ?2 ORDER BY e.id") \
	X(FIND_ENTRY, "SELECT id, ino FROM entry INDEXED BY entry_name " \
		"WHERE parent = ?1 AND name_key = ?2 AND name = ?3") \
	X(LOAD_NAME, "SELECT name FROM entry WHERE parent = ?1 AND id = ?2") \
	X(ADD_ENTRY, "INSERT INTO entry (parent, id, name_key, name, ino) " \
		"SELECT ?1, ?2, ?3, ?4, ?5 " \
		"WHERE NOT EXISTS (SELECT 1 FROM entry WHERE parent = ?1 AND id >= ?2)") \
	X(SWAP_ENTRY, "UPDATE entry SET ino = ?3 WHERE parent = ?1 AND id = ?2 RETURNING name") \
	X(DROP_ENTRY, "DELETE FROM entry WHERE parent = ?1 AND id = ?2 RETURNING name, ino") \
	\
	X(ADD_GRAVE, "INSERT INTO grave (ino, buried_at) VALUES (?1, ?2)") \
	X(DROP_GRAVE, "DELETE FROM grave WHERE ino = ?1 RETURNING ino") \
	X(LOAD_GRAVES, "SELECT ino FROM grave WHERE buried_at < ?1 ORDER BY buried_at LIMIT ?2") \
	\
	X(PUT_ATTRS, "INSERT INTO attribute (ino, packed) VALUES (?1, ?2) " \
		"ON CONFLICT (ino) DO UPDATE SET packed = excluded.packed") \
	X(DROP_ATTRS, "DELETE FROM attribute WHERE ino = ?1") \
	X(LOAD_PACKED, "SELECT packed FROM attribute WHERE ino = ?1") \
	X(LOAD_ATTRS, "SELECT n.flags, a.packed, i.ews_id, i.change_key, f.ews_id, i.is_read, " \
		"i.modified, i.size, i.state, i.verdict, i.error FROM inode n " \
		"LEFT JOIN attribute a ON a.ino = n.ino " \
		"LEFT JOIN item i ON n.flags & 3 = 0 AND i.row = n.owner " \
		"LEFT JOIN folder f ON f.ino = i.folder WHERE n.ino = ?1") \
	\
	X(ADD_CHUNK, "INSERT INTO content (id, sum, data) VALUES (?1, ?2, ?3)") \
	X(LOAD_CHUNKS, "SELECT id, sum, data FROM content WHERE id BETWEEN ?1 AND ?2 ORDER BY id") \
	X(READ_CHUNKS, "SELECT n.flags, n.size, c.id, c.sum, c.data FROM inode n " \
		"LEFT JOIN content c ON c.id BETWEEN ?2 AND ?3 WHERE n.ino = ?1 ORDER BY c.id") \
	/* The files behind one in the listing of its directory. */ \
	X(NEXT_CHUNKS, "SELECT c.id, c.sum, c.data FROM inode n JOIN item i ON i.row = n.owner " \
		"CROSS JOIN entry e ON e.parent = i.folder AND e.id > i.entry " \
		"CROSS JOIN content c ON c.id BETWEEN e.ino << 20 AND (e.ino << 20) + 1048575 " \
		"WHERE n.ino = ?1 AND n.flags & 3 = 0 ORDER BY e.id, c.id") \
	X(DROP_CHUNKS, "DELETE FROM content WHERE id BETWEEN ?1 AND ?2") \
	/* Nothing of the bytes is read for it. */ \
	X(LOAD_SUMS, "SELECT sum FROM content WHERE id BETWEEN ?1 AND ?2 AND sum IS NOT NULL " \
		"ORDER BY id") \
	\
	X(PUT_HELD, "INSERT INTO held (ino, used, sum) VALUES (?1, ?2, ?3) " \
		"ON CONFLICT (ino) DO UPDATE SET used = excluded.used, sum = excluded.sum") \
	X(LOAD_HELD, "SELECT h.used, h.sum, n.size FROM held h CROSS JOIN inode n ON n.ino = h.ino " \
		"WHERE h.ino = ?1") \
	X(NEXT_HELD, "SELECT h.ino, n.size FROM held h INDEXED BY held_used " \
		"CROSS JOIN inode n ON n.ino = h.ino WHERE h.used IS NOT NULL " \
		"ORDER BY h.used LIMIT 1") \
	X(STAMP_USE, "UPDATE held SET used = ?2 WHERE ino = ?1 AND used IS NOT NULL") \
	X(DROP_ALL_HELD, "DELETE FROM held") \
	X(SUM_HELD, "SELECT coalesce(sum(n.size), 0) FROM held h INDEXED BY held_used " \
		"CROSS JOIN inode n ON n.ino = h.ino WHERE h.used IS NOT NULL") \
	X(DROP_HELD, "DELETE FROM held WHERE ino = ?1") \
	X(PUT_ABSENT, "UPDATE inode SET flags = iif(?2, flags | 8, flags & ~8), size = ?3 " \
		"WHERE ino = ?1") \
	X(NEXT_ABSENT, "SELECT i.row FROM item i CROSS JOIN inode n ON n.ino = i.ino " \
		"WHERE i.row > ?1 AND n.flags & 8 ORDER BY i.row LIMIT 1") \
	X(LOAD_OWNER, "SELECT i.row, i.folder, i.kind, i.ews_id, i.size, i.received, " \
		"iif(i.not_before IS NULL, 0, i.tries) FROM inode n CROSS JOIN item i ON i.row = n.owner " \
		"WHERE n.ino = ?1 AND n.flags & 3 = 0") \
	\
	X(LOAD_FOLDERS, "SELECT " FOLDER_COLUMNS "synced_total_n, synced_unread_n, " \
		"synced_child_n, synced_commit, synced_deleted_n FROM folder ORDER BY ino") \
	X(LOAD_FOLDER, "SELECT " FOLDER_COLUMNS "synced_total_n, synced_unread_n, " \
		"synced_child_n, synced_commit, synced_deleted_n FROM folder WHERE ino = ?1") \
	X(LOAD_COUNTED_FOLDER, "SELECT " FOLDER_COLUMNS "total_n, unread_n, child_n, NULL, NULL " \
		"FROM folder WHERE ino = ?1") \
	X(FIND_FOLDER, "SELECT ino FROM folder WHERE ews_id = ?1") \
	X(ADD_FOLDER, "INSERT INTO folder (ino, ews_id, is_hidden) VALUES (?1, ?2, 0)") \
	X(ADD_TALLY, "INSERT INTO tally (folder) VALUES (?1)") \
	X(PUT_FOLDER, "UPDATE folder SET change_key = ?2, parent_id = ?3, display_name = ?4, " \
		"folder_class = ?5, distinguished = ?6, is_hidden = ?7, tree = ?8 WHERE ino = ?1 AND " \
		"(change_key, parent_id, display_name, folder_class, distinguished, is_hidden, " \
		"tree) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
	X(PUT_COUNTS, "UPDATE folder SET total_n = ?2, unread_n = ?3, child_n = ?4 " \
		"WHERE ino = ?1 AND (total_n, unread_n, child_n) IS NOT (?2, ?3, ?4)") \
	X(LOAD_PLACE, "SELECT shown_in, shown_as, entry FROM folder WHERE ino = ?1") \
	X(PUT_PLACE, "UPDATE folder SET shown_in = ?2, shown_as = ?3, entry = ?4 WHERE ino = ?1") \
	X(PUT_STATE, "UPDATE folder SET sync_state = ?2 WHERE ino = ?1 AND sync_state IS NOT ?2") \
	X(PUT_SYNCED, "UPDATE folder SET synced_total_n = ?2, synced_unread_n = ?3, " \
		"synced_child_n = ?4, synced_commit = ?5, synced_deleted_n = ?6, last_sync = ?7, " \
		"error = NULL WHERE ino = ?1") \
	X(PUT_FOLDER_ERROR, "UPDATE folder SET error = ?2 WHERE ino = ?1") \
	X(DROP_FOLDER, "DELETE FROM folder WHERE ino = ?1") \
	X(DROP_TALLY, "DELETE FROM tally WHERE folder = ?1") \
	X(LOAD_TALLY, "WITH RECURSIVE below (ino) AS (VALUES (?1) " \
		"UNION SELECT f.ino FROM below CROSS JOIN folder f " \
		"ON f.shown_in = below.ino WHERE ?2) " \
		"SELECT sum(t.items_n), sum(t.unread_n), sum(t.bytes), " \
		"sum(t.pending_n), sum(t.pending_bytes), sum(t.quarantined_n), " \
		"sum(t.regressed_n), sum(t.uncovered_n), sum(t.unknown_n), sum(t.known_n), " \
		"CASE WHEN count(f.last_sync) = count(*) THEN min(f.last_sync) END, count(*) " \
		"FROM below CROSS JOIN folder f ON f.ino = below.ino " \
		"CROSS JOIN tally t ON t.folder = below.ino") \
	\
	X(LOAD_RECORD, RECORD_COLUMNS "WHERE i.row = ?1") \
	X(FIND_RECORD, RECORD_COLUMNS "WHERE i.id_key = ?1 AND i.ews_id = ?2") \
	X(NEXT_RECORD, RECORD_COLUMNS "WHERE i.folder = ?1 LIMIT 1") \
	X(NEXT_MIRRORED, RECORD_COLUMNS "WHERE i.folder = ?1 AND i.row > ?2 AND i.state <> 5 " \
		"ORDER BY i.row LIMIT 1") \
	X(EACH_ITEM, "SELECT row, ews_id FROM item WHERE folder = ?1 AND row > ?2 ORDER BY row") \
	X(COUNT_UNSEEN, "SELECT count(*) FROM item WHERE folder = ?1 AND ino IS NULL " \
		"AND is_read IS 0") \
	/* Mail is of the kinds 0 and 4; state 4 is ITEM_EXCLUDED, 5 ITEM_LEFT. Once a day. */ \
	X(AGE_ITEMS, "SELECT row, state FROM item WHERE row > ?1 AND kind IN (0, 4) AND " \
		"((received < ?2 AND state NOT IN (4, 5)) OR (received >= ?2 AND state = 4)) " \
		"ORDER BY row LIMIT ?3") \
	X(ADD_ITEM, "INSERT INTO item (row, id_key, ews_id, folder, kind, state, verdict, " \
		"is_read, by_received, size, file_size, received, modified, not_before, " \
		"priority, tries, wanted, room) VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, 1, ?7, " \
		"0, ?8, ?9, ?10, ?11, 0, ?12, zeroblob(10))") \
	X(PUT_ITEM, "UPDATE item SET ino = ?2, entry = ?3, kind = ?4, state = ?5, " \
		"verdict = ?6, is_read = ?7, by_received = ?8, size = ?9, file_size = ?10, " \
		"received = ?11, modified = ?12, change_key = ?13, error = ?14, " \
		"room = iif(?2 IS NULL, room, NULL), " \
		"not_before = iif(?15, not_before, NULL), wanted = iif(?15, wanted, NULL) " \
		"WHERE row = ?1") \
	X(PUT_ITEM_FOLDER, "UPDATE item SET folder = ?2 WHERE row = ?1") \
	X(DROP_ITEM, "DELETE FROM item WHERE row = ?1") \
	X(LOAD_HIGH, "SELECT high, seen FROM high WHERE row = ?1") \
	X(PUT_HIGH, "INSERT INTO high (row, high, seen) VALUES (?1, ?2, ?3) " \
		"ON CONFLICT (row) DO UPDATE SET high = excluded.high, seen = excluded.seen") \
	X(DROP_HIGH, "DELETE FROM high WHERE row = ?1") \
	X(FIND_ITEM_OF_INODE, "SELECT owner FROM inode WHERE ino = ?1 AND flags & 3 = 0") \
	\
	X(QUEUE, "UPDATE item SET state = ?4, " \
		"priority = iif(not_before IS NULL, ?2, min(priority, ?2)), " \
		"tries = iif(not_before IS NULL OR wanted IS NOT ?3, 0, tries), " \
		"not_before = 0, wanted = ?3 WHERE row = ?1") \
	X(RETRY_JOB, "UPDATE item SET tries = tries + 1, not_before = max(?2, 1) WHERE row = ?1 " \
		"AND not_before IS NOT NULL") \
	X(LOAD_WANTED, "SELECT wanted FROM item WHERE row = ?1 AND not_before IS NOT NULL") \
	X(KEEP_JOB, "UPDATE item SET priority = 1 WHERE row = ?1 AND priority = 2 " \
		"AND not_before IS NOT NULL") \
	X(SUM_REFETCHES, "SELECT sum(size) FROM item WHERE not_before = 0 AND priority = 2") \
	X(UNCOUNT_REFETCHES, "UPDATE tally SET queued_n = queued_n - (SELECT count(*) FROM item " \
		"INDEXED BY queue_group WHERE folder = tally.folder AND not_before >= 0 " \
		"AND priority = 2)") \
	X(DROP_REFETCHES, "UPDATE item SET not_before = NULL, wanted = NULL WHERE row IN " \
		"(SELECT row FROM item WHERE not_before = 0 AND priority = 2 UNION ALL " \
		"SELECT row FROM item WHERE not_before > 0 AND priority = 2)") \
	X(RELEASE_DUE, "UPDATE item SET not_before = 0 WHERE row IN (SELECT row FROM item " \
		"WHERE not_before > 0 AND not_before <= ?1 ORDER BY not_before LIMIT 1000)") \
	X(FORGET_DELAYS, "UPDATE item SET not_before = 0 WHERE not_before > 0") \
	X(NEXT_DUE, "SELECT not_before FROM item WHERE not_before > 0 " \
		"ORDER BY not_before LIMIT 1") \
	X(COUNT_QUEUE, "SELECT sum(queued_n) FROM tally") \
	/* Kinds are few, and the index begins with them. */ \
	X(FIND_DUE, "SELECT row FROM item WHERE folder = ?1 AND kind IN (0, 1, 2, 3, 4, 5, 6, 7) " \
		"AND not_before <= ?2 LIMIT 1") \
	X(QUEUE_HEAD, "SELECT row, folder, kind, priority, tries, ews_id, size, received " \
		"FROM item WHERE not_before = 0 ORDER BY priority, received DESC") \
	X(QUEUE_GROUP, "SELECT row, folder, kind, priority, tries, ews_id, size, received " \
		"FROM item WHERE folder = ?1 AND kind = ?2 AND not_before = 0 AND tries = 0 " \
		"AND priority = ?3 ORDER BY received DESC") \
	\
	X(ADD_TO_TALLY, "UPDATE tally SET known_n = known_n + ?2, items_n = items_n + ?3, " \
		"unread_n = unread_n + ?4, bytes = bytes + ?5, pending_n = pending_n + ?6, " \
		"pending_bytes = pending_bytes + ?7, quarantined_n = quarantined_n + ?8, " \
		"regressed_n = regressed_n + ?9, uncovered_n = uncovered_n + ?10, " \
		"unknown_n = unknown_n + ?11, queued_n = queued_n + ?12 WHERE folder = ?1")
/* clang-format on */

enum sql {
#define X(name, text) SQL_##name,
	STATEMENT_TABLE(X)
#undef X
		SQL_COUNT
};

const char *sql_text(enum sql sql);
const char *sql_name(enum sql sql);

#endif
