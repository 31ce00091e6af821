-- SPDX-License-Identifier: MIT
-- Version 2: content=ondemand.

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
