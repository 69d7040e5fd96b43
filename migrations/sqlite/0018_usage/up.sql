-- What was used, hour by hour. It names things by their ids and refers to none of them: what is deleted was used all the same.
CREATE TABLE usage_hours (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Its first moment.
    hour BIGINT NOT NULL,
    secret_id TEXT NOT NULL,
    token_id TEXT NOT NULL,
    -- Empty where no node asked.
    workflow_id TEXT NOT NULL,
    -- The slug.
    node_type TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    vends BIGINT NOT NULL,
    -- All calls; failures, refused and limited ones are among them.
    calls BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    limited BIGINT NOT NULL,
    -- Of all calls together, and of the longest.
    millis BIGINT NOT NULL,
    longest BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    received BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, hour, secret_id, token_id, workflow_id)
);
CREATE INDEX usage_hours_by_secret ON usage_hours (workspace_id, secret_id, hour);
CREATE INDEX usage_hours_by_token ON usage_hours (workspace_id, token_id, hour);
CREATE INDEX usage_hours_by_hour ON usage_hours (hour);

-- From where a secret was used: the places seen last, up to a number.
CREATE TABLE secret_origins (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    -- An address, or the network of one host.
    origin TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (secret_id, origin)
);

-- What about a secret's uses is worth a person's look: of each kind one at most.
CREATE TABLE oddities (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('new_token', 'new_address', 'spike', 'refusals')),
    -- By whom, without a reference: it may be gone by now.
    token_id TEXT,
    origin TEXT,
    -- How many: new ones, uses in the hour, or refusals in a row.
    number BIGINT NOT NULL,
    -- In the busiest hour before.
    usual BIGINT,
    found_at BIGINT NOT NULL,
    -- When somebody said that all is well.
    settled_at BIGINT,
    PRIMARY KEY (secret_id, kind)
);
