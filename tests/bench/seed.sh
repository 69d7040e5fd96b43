# Rows for tests/bench/lists, written past the program by SQL that both databases take. The same rows in every run.
# Nothing of it opens: every sealed value is the bytes of the workspace's wrapped key.

readonly node_types='stripe openai anthropic airtable datadog algolia asana cloudflare brevo deepl'
# How many of the crowd belong to each of the large workspaces, beside those who sign in.
readonly members=38

# numbers COUNT: the beginning of a statement, with the numbers from 1 and each of them as the end of an id.
numbers() {
    printf '%s' "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1), \
        numbered(i, tail) AS (SELECT i, '01jd8x3f5k' || substr(CAST(100000000 + i AS TEXT), 2) FROM n)"
}

# The people of the crowd, who never sign in.
seed_people() {
    sql <<SQL
INSERT INTO people (id, email, email_key, name, created_at)
    $(numbers "$1")
    SELECT 'usr_' || tail || '00000000', 'p' || i || '@example.com', 'p' || i || '@example.com', 'Person ' || i, $now
    FROM numbered;
SQL
}

# seed_workspace SLUG SECRETS TAG: fills a workspace that has its node types and its first two members. TAG: 8 digits.
seed_workspace() {
    local ws="(SELECT id FROM workspaces WHERE slug = '$1')" size=$2 tag=$3
    local blob="(SELECT key_blob FROM workspaces WHERE slug = '$1')"
    local owners="(SELECT row_number() OVER (ORDER BY person_id) - 1 AS at, person_id FROM members WHERE workspace_id = $ws)"
    local types="(SELECT row_number() OVER (ORDER BY slug) - 1 AS at, id, slug FROM node_types WHERE workspace_id = $ws)"
    local day=86400000000 batch=$((size / 1500))
    sql <<SQL
BEGIN;
INSERT INTO members (workspace_id, person_id, role, joined_at)
    SELECT $ws, id, CASE WHEN email_key LIKE '%5@%' THEN 'admin' ELSE 'member' END, $now
    FROM people WHERE id LIKE 'usr_01jd8x3f5k%' AND id <= 'usr_01jd8x3f5k000000${members}00000000';
INSERT INTO data_keys (id, workspace_id, node_type_id, environment, generation, blob, created_at)
    SELECT 'dk_' || environment || id, $ws, id, environment, 1, $blob, $now
    FROM $types t, (SELECT 'test' AS environment UNION SELECT 'live') e;
INSERT INTO end_users (id, workspace_id, external_id, created_at)
    $(numbers "$size") SELECT 'eu_' || tail || '$tag', $ws, 'customer-' || i, $now FROM numbered WHERE i % 4 = 0;
INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, end_user_id,
        connection_role, sharing, delivery, revision, value_number, newest_number, last_four, facts, value_entered_at,
        expires_at, rotate_at, rejected_at, needs_reauthorization_at, unreadable_at, last_used_at, created_at, updated_at)
    $(numbers "$size"),
    spread(i, tail, a, b, c) AS (SELECT i, tail, (i * 7919) % 1009, (i * 104729) % 997, (i * 1299709) % 991 FROM numbered),
    purposes(at, word) AS (VALUES (0, 'Backend'), (1, 'Billing'), (2, 'Nightly report'), (3, 'Warehouse sync'),
        (4, 'Support inbox'), (5, 'Marketing site'), (6, 'Data export'), (7, 'Mobile app'), (8, 'Staging'), (9, 'Onboarding')),
    named(i, tail, a, b, c, name) AS (SELECT i, tail, a, b, c, CASE
        WHEN $batch > 0 AND i % $batch = 0 AND i / $batch <= 1500 THEN 'Retired ' || (1 + (i / $batch - 1) / 500)
        ELSE word END || ' ' || CASE b % 4 WHEN 0 THEN 'eu-west' WHEN 1 THEN 'us-east' WHEN 2 THEN 'ap-south' ELSE 'sa-east' END
        || ' ' || substr(CAST(1000000 + i AS TEXT), 2)
        FROM spread JOIN purposes ON purposes.at = a % 10)
    SELECT 'sec_' || tail || '$tag', $ws, t.id, CASE WHEN b % 3 = 0 THEN 'live' ELSE 'test' END, name, lower(name), 'api_key',
        CASE WHEN i % 4 = 0 THEN NULL ELSE person_id END, CASE WHEN i % 4 = 0 THEN 'eu_' || tail || '$tag' END,
        CASE WHEN i % 4 = 0 THEN 'compatibility' END,
        CASE WHEN i % 4 = 0 OR c % 10 < 6 THEN 'private' WHEN c % 10 < 8 THEN 'members' ELSE 'workspace' END,
        CASE WHEN a % 3 = 0 THEN 'proxy' ELSE 'vend' END, 1, 1, 1, 'x' || substr(CAST(1000 + c AS TEXT), 2), '{}',
        CASE WHEN c % 25 = 1 THEN NULL ELSE $now - c * $day / 2 END,
        CASE WHEN a % 5 = 1 THEN $now + (b - 40) * $day / 2 END, CASE WHEN b % 7 = 1 THEN $now + (a - 20) * $day / 2 END,
        CASE WHEN c % 50 = 2 THEN $now - $day END, CASE WHEN c % 90 = 3 THEN $now - $day END,
        CASE WHEN c % 900 = 4 THEN $now - $day END, CASE WHEN a % 10 < 7 THEN $now - (a * 997 + b) * 3600000 END,
        $now - ($size - i) * 60000000, $now - ($size - i) * 60000000
    FROM named JOIN $types t ON t.at = c % 10 JOIN $owners o ON o.at = b % (SELECT count(*) FROM members WHERE workspace_id = $ws);
INSERT INTO secret_values (id, secret_id, slot, number, data_key_id, blob, kind, facts, created_at)
    SELECT 'val' || substr(id, 4), id, 'current', 1, 'dk_' || environment || node_type_id, $blob, kind, facts, created_at
    FROM secrets WHERE workspace_id = $ws AND value_entered_at IS NOT NULL;
INSERT INTO secret_shares (secret_id, person_id, created_at)
    SELECT s.id, o.person_id, $now FROM secrets s
    JOIN $owners o ON o.at % 8 = CAST(substr(s.name, length(s.name)) AS INTEGER) % 8 AND o.person_id <> s.owner_id
    WHERE s.workspace_id = $ws AND s.sharing = 'members';
INSERT INTO tokens (id, workspace_id, maker_id, name, name_key, environment, abilities, mac, generation, created_at)
    $(numbers 8) SELECT 'tok_' || tail || '$tag', $ws, person_id, 'Token ' || i, 'token ' || i, 'test', 'vend', $blob, 1, $now
    FROM numbered JOIN $owners o ON o.at = i;
INSERT INTO secret_uses (secret_id, token_id, uses, last_used_at)
    SELECT s.id, t.id, 7, s.last_used_at FROM secrets s
    JOIN tokens t ON t.workspace_id = $ws AND CAST(substr(t.name, 7) AS INTEGER) = CAST(substr(s.name, length(s.name)) AS INTEGER)
    WHERE s.workspace_id = $ws AND s.last_used_at IS NOT NULL;
COMMIT;
SQL
}

# seed_workflows SLUG COUNT TAG: each with three nodes, most of them bound to a secret of the workflow's owner.
seed_workflows() {
    local ws="(SELECT id FROM workspaces WHERE slug = '$1')" count=$2 tag=$3
    local owners="(SELECT row_number() OVER (ORDER BY person_id) - 1 AS at, person_id FROM members WHERE workspace_id = $ws)"
    sql <<SQL
BEGIN;
INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, external_id, revision, created_at, updated_at)
    $(numbers "$count")
    SELECT 'wfl_' || tail || '$tag', $ws, person_id, CASE WHEN i % 3 = 0 THEN 'live' ELSE 'test' END, 'Workflow ' || i,
        'workflow ' || i, 'wf-' || i, 1, $now, $now
    FROM numbered JOIN $owners o ON o.at = i % (SELECT count(*) FROM members WHERE workspace_id = $ws);
CREATE TEMPORARY TABLE own AS
    SELECT owner_id, id, row_number() OVER (PARTITION BY owner_id ORDER BY id) AS at
    FROM secrets WHERE workspace_id = $ws AND owner_id IS NOT NULL;
CREATE INDEX own_by_place ON own (owner_id, at);
INSERT INTO nodes (id, workspace_id, workflow_id, key, node_type, secret_id, created_at, updated_at)
    SELECT 'nod_' || k || substr(w.id, 6), $ws, w.id, 'node-' || k, 'stripe', own.id, $now, $now
    FROM workflows w, (SELECT 0 AS k UNION SELECT 1 UNION SELECT 2) three, own
    WHERE w.workspace_id = $ws AND own.owner_id = w.owner_id
        AND own.at = 1 + (CAST(substr(w.name, 10) AS INTEGER) + k) % (SELECT max(at) FROM own o WHERE o.owner_id = w.owner_id);
UPDATE nodes SET secret_id = NULL WHERE workspace_id = $ws AND id LIKE '%7$tag';
DROP TABLE own;
COMMIT;
SQL
}

# seed_small COUNT: so many workspaces of ten secrets, each with an Owner of its own. Lin is a member of all of them,
# Ada an Owner of the first five.
seed_small() {
    local like="(SELECT key_blob FROM workspaces WHERE slug = 'rack-100')"
    sql <<SQL
BEGIN;
INSERT INTO workspaces (id, slug, name, master, key_blob, created_at)
    $(numbers "$1") SELECT 'wsp_' || tail || '99999999', 'small-' || i, 'Small ' || i, master, $like, $now
    FROM numbered, workspaces WHERE slug = 'rack-100';
INSERT INTO workspace_slugs (slug, workspace_id, created_at) SELECT slug, id, $now FROM workspaces WHERE slug LIKE 'small-%';
INSERT INTO audit_chains (id, kind, workspace_id, seq, head)
    SELECT 'ach_' || substr(kind, 1, 1) || substr(id, 5), kind, id, 0, $like
    FROM workspaces, (SELECT 'changes' AS kind UNION SELECT 'uses') kinds WHERE slug LIKE 'small-%';
INSERT INTO members (workspace_id, person_id, role, joined_at)
    SELECT w.id, p.id, 'owner', $now FROM workspaces w JOIN people p ON p.name = 'Person ' || substr(w.slug, 7)
    WHERE w.slug LIKE 'small-%';
INSERT INTO members (workspace_id, person_id, role, joined_at)
    SELECT w.id, p.id, 'owner', $now FROM workspaces w JOIN people p ON p.email_key = 'lin@example.com'
        OR p.email_key = 'ada@example.com' AND w.slug IN ('small-1', 'small-2', 'small-3', 'small-4', 'small-5')
    WHERE w.slug LIKE 'small-%';
INSERT INTO node_types (id, workspace_id, slug, name, method, enabled, revision, created_at, updated_at)
    SELECT 'nt_' || substr(w.id, 5, 25) || CASE t.slug WHEN 'stripe' THEN 's' ELSE 'a' END, w.id, t.slug, t.name, 'key', t.enabled, 1, $now, $now
    FROM workspaces w, node_types t WHERE w.slug LIKE 'small-%' AND t.slug IN ('stripe', 'openai')
        AND t.workspace_id = (SELECT id FROM workspaces WHERE slug = 'rack-100');
INSERT INTO data_keys (id, workspace_id, node_type_id, environment, generation, blob, created_at)
    SELECT 'dk_' || id, workspace_id, id, 'test', 1, $like, $now FROM node_types WHERE workspace_id LIKE '%99999999';
INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, sharing, delivery,
        revision, value_number, newest_number, facts, value_entered_at, last_used_at, created_at, updated_at)
    $(numbers 5)
    SELECT 'sec_' || substr(t.id, 4, 18) || substr(t.id, 29) || substr(tail, 12), t.workspace_id, t.id, 'test', 'Billing ' || i, 'billing ' || i, 'api_key',
        p.id, 'private', 'vend', 1, 1, 1, '{}', $now, $now, $now, $now
    FROM numbered, node_types t JOIN workspaces w ON w.id = t.workspace_id JOIN people p ON p.name = 'Person ' || substr(w.slug, 7)
    WHERE w.slug LIKE 'small-%';
INSERT INTO secret_values (id, secret_id, slot, number, data_key_id, blob, kind, facts, created_at)
    SELECT 'val' || substr(s.id, 4), s.id, 'current', 1, 'dk_' || s.node_type_id, $like, s.kind, s.facts, s.created_at
    FROM secrets s JOIN workspaces w ON w.id = s.workspace_id WHERE w.slug LIKE 'small-%';
COMMIT;
SQL
}
