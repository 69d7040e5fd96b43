DROP TABLE sessions;
DROP TABLE members;
DROP TABLE workspace_slugs;
DROP TABLE workspaces;
DROP TABLE links;
DROP TABLE people;
