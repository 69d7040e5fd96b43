-- Rounds in which many secrets are to be given new values.
CREATE TABLE rotations (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    started_by TEXT REFERENCES people (id) ON DELETE SET NULL,
    due_at BIGINT,
    closed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX rotations_by_age ON rotations (workspace_id, id);

-- What was picked, with names as they were: a deleted secret is done too.
CREATE TABLE rotation_items (
    rotation_id TEXT NOT NULL REFERENCES rotations (id) ON DELETE CASCADE,
    secret_id TEXT NOT NULL,
    name TEXT NOT NULL,
    node_type TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    done TEXT CHECK (done IN ('replaced', 'deleted')),
    done_at BIGINT,
    PRIMARY KEY (rotation_id, secret_id)
);
CREATE INDEX rotation_items_by_secret ON rotation_items (secret_id);
