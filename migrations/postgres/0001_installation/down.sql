DROP TABLE throttles;
DROP TABLE links;
DROP TABLE master_checks;
DROP TABLE installation_keys;
