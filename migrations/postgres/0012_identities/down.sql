DROP TABLE workspace_domains;
DROP TABLE identities;
