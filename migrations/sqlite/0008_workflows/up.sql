-- What runs: each workflow belongs to one member and has one environment.
CREATE TABLE workflows (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    owner_id TEXT NOT NULL REFERENCES people (id),
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    -- What the system that runs it calls it.
    external_id TEXT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Test and live never meet: the same system may run one of each.
    UNIQUE (workspace_id, environment, external_id)
);
CREATE INDEX workflows_by_age ON workflows (workspace_id, id);
CREATE INDEX workflows_by_owner ON workflows (owner_id, workspace_id);

-- The tokens that may run it.
CREATE TABLE workflow_tokens (
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    PRIMARY KEY (workflow_id, token_id)
);
CREATE INDEX workflow_tokens_by_token ON workflow_tokens (token_id);

CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    -- What the workflow calls it.
    key TEXT NOT NULL,
    -- By its slug, so that a node outlives a removed node type and can be bound again once that is back.
    node_type TEXT NOT NULL,
    secret_id TEXT REFERENCES secrets (id) ON DELETE SET NULL,
    -- Why it is to be configured anew: what happened to which secret, by whom, when. All or none.
    trouble TEXT CHECK (trouble IN ('deleted', 'unshared', 'share_ended', 'disabled', 'removed', 'owner_left', 'handed_over')),
    trouble_secret TEXT,
    trouble_by TEXT CHECK (trouble_by IN ('its_owner', 'admin', 'owner', 'keyrack')),
    trouble_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workflow_id, key)
);
CREATE INDEX nodes_by_secret ON nodes (secret_id);
CREATE INDEX nodes_by_type ON nodes (workspace_id, node_type);
