CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    -- None where somebody may have made the account who cannot read what is sent there.
    email_proven_at BIGINT,
    name TEXT NOT NULL,
    password_hash TEXT,
    writes BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT
);

-- Single-use links. The set-up link is nobody's; the others were sent to an address.
CREATE TABLE links (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('set_up', 'sign_up', 'password_reset', 'email_change')),
    mac BLOB NOT NULL,
    email TEXT,
    person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX links_by_person ON links (person_id);
CREATE INDEX links_by_end ON links (expires_at);

CREATE TABLE workspaces (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    master TEXT NOT NULL,
    key_blob BLOB NOT NULL,
    -- Who may use a new secret where nobody says otherwise.
    default_sharing TEXT NOT NULL DEFAULT 'private' CHECK (default_sharing IN ('private', 'workspace')),
    -- Who may add built-in node types.
    adders TEXT NOT NULL DEFAULT 'admins' CHECK (adders IN ('admins', 'everyone')),
    -- To where people may be sent back, one in each line.
    return_addresses TEXT NOT NULL DEFAULT '',
    -- Rises first in every write transaction, so that writers of one workspace queue up.
    writes BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX workspaces_by_master ON workspaces (master);

-- Every slug that was ever given. No reference: none is given again, also after its workspace is gone.
CREATE TABLE workspace_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX workspace_slugs_by_workspace ON workspace_slugs (workspace_id);

CREATE TABLE members (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES people (id),
    role TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX members_by_person ON members (person_id);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    cookie_mac BLOB NOT NULL UNIQUE,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- When its person last showed at a provider that it is still them.
    confirmed_at BIGINT
);
CREATE INDEX sessions_by_person ON sessions (person_id);
CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE INDEX sessions_by_last_seen ON sessions (seen_at);
