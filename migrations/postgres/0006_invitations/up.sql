-- Offers of membership that are open. What is accepted or revoked is deleted; the chain of changes keeps that it was.
CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    message TEXT,
    -- Whose word it is: it counts for as long as they may give this role.
    inviter_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- The link that was sent last. Sending again makes another one.
    link_id TEXT NOT NULL UNIQUE,
    -- Whether the link was shown to be handed on, instead of being sent to the address.
    handed_on BOOLEAN NOT NULL,
    mac BYTEA NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, email_key)
);
CREATE INDEX invitations_by_inviter ON invitations (inviter_id, workspace_id);
CREATE INDEX invitations_by_address ON invitations (email_key);
