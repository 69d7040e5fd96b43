DROP TABLE calendars;
DROP INDEX secrets_by_rotation;
DROP TABLE reminders;
DROP INDEX secret_values_unplanned;
DROP INDEX secret_values_by_probe;
ALTER TABLE secret_values DROP COLUMN probe_at;
ALTER TABLE secrets DROP COLUMN refusals;
