DROP TABLE nodes;
DROP TABLE workflow_tokens;
DROP TABLE workflows;
