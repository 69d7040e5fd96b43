CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    maker_id TEXT NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    abilities TEXT NOT NULL,
    -- To what it is limited, with commas between: slugs of node types, and networks it may be used from. None is no limit.
    node_types TEXT,
    networks TEXT,
    -- The calls that it may make through the proxy, one on a line.
    calls TEXT,
    mac BYTEA NOT NULL,
    -- Which text of it the MAC is of, counted from one, and since when.
    generation BIGINT NOT NULL,
    renewed_at BIGINT,
    -- The MAC of the text before, and until when that goes on working.
    previous_mac BYTEA,
    previous_until BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    last_used_from TEXT,
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

-- What a token has made under a key of its own choice, so that asking once more makes nothing more.
CREATE TABLE repeats (
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    key_mac BYTEA NOT NULL,
    -- Of what was asked: the same key does not stand for something else.
    request_mac BYTEA NOT NULL,
    -- The id of what was made.
    made TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (token_id, key_mac)
);
CREATE INDEX repeats_by_age ON repeats (created_at);
