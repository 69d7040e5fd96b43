DROP TABLE oddities;
DROP TABLE secret_origins;
DROP TABLE usage_hours;
