CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    maker_id TEXT NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    abilities TEXT NOT NULL,
    mac BLOB NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX tokens_by_workspace ON tokens (workspace_id, id);
CREATE INDEX tokens_by_maker ON tokens (maker_id, workspace_id, id);

-- Which tokens have used which secrets: what a deletion would break.
CREATE TABLE secret_uses (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    uses BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (secret_id, token_id)
);
CREATE INDEX secret_uses_by_token ON secret_uses (token_id);
