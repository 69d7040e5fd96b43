DROP TABLE token_sets;
DROP TABLE oauth_clients;
