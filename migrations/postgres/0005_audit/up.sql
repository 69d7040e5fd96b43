CREATE TABLE audit_chains (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('changes', 'uses', 'installation')),
    -- Empty for the installation's chain. No reference: a chain may outlive its workspace.
    workspace_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    head BYTEA NOT NULL,
    UNIQUE (workspace_id, kind)
);

CREATE TABLE audit_entries (
    chain_id TEXT NOT NULL REFERENCES audit_chains (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- The id that a change is about; none for a group of uses.
    subject TEXT,
    -- Only to find entries by, and not sealed: who acted and what it is about, empty where a group has several.
    actor TEXT NOT NULL DEFAULT '',
    topic TEXT NOT NULL DEFAULT '',
    -- Exactly the text that the seal was made over.
    entry TEXT NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (chain_id, seq)
);
CREATE INDEX audit_entries_by_subject ON audit_entries (chain_id, subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX audit_entries_by_actor ON audit_entries (chain_id, actor, seq);
CREATE INDEX audit_entries_by_topic ON audit_entries (chain_id, topic, seq);
CREATE INDEX audit_entries_by_time ON audit_entries (chain_id, at, seq);
