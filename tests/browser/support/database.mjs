import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";

const onPostgres = process.env.KEYRACK_TEST_DATABASE === "postgres";

// A fresh database for one Keyrack: a file of its folder, or one on the PostgreSQL server of the run.
export function createDatabase(folder) {
  return onPostgres ? new Postgres() : new Sqlite(folder);
}

const INTO_SQLITE = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.execute("PRAGMA foreign_keys = ON")
    database.executescript(sys.stdin.read())
`;

class Sqlite {
  constructor(folder) {
    this.file = path.join(folder, "data", "keyrack.db");
    this.url = `sqlite:${this.file}`;
  }

  // For what only weeks of use would bring about.
  run(statements) {
    execFileSync("python3", ["-c", INTO_SQLITE, this.file], { input: statements, stdio: ["pipe", "ignore", "pipe"] });
  }

  // The file lies in the folder, which is searched as a whole.
  dump() {
    return null;
  }

  drop() {}
}

class Postgres {
  #server = process.env.KEYRACK_TEST_POSTGRES_URL;
  #name = `keyrack_browser_${randomBytes(6).toString("hex")}`;

  constructor() {
    if (!this.#server) throw new Error("KEYRACK_TEST_POSTGRES_URL names no server");
    this.url = `${this.#server.slice(0, this.#server.lastIndexOf("/"))}/${this.#name}`;
    this.#psql(`CREATE DATABASE ${this.#name}`);
  }

  run(statements) {
    this.#psql(statements, this.url);
  }

  dump() {
    return execFileSync("pg_dump", [this.url], { maxBuffer: 256 * 1024 * 1024 });
  }

  drop() {
    this.#psql(`DROP DATABASE IF EXISTS ${this.#name} WITH (FORCE)`);
  }

  #psql(statement, database = this.#server) {
    const args = ["-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, database];
    execFileSync("psql", args, { stdio: ["ignore", "ignore", "pipe"] });
  }
}
