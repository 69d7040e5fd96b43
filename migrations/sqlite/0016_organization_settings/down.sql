ALTER TABLE oauth_clients DROP COLUMN last_four;
ALTER TABLE node_types DROP COLUMN organizations_bring_clients;
DROP TABLE organization_settings;
