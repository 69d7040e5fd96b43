DROP TABLE repeats;
DROP TABLE secret_uses;
DROP TABLE tokens;
