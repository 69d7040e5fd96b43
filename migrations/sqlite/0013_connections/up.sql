-- With what a workspace asks a provider for access: one client for each node type and environment.
CREATE TABLE oauth_clients (
    node_type_id TEXT NOT NULL REFERENCES node_types (id) ON DELETE CASCADE,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    client_id TEXT NOT NULL,
    -- The client's secret and where it may go, sealed under the data key of its hook, and the number it was sealed with.
    blob BLOB NOT NULL,
    data_key_id TEXT NOT NULL REFERENCES data_keys (id),
    number BIGINT NOT NULL,
    -- Where the provider is, as far as that differs, as JSON: whoever connects an account has no say in it.
    facts TEXT NOT NULL,
    -- What is asked for, one after the other with spaces between.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (node_type_id, environment)
);
CREATE INDEX oauth_clients_by_key ON oauth_clients (data_key_id);

-- What is known of the tokens that a secret holds: never a token.
CREATE TABLE token_sets (
    secret_id TEXT NOT NULL PRIMARY KEY REFERENCES secrets (id) ON DELETE CASCADE,
    -- The client that they were given to; no other can renew them.
    client_id TEXT NOT NULL,
    scopes_asked TEXT NOT NULL,
    scopes TEXT NOT NULL,
    -- Until when the access token counts; none where the provider does not say.
    ends_at BIGINT,
    -- When Keyrack asks for new ones by itself; none where there is nothing to ask with.
    renew_at BIGINT,
    renewed_at BIGINT NOT NULL,
    -- How often it came to nothing since, and why the last time.
    tries INTEGER NOT NULL,
    hindrance TEXT,
    -- Who is asking for new ones now, and until when nobody else does.
    lease TEXT,
    leased_until BIGINT
);
CREATE INDEX token_sets_by_renewal ON token_sets (renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX token_sets_in_trouble ON token_sets (ends_at) WHERE hindrance IS NOT NULL;
CREATE INDEX token_sets_by_end ON token_sets (ends_at) WHERE renew_at IS NULL;
