-- Calls in a row that the provider refused, of those that carried the current value.
ALTER TABLE secrets ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;

-- When a current value is tested by itself next.
ALTER TABLE secret_values ADD COLUMN probe_at BIGINT;
CREATE INDEX secret_values_by_probe ON secret_values (probe_at) WHERE probe_at IS NOT NULL;
CREATE INDEX secret_values_unplanned ON secret_values (secret_id) WHERE probe_at IS NULL AND slot = 'current';
