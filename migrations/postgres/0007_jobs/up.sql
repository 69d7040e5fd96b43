-- Work that is to be done, or has failed. What is done is deleted, but for what comes again.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- Who sees it: the Owners of this workspace, and of those that this person belongs to.
    workspace_id TEXT REFERENCES workspaces (id) ON DELETE CASCADE,
    person_id TEXT REFERENCES people (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    recipient TEXT,
    -- Sealed: letters hold links.
    payload BYTEA NOT NULL,
    -- After which it would make no sense any more.
    expires_at BIGINT,
    tries INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    -- Until then it is some process's own.
    leased_until BIGINT,
    failed_at BIGINT,
    last_error TEXT,
    done_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_by_time ON jobs (failed_at, run_at);
CREATE INDEX jobs_by_workspace ON jobs (workspace_id, id);
CREATE INDEX jobs_by_person ON jobs (person_id);
