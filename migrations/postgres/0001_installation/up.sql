-- The installation's own keys, and what attempts are counted by.
CREATE TABLE installation_keys (
    purpose TEXT PRIMARY KEY,
    master TEXT NOT NULL,
    blob BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- By which a start tells whether it was given the right key under an id.
CREATE TABLE master_checks (
    master TEXT PRIMARY KEY,
    mac BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE throttles (
    name BYTEA PRIMARY KEY,
    hits BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL
);
CREATE INDEX throttles_by_end ON throttles (window_ends_at);
