-- What somebody has gone to a provider for, until they come back: once, in the same browser, and within minutes.
CREATE TABLE flows (
    id TEXT NOT NULL PRIMARY KEY,
    -- Of the state and of the browser that began it, together.
    mac BLOB NOT NULL,
    -- Sealed: what it is for, and what the provider's answer is checked with.
    payload BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX flows_by_end ON flows (expires_at);
