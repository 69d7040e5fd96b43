-- Who somebody is at a provider that they sign in with.
CREATE TABLE identities (
    id TEXT NOT NULL PRIMARY KEY,
    -- In the provider's own words: together they name one account there for good.
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- The settings' word for the provider.
    provider TEXT NOT NULL,
    -- As the provider last told it; nothing is decided by it.
    address TEXT,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_person ON identities (person_id);

-- Whose people join a workspace by themselves when they sign in with a provider.
CREATE TABLE workspace_domains (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    domain TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, domain)
);
CREATE INDEX workspace_domains_by_domain ON workspace_domains (domain);
