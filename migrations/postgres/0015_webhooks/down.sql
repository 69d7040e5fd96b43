DROP TABLE ends_told;
DROP TABLE deliveries;
DROP TABLE webhooks;
