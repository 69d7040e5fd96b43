DROP TABLE throttles;
DROP TABLE master_checks;
DROP TABLE installation_keys;
