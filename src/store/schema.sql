-- SPDX-License-Identifier: MIT
-- The cache file, version 1. What changes later is a numbered step of its own beside this file.
--
-- Times of items are seconds, times of inodes nanoseconds; a time that the server did not say is
-- NULL. Ids and change keys are base64 on the wire: where that is canonical, the decoded bytes
-- stand here as a BLOB, else the TEXT as it came. A BLOB never equals a TEXT, so the two
-- cannot be taken for each other.

CREATE TABLE mailbox (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- All that stat(2) asks for and nothing else, so that a walk over the whole tree touches few pages.
-- A number is never given twice: the highest one stands in mailbox.
CREATE TABLE inode (
	ino INTEGER PRIMARY KEY,
	flags INTEGER NOT NULL, -- enum inode_flag
	size INTEGER NOT NULL,
	mtime INTEGER NOT NULL,
	ctime INTEGER NOT NULL,
	owner INTEGER           -- a directory: ino of its parent; a file: item.row; a grave: NULL
);

-- In the order in which a listing shows it: one range scan, each id an offset to go on from.
CREATE TABLE entry (
	parent INTEGER NOT NULL,
	id INTEGER NOT NULL,
	name_key INTEGER NOT NULL, -- of name, by the secret in mailbox: tree.c
	name TEXT NOT NULL,
	ino INTEGER NOT NULL,
	PRIMARY KEY (parent, id)
) WITHOUT ROWID;
-- A name is there once in a directory; who adds one has looked in the same transaction.
CREATE INDEX entry_name ON entry (parent, name_key);

CREATE TABLE folder (
	ino INTEGER PRIMARY KEY,
	ews_id NOT NULL UNIQUE,
	tree INTEGER NOT NULL DEFAULT 0, -- enum tree
	parent_id, change_key,
	display_name TEXT, folder_class TEXT, distinguished TEXT,
	is_hidden INTEGER NOT NULL,
	shown_in INTEGER, shown_as TEXT, entry INTEGER, -- NULL: not shown
	-- What the server counted last, and what it had counted before the last complete sync.
	total_n INTEGER, unread_n INTEGER, child_n INTEGER,
	synced_total_n INTEGER, synced_unread_n INTEGER, synced_child_n INTEGER,
	synced_commit INTEGER, synced_deleted_n INTEGER,
	last_sync INTEGER,
	error TEXT,
	sync_state
);
CREATE INDEX folder_shown_in ON folder (shown_in);

-- Kept with each commit (tally.c), so that nobody counts items. Apart from the folder, whose row
-- can be long.
CREATE TABLE tally (
	folder INTEGER PRIMARY KEY,
	known_n INTEGER NOT NULL DEFAULT 0,
	items_n INTEGER NOT NULL DEFAULT 0,
	unread_n INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	pending_n INTEGER NOT NULL DEFAULT 0,
	pending_bytes INTEGER NOT NULL DEFAULT 0,
	quarantined_n INTEGER NOT NULL DEFAULT 0,
	regressed_n INTEGER NOT NULL DEFAULT 0,
	uncovered_n INTEGER NOT NULL DEFAULT 0,
	unknown_n INTEGER NOT NULL DEFAULT 0,
	queued_n INTEGER NOT NULL DEFAULT 0
);

-- Its numbers too are given once: what comes late for a row that is gone must not meet another's.
--
-- An item that waits to be fetched has its place in the queue here too, so that it costs no row of
-- its own and the row is about as long before the fetch as after: pages stay full.
CREATE TABLE item (
	row INTEGER PRIMARY KEY,
	id_key INTEGER NOT NULL,    -- of ews_id, by the secret: sql.h
	ews_id NOT NULL,
	folder INTEGER NOT NULL,
	ino INTEGER, entry INTEGER, -- NULL: no file
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	verdict INTEGER NOT NULL,
	is_read INTEGER,            -- NULL: not said
	by_received INTEGER NOT NULL, -- mail that is no draft: the mtime rule speaks of it
	size INTEGER NOT NULL,      -- as the server states it
	file_size INTEGER NOT NULL, -- as stat(2) does; 0 without a file
	received INTEGER, modified INTEGER,
	change_key,
	error TEXT,
	not_before INTEGER,         -- NULL: not in the queue; 0: to be fetched at once
	priority INTEGER, tries INTEGER, wanted, -- of the job; wanted: a change key
	room BLOB                   -- for what the row of a file has more
);
-- An id is there once; who adds an item has looked for it in the same transaction. A whole id in
-- here would double what it takes.
CREATE INDEX item_id ON item (id_key);
CREATE INDEX item_folder ON item (folder);
CREATE INDEX queue_order ON item (not_before, priority, received DESC)
	WHERE not_before IS NOT NULL;
CREATE INDEX queue_group ON item (folder, kind, not_before, tries, priority, received DESC)
	WHERE not_before IS NOT NULL;

-- What was seen of an item's MAPI keys and is not in its attributes: model/xid_history.h. Mostly
-- empty.
CREATE TABLE high (
	row INTEGER PRIMARY KEY,    -- item.row: goes with the ItemId
	high BLOB NOT NULL,
	seen BLOB                   -- NULL: the list in the attributes is the last one
);

-- pack.c. Of an item what changes with its version only; of a grave all that it had.
CREATE TABLE attribute (
	ino INTEGER PRIMARY KEY,
	packed BLOB NOT NULL
);

-- id is ino << 20 | number of the chunk << 2 | part: the files lie in the order of their inodes,
-- and any offset is one step down the tree. A chunk is one row, part 0, or two, 1 and 2.
CREATE TABLE content (
	id INTEGER PRIMARY KEY,
	sum INTEGER, -- of the chunk: SQLite does not see it where the middle of a BLOB is damaged;
	             -- NULL in part 2
	data BLOB NOT NULL
);

CREATE TABLE grave (
	ino INTEGER PRIMARY KEY,
	buried_at INTEGER NOT NULL
);
CREATE INDEX grave_age ON grave (buried_at);

-- Contents that came because somebody opened the file; with content=mirror there are none. Those
-- with a number are local, the lowest has not been opened for longest.
CREATE TABLE held (
	ino INTEGER PRIMARY KEY,
	used INTEGER,               -- NULL: let go
	sum INTEGER                 -- of what was let go, to know it again; NULL: it is local
);
CREATE INDEX held_used ON held (used) WHERE used IS NOT NULL;

-- The bytes of those that are local, and the last number given. Numbers begin above all times in
-- seconds: a mirror that becomes one of these has no others to begin with.
INSERT INTO mailbox (key, value) VALUES ('held_bytes', '0'), ('last_use', '1099511627776');
