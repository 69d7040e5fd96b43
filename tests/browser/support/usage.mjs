const HOUR = 3_600_000;
const last = (path) => path.split("/").at(-1);

// Four weeks of vends and calls of one secret by one token, as they would have been counted.
export function useForWeeks(keyrack, { secret, token }) {
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const rows = Array.from({ length: 28 }, (_, day) => {
    const quiet = day % 7 === 2 || day % 7 === 3;
    const [vends, calls] = [quiet ? 3 + (day % 4) : 18 + ((day * 7) % 23), quiet ? 6 : 40 + ((day * 13) % 37)];
    const [refused, limited, failures] = [day === 4 ? 5 : 0, day === 0 ? 2 : day % 9 === 5 ? 3 : 0, day % 6 === 1 ? 1 : 0];
    const at = (now - day * 24 * HOUR) * 1_000;
    const numbers = [vends, calls, failures, refused, limited, calls * 140, 1_900, calls * 300, calls * 4_000];
    return `SELECT workspace_id, ${at}, id, '${last(token)}', '', 'stripe', 'test', ${numbers.join(", ")}, ${at} FROM secrets WHERE id = '${last(secret)}'`;
  });
  keyrack.database.run(
    `INSERT INTO usage_hours (workspace_id, hour, secret_id, token_id, workflow_id, node_type, environment, vends, calls, failures, refused, limited, millis, longest, sent, received, last_at) ${rows.join(" UNION ALL ")} ON CONFLICT DO NOTHING;`,
  );
}

// Two things that are unusual about a secret: a token that never used it before, and refusals in a row.
export function useOddly(keyrack, { secret, token }) {
  const at = (Date.now() - 3 * HOUR) * 1_000;
  keyrack.database.run(
    `INSERT INTO oddities (secret_id, kind, token_id, number, found_at) VALUES ('${last(secret)}', 'new_token', '${last(token)}', 1, ${at}), ('${last(secret)}', 'refusals', NULL, 4, ${at});`,
  );
}
