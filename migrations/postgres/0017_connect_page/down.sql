DROP TABLE connect_sessions;
DROP TABLE connect_pages;
