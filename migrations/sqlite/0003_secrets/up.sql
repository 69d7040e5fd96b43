CREATE TABLE node_types (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('key', 'oauth', 'client_credentials')),
    enabled BOOLEAN NOT NULL,
    -- What end users read about it; none where nobody has written anything.
    description TEXT,
    -- How a custom API is described, as JSON; none for what the catalogue describes.
    spec TEXT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace_id, slug)
);

CREATE TABLE data_keys (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    node_type_id TEXT NOT NULL REFERENCES node_types (id) ON DELETE CASCADE,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    generation INTEGER NOT NULL,
    blob BLOB NOT NULL,
    -- Values sealed so far; decides when a new generation begins.
    seals BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    UNIQUE (node_type_id, environment, generation)
);

CREATE TABLE end_users (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    external_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, external_id)
);
-- For the list of them; with what is searched, so that a search reads this alone.
CREATE INDEX end_users_by_age ON end_users (workspace_id, id, external_id);

CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    external_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, external_id)
);
CREATE INDEX organizations_by_age ON organizations (workspace_id, id, external_id);

CREATE TABLE secrets (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    node_type_id TEXT NOT NULL REFERENCES node_types (id) ON DELETE CASCADE,
    environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- A member's secret has an owner; a connection has an end user, an organization, or both.
    owner_id TEXT REFERENCES people (id),
    end_user_id TEXT REFERENCES end_users (id) ON DELETE CASCADE,
    organization_id TEXT REFERENCES organizations (id) ON DELETE CASCADE,
    connection_role TEXT CHECK (connection_role IN ('compatibility', 'standard')),
    account_name TEXT,
    account_identifier TEXT,
    -- The end user whose request made a connection, also one that their organization owns.
    established_by TEXT,
    sharing TEXT NOT NULL CHECK (sharing IN ('private', 'members', 'workspace')),
    -- Until when the whole workspace may use it; the shares of chosen members have ends of their own.
    shared_until BIGINT,
    delivery TEXT NOT NULL CHECK (delivery IN ('proxy', 'vend')),
    revision BIGINT NOT NULL,
    -- The number of the current value, and of the newest that was ever sealed: rolling back lowers the first alone.
    value_number BIGINT NOT NULL,
    newest_number BIGINT NOT NULL,
    last_four TEXT,
    -- Plain facts about the value: fields that are not secret, and where it may travel.
    facts TEXT NOT NULL,
    value_entered_at BIGINT,
    expires_at BIGINT,
    -- When its owner means to enter another value.
    rotate_at BIGINT,
    rejected_at BIGINT,
    needs_reauthorization_at BIGINT,
    unreadable_at BIGINT,
    last_used_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((owner_id IS NULL) <> (end_user_id IS NULL AND organization_id IS NULL))
);
-- One index for each order that the list of secrets has. The first holds all that a list is narrowed by, so that a
-- search, a count, or a look at what a member may see reads this one index and not the rows.
CREATE INDEX secrets_by_age ON secrets (workspace_id, id, name_key, environment, node_type_id, owner_id, sharing,
    shared_until, delivery, value_entered_at, expires_at, rotate_at, rejected_at, needs_reauthorization_at, unreadable_at);
CREATE INDEX secrets_in_order_of_names ON secrets (workspace_id, name_key, id);
CREATE INDEX secrets_in_order_of_use ON secrets (workspace_id, COALESCE(last_used_at, 0), id);
CREATE INDEX secrets_in_order_of_expiry ON secrets (workspace_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX secrets_by_expiry ON secrets (workspace_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX secrets_by_shared_end ON secrets (shared_until) WHERE shared_until IS NOT NULL;
CREATE INDEX secrets_by_owner ON secrets (owner_id, node_type_id, environment);
CREATE INDEX secrets_by_end_user ON secrets (end_user_id, workspace_id, node_type_id, environment);
CREATE INDEX secrets_by_organization ON secrets (organization_id, workspace_id, node_type_id, environment);
CREATE INDEX secrets_by_node_type ON secrets (node_type_id, environment);
CREATE UNIQUE INDEX secrets_by_name ON secrets (node_type_id, environment, name_key) WHERE owner_id IS NOT NULL;
-- An end user has one first connection of a node type, however many requests ask for it at once.
CREATE UNIQUE INDEX secrets_first_connection
    ON secrets (node_type_id, environment, COALESCE(end_user_id, ''), COALESCE(organization_id, ''))
    WHERE connection_role = 'compatibility';

CREATE TABLE secret_values (
    id TEXT NOT NULL PRIMARY KEY,
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    slot TEXT NOT NULL CHECK (slot IN ('current', 'next', 'previous')),
    number BIGINT NOT NULL,
    data_key_id TEXT NOT NULL REFERENCES data_keys (id),
    blob BLOB NOT NULL,
    -- What the secret's row says while this value is the current one.
    kind TEXT NOT NULL,
    last_four TEXT,
    facts TEXT NOT NULL,
    expires_at BIGINT,
    rotate_at BIGINT,
    rejected_at BIGINT,
    -- Until when a previous value can be rolled back to.
    kept_until BIGINT,
    -- What the last test of this value found, with the answer's status and the account's name in it.
    probed_at BIGINT,
    probe_finding TEXT,
    probe_status INTEGER,
    probe_account TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (secret_id, slot)
);
CREATE INDEX secret_values_by_key ON secret_values (data_key_id);
CREATE INDEX secret_values_by_end ON secret_values (kept_until) WHERE kept_until IS NOT NULL;

CREATE TABLE secret_shares (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES people (id),
    ends_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (secret_id, person_id)
);
CREATE INDEX secret_shares_by_end ON secret_shares (ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX secret_shares_by_person ON secret_shares (person_id);
