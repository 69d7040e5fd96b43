-- What single organizations have otherwise than everybody: of one node type, in one environment.
CREATE TABLE organization_settings (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    node_type_id TEXT NOT NULL REFERENCES node_types (id) ON DELETE CASCADE,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    enabled BOOLEAN NOT NULL,
    -- What is asked for, one after the other with spaces between; none is what is asked for of everybody.
    scopes TEXT,
    -- The client that the organization brings, where it brings one: as in oauth_clients, all of it or nothing.
    client_id TEXT,
    blob BLOB,
    data_key_id TEXT REFERENCES data_keys (id),
    number BIGINT,
    facts TEXT,
    last_four TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, node_type_id, environment),
    CHECK ((client_id IS NULL) = (blob IS NULL) AND (client_id IS NULL) = (data_key_id IS NULL)
        AND (client_id IS NULL) = (number IS NULL) AND (client_id IS NULL) = (facts IS NULL)
        AND (client_id IS NOT NULL OR last_four IS NULL))
);
CREATE INDEX organization_settings_by_type ON organization_settings (node_type_id);
CREATE INDEX organization_settings_by_key ON organization_settings (data_key_id) WHERE data_key_id IS NOT NULL;

-- Whether each organization brings a client of its own: then there is none of the workspace's.
ALTER TABLE node_types ADD COLUMN organizations_bring_clients BOOLEAN NOT NULL DEFAULT FALSE;

-- What is shown of a client's secret.
ALTER TABLE oauth_clients ADD COLUMN last_four TEXT;
