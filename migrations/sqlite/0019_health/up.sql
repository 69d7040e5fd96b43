-- Calls in a row that the provider refused, of those that carried the current value.
ALTER TABLE secrets ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;

-- When a current value is tested by itself next.
ALTER TABLE secret_values ADD COLUMN probe_at BIGINT;
CREATE INDEX secret_values_by_probe ON secret_values (probe_at) WHERE probe_at IS NOT NULL;
CREATE INDEX secret_values_unplanned ON secret_values (secret_id) WHERE probe_at IS NULL AND slot = 'current';

-- Which letters somebody got of a secret's dates, and until when they want none. It goes when the dates are others.
CREATE TABLE reminders (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    expiry_told INTEGER NOT NULL,
    rotation_told INTEGER NOT NULL,
    told_at BIGINT,
    snoozed_until BIGINT,
    PRIMARY KEY (secret_id, person_id)
);
CREATE INDEX reminders_by_person ON reminders (person_id);
CREATE INDEX secrets_by_rotation ON secrets (rotate_at) WHERE rotate_at IS NOT NULL;

-- Private links by which calendars elsewhere read what ends: one for each member who wants one. Only its HMAC is kept.
CREATE TABLE calendars (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    mac BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, person_id)
);
CREATE INDEX calendars_by_person ON calendars (person_id);
