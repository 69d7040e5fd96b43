-- Where a workspace has events sent to.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    address TEXT NOT NULL,
    -- The events that are sent, with commas between; none is all of them.
    kinds TEXT,
    -- The key that signs, sealed under the workspace's key with its number; and the one that takes over, and when.
    key_number BIGINT NOT NULL,
    key_blob BLOB NOT NULL,
    key_last_four TEXT NOT NULL,
    key_made_at BIGINT NOT NULL,
    next_blob BLOB,
    next_last_four TEXT,
    next_made_at BIGINT,
    next_from BIGINT,
    -- Nothing is sent to it since then; and whether Keyrack itself gave it up.
    paused_at BIGINT,
    given_up BOOLEAN NOT NULL,
    -- Tries that came to nothing since the last that did not, and since when.
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, environment);
CREATE INDEX webhooks_by_change ON webhooks (next_from) WHERE next_from IS NOT NULL;

-- One event on its way to one of them. Gone with the event.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    -- Tries since somebody asked for it, and all of them: by this number one try is told from another.
    tries INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    -- When it is tried next, while it waits.
    due_at BIGINT,
    leased_until BIGINT,
    -- What came of the last try: a word, the status, and the beginning of the answer.
    last_tried_at BIGINT,
    finding TEXT,
    status INTEGER,
    answer TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_under_way ON deliveries (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_by_state ON deliveries (webhook_id, state, id);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

-- Of which end of a secret has been told that it is near.
CREATE TABLE ends_told (
    secret_id TEXT NOT NULL PRIMARY KEY REFERENCES secrets (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
