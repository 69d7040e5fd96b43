DROP TABLE sessions;
DROP TABLE members;
DROP TABLE workspaces;
DROP TABLE people;
