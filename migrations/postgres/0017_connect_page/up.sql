-- How the page shows itself on which end users connect: the name, logo and colour of whoever serves them.
CREATE TABLE connect_pages (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    -- The origins that may hold it in a frame, one in each line.
    origins TEXT NOT NULL,
    name TEXT,
    accent TEXT,
    -- A PNG of our own making, and the name that it is fetched by.
    logo BYTEA,
    logo_name TEXT
);
CREATE UNIQUE INDEX connect_pages_by_logo ON connect_pages (logo_name) WHERE logo_name IS NOT NULL;

-- Pages on which one end user may connect what a backend has named: each opened once, and over within minutes.
CREATE TABLE connect_sessions (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- That asked for it. It goes on while the token could still ask.
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    -- Who connects, and whose it is then: absent where the organization itself owns it.
    user_name TEXT NOT NULL,
    end_user TEXT,
    organization TEXT,
    -- The slugs of the node types, with commas between.
    node_types TEXT NOT NULL,
    -- The one origin whose pages may hold it in a frame.
    origin TEXT,
    return_to TEXT,
    shade TEXT CHECK (shade IN ('light', 'dark')),
    link_mac BYTEA NOT NULL,
    -- Of what the page carries from form to form, once the link was opened.
    page_mac BYTEA,
    opened_at BIGINT,
    -- Before its time, because the backend wanted it.
    ended_at BIGINT,
    -- What came of it, by node type, as JSON.
    results TEXT NOT NULL,
    -- What was done on the page: nobody does without end.
    acts INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX connect_sessions_by_token ON connect_sessions (token_id);
CREATE INDEX connect_sessions_by_workspace ON connect_sessions (workspace_id);
CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);
