-- What has happened to the connections of end users, for machines that ask. Kept for a while.
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- In the order in which they happened in the workspace.
    number BIGINT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    kind TEXT NOT NULL,
    -- None for what concerns none.
    node_type TEXT,
    organization TEXT,
    -- As it is told, as JSON. Never a value.
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, number)
);
CREATE INDEX events_by_age ON events (created_at);
