DROP TABLE secret_shares;
DROP TABLE secret_values;
DROP TABLE secrets;
DROP TABLE organizations;
DROP TABLE end_users;
DROP TABLE data_keys;
DROP TABLE node_types;
