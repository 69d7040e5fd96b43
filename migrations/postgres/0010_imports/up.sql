-- What somebody has begun to import: the text as it was pasted, sealed, until it is stored, given up or over.
-- It goes with the membership of whoever began it.
CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- None once it has been stored.
    payload BYTEA,
    -- What was chosen for it, as JSON: never anything of the text.
    choices TEXT NOT NULL,
    -- What came of it, as JSON.
    report TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (workspace_id, person_id) REFERENCES members (workspace_id, person_id) ON DELETE CASCADE
);
CREATE INDEX imports_by_member ON imports (workspace_id, person_id);
CREATE INDEX imports_by_end ON imports (expires_at);
